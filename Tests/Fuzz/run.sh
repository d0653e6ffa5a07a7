#!/usr/bin/env bash
# Builds the fuzzer of opening, probing and decoding, and runs it for SECONDS_TO_RUN (600) seconds.
#
# AddressSanitizer watches our own code; FFmpeg's libraries are the system's. What it finds is left in
# .build/fuzz/found, and ends it with a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

folder=.build/fuzz
mkdir -p "$folder/corpus" "$folder/found"
flags=()
for flag in $(pkg-config --cflags --libs libavformat libavcodec libavfilter libswscale libswresample libavutil \
    libcrypto); do
    case $flag in
    -I*) flags+=(-Xcc "$flag") ;;
    -l* | -L*) flags+=("$flag") ;;
    esac
done
options=(-O -parse-as-library -package-name recast -swift-version 6 -sanitize=fuzzer,address
    -enable-upcoming-feature InternalImportsByDefault -I Sources/CFFmpeg -I Sources/CCrypto
    -I Sources/CTwoThirds/include -I "$folder")
clang -O3 -fsanitize=address -c Sources/CTwoThirds/two_thirds.c -I Sources/CTwoThirds/include \
    -o "$folder/two_thirds.o"
for module in Hashing FFmpeg; do
    swiftc "${options[@]}" -module-name "$module" -emit-module -emit-module-path "$folder/$module.swiftmodule" \
        -emit-library -static -o "$folder/lib$module.a" "Sources/$module"/*.swift "${flags[@]}"
done
swiftc "${options[@]}" Tests/Fuzz/fuzz.swift "$folder/libFFmpeg.a" "$folder/libHashing.a" \
    "$folder/two_thirds.o" -o "$folder/fuzz" \
    "${flags[@]}"

# A tiny file of each container to begin with.
make_clip() {
    [[ -e $folder/corpus/$1 ]] || ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=64x48:r=5:d=1 -f lavfi \
        -i sine=d=1 -shortest "${@:2}" "$folder/corpus/$1"
}
make_clip a.mp4 -c:v libx264 -c:a aac
make_clip b.mkv -c:v libx264 -c:a flac
make_clip c.webm -c:v libvpx -c:a libopus
make_clip d.webm -c:v libvpx-vp9 -c:a libvorbis
make_clip e.ts -c:v mpeg2video -c:a mp2
make_clip f.avi -c:v mpeg4 -c:a libmp3lame
make_clip g.flv -c:v libx264 -c:a aac
make_clip h.gif -an

"$folder/fuzz" "$folder/corpus" -artifact_prefix="$folder/found/" -max_total_time="${SECONDS_TO_RUN:-600}" \
    -timeout=30 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 2>&1 | tail -n 20
