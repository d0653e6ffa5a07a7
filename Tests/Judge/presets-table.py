#!/usr/bin/env python3
"""Judges what presets make of clips: fields by ffprobe, a full decode and SSIM by ffmpeg.

    Tests/Judge/presets-table.py RECAST PRESET[,PRESET...] CLIP...

Prints a Markdown table, a row for each clip. SSIM is over all planes and all pictures of the output, each
against the picture of the clip that is shown at its time, scaled to its size. Exits 1 when an output has
decode errors, or lasts otherwise than its clip.
"""

import json
import os
import subprocess
import sys
import tempfile


def probe(path):
    text = subprocess.run(
        ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", path],
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    ).stdout
    return json.loads(text or "{}")


def stream(found, kind):
    return next((s for s in found.get("streams", []) if s["codec_type"] == kind), None)


def decoded(path):
    """Lines of errors of a full decode, and the seconds that came out."""
    run = subprocess.run(
        ["ffmpeg", "-v", "error", "-nostats", "-progress", "-", "-i", path, "-f", "null", "-"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )
    seconds = [int(l.split("=")[1]) / 1e6 for l in run.stdout.splitlines()
               if l.startswith("out_time_us=") and l.split("=")[1].lstrip("-").isdigit()]
    errors = len(run.stderr.splitlines()) or (1 if run.returncode else 0)
    return errors, seconds[-1] if seconds else 0.0


def ssim(output, clip, clip_video, video):
    rate = clip_video.get("avg_frame_rate", "0/1").split("/")
    half = 0.5 * float(rate[1]) / float(rate[0]) if float(rate[0]) > 0 else 0
    tags = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    deinterlace = "bwdif=mode=send_frame:deint=interlaced," if clip_video.get("field_order", "progressive") \
        not in ("progressive", "unknown") else ""
    graph = (
        f"[1:v:0]{deinterlace}setpts=PTS-STARTPTS-{half}/TB,settb=AVTB,"
        f"scale={video['width']}:{video['height']}:flags=lanczos:in_range=auto:out_range=tv,"
        f"format=yuv420p,setsar=1,{tags}[r];"
        f"[0:v:0]setpts=PTS-STARTPTS,settb=AVTB,format=yuv420p,setsar=1,{tags}[d];[d][r]ssim"
    )
    text = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostats", "-i", output, "-i", clip, "-lavfi", graph, "-f", "null", "-"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    ).stderr
    found = [w for l in text.splitlines() if "Parsed_ssim" in l for w in l.split() if w.startswith("All:")]
    return found[-1][4:10] if found else "-"


def describe(found):
    parts = []
    if video := stream(found, "video"):
        top, bottom = (int(n) for n in video["avg_frame_rate"].split("/"))
        fps = f"{top / bottom:.4g}" if bottom else "?"
        parts.append(f"{video['codec_name']} {video['width']}x{video['height']}, {fps} fps")
    if audio := stream(found, "audio"):
        parts.append(f"{audio['codec_name']} {audio['sample_rate']} Hz, {audio['channels']} ch")
    rate = found.get("format", {}).get("bit_rate")
    return "; ".join(parts) + (f"; {int(rate) // 1000} kbit/s" if rate else "")


def main():
    if len(sys.argv) < 4:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    recast, presets, clips = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
    failed = False
    print("| clip | preset | output | decode errors | duration difference ms | SSIM |")
    print("|---|---|---|---:|---:|---:|")
    for clip in clips:
        original = probe(clip)
        _, length = decoded(clip)
        for preset in presets:
            with tempfile.TemporaryDirectory() as folder:
                output = os.path.join(folder, "output")
                run = subprocess.run(
                    [recast, "transcode", clip, "-o", output, "--preset", preset],
                    capture_output=True, text=True, stdin=subprocess.DEVNULL,
                )
                name = os.path.basename(clip)
                if run.returncode:
                    reason = (run.stderr.strip().splitlines() or ["?"])[-1].replace("|", "/")
                    print(f"| {name} | {preset} | refused with {run.returncode}: {reason} | | | |", flush=True)
                    failed = failed or run.returncode != 3
                    continue
                found = probe(output)
                errors, seconds = decoded(output)
                similarity = "-"
                if stream(found, "video") and stream(original, "video"):
                    similarity = ssim(output, clip, stream(original, "video"), stream(found, "video"))
                failed = failed or errors > 0 or abs(seconds - length) > 0.1
                print(
                    f"| {name} | {preset} | {describe(found)} | {errors} | {(seconds - length) * 1000:+.0f} "
                    f"| {similarity} |", flush=True,
                )
    return 1 if failed else 0


sys.exit(main())
