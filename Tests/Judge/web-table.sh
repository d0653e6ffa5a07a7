#!/usr/bin/env bash
# Judges recast's web rendition of each clip against the web rules and against
# ffmpeg's libx264 (preset medium) at the same size and target rate.
#
#   Tests/Judge/web-table.sh RECAST CLIP...
#
# Prints a Markdown table on standard output. Needs ffmpeg, ffprobe and awk.
# Exits 1 if a clip fails, does not conform, has decode errors, or has an SSIM
# more than 0.004 below ffmpeg's; 2 on wrong usage.
set -u -o pipefail
export LC_ALL=C

if [ $# -lt 2 ]; then
    echo "usage: $0 RECAST CLIP..." >&2
    exit 2
fi
recast=$1
shift
for tool in ffmpeg ffprobe awk; do
    command -v "$tool" >/dev/null || { echo "$0: $tool is not installed" >&2; exit 2; }
done

tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# field FILE STREAM KEY: one field of the first such stream, or nothing.
field() {
    ffprobe -v error -select_streams "$2" -show_entries "stream=$3" -of default=nw=1:nk=1 \
        "$1" </dev/null 2>/dev/null | awk 'NR == 1 && $0 != "N/A" && $0 != "unknown"'
}

# rate FRACTION: the fraction as a decimal number.
rate() { awk -v r="$1" 'BEGIN { n = split(r, p, "/"); print (n == 2 ? (p[2] > 0 ? p[1] / p[2] : 0) : r + 0) }'; }

# stream_end FILE STREAM: the time in seconds at which its last shown packet ends.
stream_end() {
    local step
    step=$(rate "$(field "$1" "$2" avg_frame_rate)")
    ffprobe -v error -select_streams "$2" -show_entries packet=pts_time,duration_time,flags \
        -of default=nw=0 "$1" </dev/null 2>/dev/null | awk -F= -v fps="$step" '
        $1 == "[PACKET]" { p = d = f = "" }
        $1 == "pts_time" { p = $2 }
        $1 == "duration_time" { d = $2 }
        $1 == "flags" { f = $2 }
        $1 == "[/PACKET]" && p != "" && p != "N/A" && f !~ /D/ {
            if (d == "" || d == "N/A") d = fps > 0 ? 1 / fps : 0
            if (!seen || p + d > end) end = p + d
            seen = 1
        }
        END { if (seen) printf "%.6f\n", end }'
}

# length FILE: its duration by the container, else by the last packet's end.
length() {
    local stated video audio
    stated=$(ffprobe -v error -show_entries format=duration -of default=nw=1:nk=1 "$1" </dev/null 2>/dev/null)
    if [ -n "$stated" ] && [ "$stated" != N/A ]; then
        echo "$stated"
        return
    fi
    video=$(stream_end "$1" v:0)
    audio=$(stream_end "$1" a:0)
    awk -v v="${video:-0}" -v a="${audio:-0}" 'BEGIN { print (v > a ? v : a) }'
}

# ssim OUT CLIP: SSIM (All) of each of OUT's pictures against the one of CLIP's, scaled
# to OUT's size, that is nearest in time. Uses $bwdif, $width, $height.
ssim() {
    local tags timing half
    # The comparison takes the latest of CLIP's pictures that has begun: half a period early is nearest.
    half=$(awk -v r="$(rate "$(field "$2" v:0 avg_frame_rate)")" 'BEGIN { print (r > 0 ? 0.5 / r : 0) }')
    tags="setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    timing="setpts=PTS-STARTPTS,settb=AVTB"
    ffmpeg -hide_banner -nostats -i "$1" -i "$2" -lavfi "
        [1:v:0]${bwdif}$timing,setpts=PTS-$half/TB,scale=$width:$height:flags=lanczos:in_range=auto:out_range=tv,format=yuv420p,setsar=1,$tags[r0];
        [0:v:0]$timing,format=yuv420p,setsar=1,$tags[d0];
        [d0][r0]ssim" -f null - </dev/null 2>&1 |
        awk '/Parsed_ssim/ && match($0, /All:[0-9.]+/) { s = substr($0, RSTART + 4, RLENGTH - 4) } END { print s }'
}

# conformance OUT CLIP: "yes", or what is wrong, separated by semicolons.
conformance() {
    local out=$1 wrong="" key value
    bad() { wrong="$wrong${wrong:+; }$1"; }
    expect() { [ "$2" = "$3" ] || bad "$1 ${2:-missing}, not $3"; }

    expect codec "$(field "$out" v:0 codec_name)" h264
    expect profile "$(field "$out" v:0 profile)" Main
    expect level "$(field "$out" v:0 level)" 31
    expect pixels "$(field "$out" v:0 pix_fmt)" yuv420p
    value=$(rate "$(field "$out" v:0 avg_frame_rate)")
    awk -v r="$value" 'BEGIN { exit !(r > 0 && r <= 30.01) }' || bad "$value fps"
    value=$(field "$out" v:0 refs)
    [ "${value:-99}" -le 3 ] || bad "${value:-unknown} refs"
    value=$(field "$out" v:0 sample_aspect_ratio)
    expect SAR "$value" 1:1
    for key in color_range color_space color_transfer color_primaries; do
        [ -n "$(field "$out" v:0 "$key")" ] || bad "no $key"
    done
    value=$(ffprobe -v error -select_streams v:0 -show_entries stream_side_data=rotation:stream_tags=rotate \
        -of default=nw=1:nk=1 "$out" </dev/null 2>/dev/null | awk '$1 + 0 != 0 { print $1; exit }')
    [ -z "$value" ] || bad "rotation $value"
    value=$(ffprobe -v trace "$out" </dev/null 2>&1 | awk '
        /parent:.root/ && match($0, /type:.(moov|mdat)/) && first == "" { first = substr($0, RSTART + 6, 4) }
        END { print first }')
    expect "first box" "$value" moov
    value=$(ffprobe -v error -select_streams v:0 -show_entries packet=flags -of default=nw=1:nk=1 \
        "$out" </dev/null 2>/dev/null | awk '
        /K/ { gap = 0; keys++ }
        { if (++gap > most) most = gap }
        END { print (keys ? most : 0) }')
    if [ "${value:-0}" -eq 0 ]; then bad "no keyframe"; elif [ "$value" -gt 90 ]; then bad "keyframe distance $value"; fi

    if [ -n "$(field "$2" a:0 codec_name)" ]; then
        expect sound "$(field "$out" a:0 codec_name)" aac
        expect "sound profile" "$(field "$out" a:0 profile)" LC
        expect "sound rate" "$(field "$out" a:0 sample_rate)" 44100
        expect channels "$(field "$out" a:0 channels)" 2
    elif [ -n "$(field "$out" a:0 codec_name)" ]; then
        bad "sound where the source has none"
    fi
    echo "${wrong:-yes}"
}

# text: standard input's last line that is not empty, fit for a table's cell.
text() { awk 'NF { l = $0 } END { gsub(/\|/, "/", l); print substr(l, 1, 160) }'; }

# error_row NAME TEXT
error_row() {
    echo "| $1 | **error: $2** | - | - | no | - | - | - | - | - | - |"
    failed=1
}

failed=0
echo "| clip | picture | rate kbit/s | sound | conforms | decode errors | duration difference ms | A/V end ms | SSIM recast | SSIM ffmpeg medium | difference |"
echo "|---|---|---:|---|---|---:|---:|---:|---:|---:|---:|"

for clip in "$@"; do
    name=$(basename "$clip" | text)
    out=$tmp/x.mp4
    other=$tmp/y.mp4
    rm -f "$out" "$other"

    if ! [ -r "$clip" ]; then
        error_row "$name" "cannot read the clip"
        continue
    fi
    "$recast" transcode "$clip" -o "$out" --force >"$tmp/log" 2>&1 </dev/null
    status=$?
    if [ $status -ne 0 ] || ! [ -s "$out" ]; then
        error_row "$name" "recast exit $status: $(text <"$tmp/log")"
        continue
    fi
    width=$(field "$out" v:0 width)
    height=$(field "$out" v:0 height)
    out_rate=$(field "$out" v:0 avg_frame_rate)
    if [ -z "$width" ] || [ -z "$height" ]; then
        error_row "$name" "recast's output has no picture"
        continue
    fi

    # deint=interlaced leaves frames alone that are not flagged interlaced.
    bwdif=
    [ "$(field "$clip" v:0 field_order)" = progressive ] || bwdif="bwdif=mode=send_frame:deint=interlaced,"
    # Above 30 fps ffmpeg gets the pictures recast keeps: every second one, or every third.
    pick=
    step=$(awk -v i="$(rate "$(field "$clip" v:0 avg_frame_rate)")" -v o="$(rate "$out_rate")" \
        'BEGIN { printf "%.0f", (o > 0 ? i / o : 1) }')
    if [ "$step" -gt 1 ]; then pick="framestep=$step,"; fi
    ffmpeg -y -v error -i "$clip" -map 0:v:0 -map '0:a:0?' \
        -vf "${bwdif}${pick}scale=$width:$height:flags=bicubic:in_range=auto:out_range=tv,format=yuv420p,setsar=1" \
        -fpsmax 30 -c:v libx264 -preset medium -profile:v main -level 3.1 -b:v 2200k \
        -c:a aac -b:a 160k -ar 44100 -ac 2 -pix_fmt yuv420p -movflags +faststart \
        "$other" >"$tmp/log" 2>&1 </dev/null
    status=$?

    profile=$(field "$out" v:0 profile)
    level=$(field "$out" v:0 level)
    picture="$(field "$out" v:0 codec_name) ${profile:-?} ${level:-?}, ${width}x$height, $(rate "$out_rate" | awk '{ printf "%.4g", $1 }') fps"
    kbits=$(ffprobe -v error -show_entries format=bit_rate -of default=nw=1:nk=1 "$out" </dev/null 2>/dev/null |
        awk '{ printf "%.0f", $1 / 1000 }')
    sound=none
    if [ -n "$(field "$out" a:0 codec_name)" ]; then
        sound="$(field "$out" a:0 codec_name) $(field "$out" a:0 profile), $(field "$out" a:0 sample_rate) Hz, $(field "$out" a:0 channels) ch"
    fi
    conforms=$(conformance "$out" "$clip")
    [ "$conforms" = yes ] || failed=1
    # A decoder that fails without a word counts as one error.
    ffmpeg -v error -i "$out" -f null - >"$tmp/log2" 2>&1 </dev/null
    decoded=$?
    errors=$(awk 'END { print NR }' "$tmp/log2")
    [ "$decoded" -eq 0 ] || [ "$errors" -gt 0 ] || errors=1
    [ "$errors" -eq 0 ] || failed=1

    longer=$(awk -v a="$(length "$out")" -v b="$(length "$clip")" 'BEGIN { printf "%+.0f", (a - b) * 1000 }')
    ends=-
    if [ -n "$(field "$out" a:0 codec_name)" ] && [ -n "$(field "$clip" a:0 codec_name)" ]; then
        ends=$(awk -v ov="$(stream_end "$out" v:0)" -v oa="$(stream_end "$out" a:0)" \
            -v sv="$(stream_end "$clip" v:0)" -v sa="$(stream_end "$clip" a:0)" \
            'BEGIN { printf "%+.0f", ((ov - oa) - (sv - sa)) * 1000 }')
    fi

    mine=$(ssim "$out" "$clip")
    theirs=
    if [ $status -eq 0 ] && [ -s "$other" ]; then theirs=$(ssim "$other" "$clip"); fi
    difference=-
    if [ -n "$mine" ] && [ -n "$theirs" ]; then
        difference=$(awk -v a="$mine" -v b="$theirs" 'BEGIN { printf "%+.4f", a - b }')
        awk -v a="$mine" -v b="$theirs" 'BEGIN { exit !(a >= b - 0.004) }' || failed=1
    else
        failed=1
        [ -n "$theirs" ] || theirs="error: $( [ $status -eq 0 ] && echo 'no SSIM' || text <"$tmp/log")"
    fi
    [ -n "$mine" ] || mine="error: no SSIM"
    case $mine in error*) ;; *) mine=$(printf %.4f "$mine") ;; esac
    case $theirs in error*) ;; *) theirs=$(printf %.4f "$theirs") ;; esac
    echo "| $name | $picture | $kbits | $sound | $conforms | $errors | $longer | $ends | $mine | $theirs | $difference |"
done
exit $failed
