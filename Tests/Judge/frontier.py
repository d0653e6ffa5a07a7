#!/usr/bin/env python3
"""Searches an encoder's settings for the best quality at each price, over a set of clips.

    Tests/Judge/frontier.py --scorer FFMPEG --folder DIR [--encoder libx264] [--rate 2200]
                            [--settings FILE] [--front] [--csv FILE] CLIP[@START]...

A setting is a line `PRESET KEY=VALUE...`, such as `faster rc-lookahead=40 ref=1`: for libx264 and libx265 the
preset and the encoder's own parameters, for other encoders `-` and FFmpeg's options. `#` begins a comment.
Every clip is decoded and scaled once, into DIR, as raw pictures of at most 1280x720 at 30 a second. Each
setting then encodes it with one thread, so that it comes out alike each time, and the least user CPU time of
`--runs` runs is its price. FFMPEG, which needs libvmaf, scores it: VMAF, VMAF-NEG, the fifth percentile of VMAF,
and SSIM over all planes. Encoders miss the rate by a little, so quality is brought to equal rate along the
baseline's own slope between the rate and 1.15 times it.

What was measured stays in DIR/results.jsonl and is not measured again: the search can be stopped at any time.
`--front` measures nothing. Prices are ratios to the baseline's, the first setting of the file; differences of
quality are to its, means over the clips. `holds` counts the clips on which VMAF, VMAF-NEG and SSIM are at
least the baseline's and the fifth percentile is at most 0.5 less. A `*` marks the Pareto front of price and the
mean of the differences of VMAF, of VMAF-NEG, and of SSIM in thousandths.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys

QUALITIES = ("vmaf", "neg", "p5", "ssim")
SLOPE = 1.15


def run(arguments):
    """Runs a program, and says how many seconds of CPU it used in user mode."""
    child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True)
    message = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(arguments)}\n{message[-2000:]}")
    return usage.ru_utime


class Clip:
    """Raw pictures of a part of a file."""

    def __init__(self, word, options):
        path, _, start = word.partition("@")
        self.name = os.path.basename(path).rsplit(".", 1)[0] + (f"@{start}" if start else "")
        self.path = os.path.join(options.folder, self.name + ".y4m")
        if not os.path.exists(self.path):
            partial = self.path + ".part"
            run([
                "ffmpeg", "-v", "error", "-y", "-ss", start or "0", "-t", str(options.seconds), "-i", path,
                "-an", "-vf", "fps='min(30,source_fps)',scale='min(1280,iw)':'min(720,ih)':flags=lanczos:"
                "force_original_aspect_ratio=decrease:force_divisible_by=2:out_range=tv,format=yuv420p,setsar=1",
                "-f", "yuv4mpegpipe", "-strict", "-1", partial,
            ])
            os.rename(partial, self.path)


def encoder_arguments(encoder, setting, rate):
    preset, *pairs = setting.split()
    if encoder == "libx264":
        words = ["-preset", preset, "-profile:v", "main", "-level", "3.1", "-g", "90",
                 "-maxrate", "14000k", "-bufsize", "14000k"]
        words += ["-x264-params", ":".join(pairs)] if pairs else []
    elif encoder == "libx265":
        words = ["-preset", preset, "-g", "90", "-x265-params",
                 ":".join(["log-level=none", "open-gop=0", "pools=none", "frame-threads=1"] + pairs)]
    else:
        words = ["-g", "90"] + [word for pair in pairs for word in ("-" + pair.split("=", 1)[0], pair.split("=", 1)[1])]
    return ["-c:v", encoder, *words, "-b:v", f"{rate}k", "-threads", "1"]


def measure(clip, setting, rate, options):
    """Encodes and scores a clip: price in seconds, rate in kbit/s, qualities."""
    output = os.path.join(options.folder, f"{os.getpid()}.mkv")
    log = os.path.join(options.folder, f"{os.getpid()}.json")
    encode = ["ffmpeg", "-v", "error", "-y", "-i", clip.path,
              *encoder_arguments(options.encoder, setting, rate), output]
    price = min(run(encode) for _ in range(options.runs))
    count = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "packet=size,pts_time", "-of", "csv=p=0", output],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True).stdout.split()
    times = sorted(float(line.split(",")[0]) for line in count)
    seconds = (times[-1] - times[0]) * len(times) / (len(times) - 1)
    actual = sum(int(line.split(",")[1]) for line in count) * 8 / seconds / 1000
    tags = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709,setpts=N/25/TB,settb=AVTB"
    pair = f"[0:v]{tags}[d];[1:v]{tags}[r];[d][r]"
    models = (
        r"model=version=vmaf_v0.6.1\\:name=vmaf|version=vmaf_v0.6.1neg\\:name=neg:"
        f"n_threads=1:n_subsample={options.every}:log_fmt=json:log_path={log}"
    )
    inputs = ["-hide_banner", "-nostats", "-i", output, "-i", clip.path]
    run([options.scorer, *inputs, "-lavfi", pair + "libvmaf=" + models, "-f", "null", "-"])
    text = subprocess.run(["ffmpeg", *inputs, "-lavfi", pair + "ssim", "-f", "null", "-"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True).stderr
    ssim = [w for l in text.splitlines() if "Parsed_ssim" in l for w in l.split() if w.startswith("All:")]
    with open(log) as file:
        frames = [frame["metrics"] for frame in json.load(file)["frames"] if "vmaf" in frame["metrics"]]
    os.remove(log)
    os.remove(output)
    vmaf = sorted(frame["vmaf"] for frame in frames)
    return {
        "encoder": options.encoder, "clip": clip.name, "setting": setting, "asked": rate, "price": price,
        "rate": actual, "vmaf": statistics.mean(vmaf), "neg": statistics.mean(f["neg"] for f in frames),
        "p5": vmaf[int(len(vmaf) * 0.05)], "ssim": float(ssim[-1][4:]),
    }


class Results:
    """What was measured, by clip, setting and rate asked for."""

    def __init__(self, options):
        self.path = os.path.join(options.folder, "results.jsonl")
        self.options = options
        self.found = {}
        if os.path.exists(self.path):
            with open(self.path) as file:
                for line in map(json.loads, file):
                    self.found[line["encoder"], line["clip"], line["setting"], line["asked"]] = line

    def get(self, clip, setting, rate):
        return self.found.get((self.options.encoder, clip.name, setting, rate))

    def measure(self, clip, setting, rate):
        if self.get(clip, setting, rate):
            return
        line = measure(clip, setting, rate, self.options)
        with open(self.path, "a") as file:
            file.write(json.dumps(line) + "\n")
        self.found[line["encoder"], line["clip"], setting, rate] = line


def corrected(results, clip, setting, base):
    """Price over the baseline's, and differences of quality to it at equal rate; None if not measured yet."""
    rate = results.options.rate
    low, high = results.get(clip, base, rate), results.get(clip, base, round(rate * SLOPE))
    line = results.get(clip, setting, rate)
    if not (low and high and line):
        return None
    answer = {"price": line["price"] / low["price"], "rate": line["rate"] / low["rate"]}
    for name in QUALITIES:
        # A clip that cannot use more bits has no slope.
        more = math.log(high["rate"] / low["rate"])
        slope = max(0, (high[name] - low[name]) / more) if more > 0.02 else 0
        answer[name] = line[name] - low[name] - slope * math.log(line["rate"] / low["rate"])
    answer["holds"] = min(answer["vmaf"], answer["neg"], answer["ssim"]) >= 0 and answer["p5"] >= -0.5
    return answer


