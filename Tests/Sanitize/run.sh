#!/usr/bin/env bash
# Runs the engine's tests under a sanitizer: run.sh address|thread [FILTER]
#
# They are built as a package of their own, of the engine's targets alone, so that nothing else is built anew.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

sanitizer=${1:?address or thread}
root=$PWD
folder=.build/sanitize-$sanitizer
mkdir -p "$folder/Sources" "$folder/Tests"
for target in CProcess CFFmpeg FFmpeg Transcoding; do ln -sfn "$root/Sources/$target" "$folder/Sources/$target"; done
for target in TestMedia TranscodingTests; do ln -sfn "$root/Tests/$target" "$folder/Tests/$target"; done
ln -sfn "$root/samples" "$folder/samples"
# Foundation lists no folder through a link.
rm -rf "$folder/presets"
cp -r presets "$folder/presets"
cat >"$folder/Package.swift" <<'MANIFEST'
// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "recast",
    targets: [
        .systemLibrary(
            name: "CFFmpeg",
            pkgConfig: "libavformat libavcodec libavfilter libswscale libswresample libavutil"
        ),
        .target(name: "FFmpeg", dependencies: ["CFFmpeg"], swiftSettings: settings),
        .target(name: "Transcoding", dependencies: ["FFmpeg"], swiftSettings: settings),
        .systemLibrary(name: "CProcess"),
        .target(
            name: "TestMedia",
            dependencies: ["CProcess"],
            path: "Tests/TestMedia",
            swiftSettings: settings
        ),
        .testTarget(
            name: "TranscodingTests",
            dependencies: ["Transcoding", "FFmpeg", "TestMedia"],
            swiftSettings: settings
        ),
    ]
)
MANIFEST
# FFmpeg's libraries know nothing of the sanitizer; what they lose or share among their own threads is theirs.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=0:exitcode=99
export TSAN_OPTIONS=suppressions=$root/Tests/Sanitize/thread.txt:exitcode=99:second_deadlock_stack=1
swift test --package-path "$folder" --sanitize="$sanitizer" --no-parallel ${2:+--filter "$2"}
