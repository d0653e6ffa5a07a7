#!/bin/sh
# Makes the small clips the end-to-end tests read. Needs ffmpeg with libx264, libvpx and libopus.
#
# Every picture carries its number, counted from 0, in a strip over its top tenth: sixteen blocks of equal
# width, bit i in block i counted from the left, black (16) for 0 and white (235) for 1. Every sound is silent
# but for a 1 kHz beep of 50 ms that begins at each whole second.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run() { ffmpeg -nostdin -hide_banner -loglevel error -y "$@"; }

# video WIDTH HEIGHT RATE SECONDS: a filter graph that ends in [v].
video() {
    echo "testsrc2=size=$1x$2:rate=$3:duration=$4,format=yuv420p[back];
        color=black:size=16x16:rate=$3:duration=$4,format=yuv420p,
        geq=lum='if(mod(floor(N/pow(2,X)),2),235,16)':cb=128:cr=128,
        scale=$1:$2/10:flags=neighbor,setsar=1[strip];
        [back][strip]overlay=0:0:format=yuv420"
}

# sound CHANNELS LAYOUT SECONDS: a filter graph with one beep expression a channel.
sound() {
    beep="if(lt(mod(t\\,1)\\,0.05)\\,0.3*sin(2*PI*1000*t)\\,0)"
    all=$beep
    count=1
    while [ "$count" -lt "$1" ]; do
        all="$all|$beep"
        count=$((count + 1))
    done
    echo "aevalsrc=exprs=$all:c=$2:s=48000:d=$3"
}

x264="-c:v libx264 -preset medium -crf 26 -pix_fmt yuv420p -bf 2 -g 60"

# A telephone held upright: the coded picture lies on its side and a display matrix turns it back.
run -filter_complex "$(video 1080 1920 30 4),transpose=cclock[v];$(sound 2 stereo 4)[a]" \
    -map '[v]' -map '[a]' $x264 -c:a aac -b:a 96k "$work/lying.mp4"
run -i "$work/lying.mp4" -c copy -metadata:s:v rotate=270 -movflags +faststart phone-portrait.mp4

# A browser's recorder: written live, so neither duration nor cues.
run -filter_complex "$(video 1280 720 30 4)[v];$(sound 2 stereo 4),asetnsamples=960[a]" \
    -map '[v]' -map '[a]' -c:v libvpx -deadline realtime -cpu-used 8 -b:v 1200k -g 90 -c:a libopus -b:a 48k \
    -f webm -live 1 browser-live.webm

run -filter_complex "$(video 1280 720 30000/1001 4.004)[v];$(sound 6 5.1 4)[a]" \
    -map '[v]' -map '[a]' $x264 -c:a aac -b:a 192k surround.mp4

# An upload that broke off: the index is whole and the last 40 % of the bytes are missing.
run -filter_complex "$(video 640 360 30 4)[v];$(sound 2 stereo 4)[a]" \
    -map '[v]' -map '[a]' $x264 -c:a aac -b:a 96k -movflags +faststart "$work/whole.mp4"
size=$(wc -c <"$work/whole.mp4")
head -c $((size * 6 / 10)) "$work/whole.mp4" >damaged.mp4
