#!/usr/bin/env python3
"""Judges clips that are made in ranges: their rate, and their quality at the rate of the same clip made as a whole.

    Tests/Judge/ranges.py [--scorer FFMPEG] [--seconds 60] [--preset web] --folder DIR RECAST COUNT CLIP...

A clip that is shorter than `--seconds` is repeated until it is as long, without being encoded again. It is then
made as a whole and in COUNT ranges, as far as its keyframes allow so many. Rates are of the pictures, in kbit/s,
with how far they are from the preset's. FFMPEG, which needs libvmaf, scores all pictures; without it, and where
the output has other pictures than the clip, only the rates are told. `at equal rate` is how much more of VMAF
the ranges have than the whole, along the clip's own slope: that between the whole and one at 0.87 of the rate.
Prints a Markdown table. DIR is for what is made, some 40 MB a minute and clip.
"""

import argparse
import json
import math
import os
import subprocess
import sys

LESS = 0.87


def output(arguments):
    run = subprocess.run(arguments, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if run.returncode:
        sys.exit(f"{' '.join(arguments)}\n{run.stderr[-2000:]}")
    return run.stdout


def packets(path):
    """The time in seconds and the size in bytes of each picture."""
    lines = output([
        "ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time,size", "-of",
        "csv=p=0", path,
    ]).split()
    return sorted((float(l.split(",")[0]), int(l.split(",")[1])) for l in lines if not l.startswith("N/A"))


def rate(found):
    """In kbit/s; the last picture counts as long as the others."""
    length = (found[-1][0] - found[0][0]) * len(found) / (len(found) - 1)
    return sum(size for _, size in found) * 8 / length / 1000


def score(options, path, clip):
    """Means of VMAF and VMAF-NEG, and the fifth percentile of VMAF."""
    video = json.loads(output([
        "ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of",
        "json", path,
    ]))["streams"][0]
    log = os.path.join(options.folder, "vmaf.json")
    graph = (
        "[0:v]setpts=N/(30*TB),settb=AVTB,format=yuv420p[d];"
        f"[1:v]scale={video['width']}:{video['height']}:flags=lanczos,setpts=N/(30*TB),settb=AVTB,"
        "format=yuv420p[r];[d][r]libvmaf=model=version=vmaf_v0.6.1\\\\:name=vmaf|"
        f"version=vmaf_v0.6.1neg\\\\:name=neg:n_threads={os.cpu_count()}:log_fmt=json:log_path={log}"
    )
    output([options.scorer, "-nostdin", "-v", "error", "-i", path, "-i", clip, "-lavfi", graph, "-f", "null", "-"])
    with open(log) as file:
        found = [frame["metrics"] for frame in json.load(file)["frames"]]
    values = sorted(frame["vmaf"] for frame in found)
    return (sum(values) / len(values), sum(frame["neg"] for frame in found) / len(found),
            values[len(values) // 20])


class Clip:
    """A file, repeated until it is long enough."""

    def __init__(self, path, options):
        self.options = options
        self.name, kind = os.path.splitext(os.path.basename(path))
        length = float(output(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0",
                               path]))
        self.path = path
        if length < options.seconds:
            self.path = os.path.join(options.folder, f"{self.name}-long{kind}")
            output([
                "ffmpeg", "-nostdin", "-v", "error", "-y", "-stream_loop",
                str(math.ceil(options.seconds / length)), "-i", path, "-t", str(options.seconds), "-an", "-c",
                "copy", self.path,
            ])

    def make(self, preset, segments, name):
        """Transcodes, and returns the output and how many ranges there were."""
        path = os.path.join(self.options.folder, f"{self.name}-{name}.mp4")
        lines = output([
            self.options.recast, "transcode", self.path, "-o", path, "--force", "--json", "--preset", preset,
            "--segments", str(segments),
        ]).splitlines()
        use = json.loads(lines[-1]).get("segments") or {}
        return path, use.get("count", 1)


def judge(clip, presets, wanted):
    whole, _ = clip.make(presets[0], 1, "whole")
    ranges, count = clip.make(presets[0], clip.options.count, "ranges")
    found = [packets(path) for path in (whole, ranges)]
    rates = [rate(pictures) for pictures in found]
    cells = [clip.name, str(count)] + [f"{r:.0f} ({(r / wanted - 1) * 100:+.1f} %)" for r in rates]
    scores = ["", "", ""]
    if clip.options.scorer and len(found[0]) == len(found[1]) == len(packets(clip.path)):
        less, _ = clip.make(presets[1], 1, "less")
        a, b, c = (score(clip.options, path, clip.path) for path in (whole, ranges, less))
        slope = max(0, (a[0] - c[0]) / math.log(rates[0] / rate(packets(less))))
        at_equal = b[0] - a[0] - slope * math.log(rates[1] / rates[0])
        scores = [" / ".join(f"{v:.2f}" for v in s) for s in (a, b)] + [f"{at_equal:+.2f}"]
    print("| " + " | ".join(cells + scores) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scorer")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--preset", default="web")
    parser.add_argument("--folder", required=True)
    parser.add_argument("recast")
    parser.add_argument("count", type=int)
    parser.add_argument("clips", nargs="+")
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    with open(os.path.join(root, "presets", options.preset + ".json")) as file:
        preset = json.load(file)
    presets = []
    for part in (1, LESS):
        path = os.path.join(options.folder, f"preset-{part}.json")
        wanted = round(int(preset["Video"]["BitRate"]) * part)
        with open(path, "w") as file:
            json.dump(preset | {"Video": preset["Video"] | {"BitRate": str(wanted)}}, file)
        presets.append(path)
    print("| clip | ranges | whole, kbit/s | in ranges | VMAF / NEG / p5, whole | in ranges | at equal rate |")
    print("|---|---:|---:|---:|---|---|---:|")
    for path in options.clips:
        judge(Clip(path, options), presets, int(preset["Video"]["BitRate"]))


if __name__ == "__main__":
    main()