def table(results, clips, settings, csv):
    rows = []
    for setting in settings:
        lines = [corrected(results, clip, setting, settings[0]) for clip in clips]
        if None in lines:
            continue
        row = {name: statistics.mean(line[name] for line in lines) for name in QUALITIES + ("rate",)}
        row["price"] = math.exp(statistics.mean(math.log(line["price"]) for line in lines))
        row["holds"] = sum(line["holds"] for line in lines)
        row["score"] = (row["vmaf"] + row["neg"] + 1000 * row["ssim"]) / 3
        rows.append((row, setting))
        for clip, line in zip(clips, lines):
            if csv:
                values = [f"{line[name]:.5f}" for name in ("price", "rate", *QUALITIES)]
                csv.write(",".join([setting, clip.name, *values]) + "\n")
    best = -math.inf
    print(f"| | CPU | rate | VMAF | NEG | p5 | SSIM | holds of {len(clips)} | setting |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---|")
    for row, setting in sorted(rows, key=lambda pair: pair[0]["price"]):
        mark = "*" if row["score"] > best else ""
        best = max(best, row["score"])
        print(f"| {mark} | {row['price']:.3f} | {row['rate']:.3f} | {row['vmaf']:+.2f} | {row['neg']:+.2f} "
              f"| {row['p5']:+.2f} | {row['ssim']:+.4f} | {row['holds']} | `{setting}` |")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("clips", nargs="+")
    parser.add_argument("--scorer", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--encoder", default="libx264")
    parser.add_argument("--rate", type=int, default=2200)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="score every n-th picture by VMAF")
    parser.add_argument("--settings", default="/dev/stdin")
    parser.add_argument("--csv")
    parser.add_argument("--front", action="store_true")
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    with open(options.settings) as file:
        settings = [line.split("#")[0].strip() for line in file]
    settings = list(dict.fromkeys(" ".join(setting.split()) for setting in settings if setting))
    clips = [Clip(word, options) for word in options.clips]
    results = Results(options)
    if not options.front:
        for setting in settings:
            for clip in clips:
                results.measure(clip, setting, options.rate)
                if setting == settings[0]:
                    results.measure(clip, setting, round(options.rate * SLOPE))
            print(setting, file=sys.stderr, flush=True)
    csv = open(options.csv, "w") if options.csv else None
    if csv:
        csv.write("setting,clip,price,rate,vmaf,neg,p5,ssim\n")
    table(results, clips, settings, csv)


if __name__ == "__main__":
    main()
