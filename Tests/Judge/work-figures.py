"""Measures the worker against servers on loopback: work-figures.py [--clip FILE] [--runs N] [--tiny N]
[--idle SECONDS] [--only overhead|memory|tiny|idle]

Prints what docs/benchmarks.md says about the worker. RECAST_EXECUTABLE names the program, by default the
release build. Needs what `make test` installs, and the right to read /proc/PID/io of the engine (root's).
"""

import argparse
import json
import os
import pathlib
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import boto3
import botocore.config
import botocore.exceptions

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECAST = os.environ.get("RECAST_EXECUTABLE", str(ROOT / ".build/release/recast"))
BUCKET = "videos"


class Servers:
    """SeaweedFS for objects and ministack for all else, and a worker's settings for them."""

    def __init__(self, folder, objects):
        self.processes = []
        rest = self.serve("ministack", {})
        key = {"AWS_ACCESS_KEY_ID": rest["accessKeyID"], "AWS_SECRET_ACCESS_KEY": rest["secretAccessKey"]}
        store = self.serve("seaweedfs", key) if objects == "seaweedfs" else rest
        base = rest["endpoint"] + "/000000000000/"
        self.environment = clean() | key | {
            "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": rest["endpoint"], "RECAST_BACKEND": "aws", "MEDIA_BUCKET_NAME": BUCKET,
            "RECAST_QUEUE_URL": base + "jobs", "RECAST_DLQ_URL": base + "dead",
            "RECAST_SPOOL": str(folder / "spool"),
        }
        self.s3 = self.client("s3", rest)
        self.s3.create_bucket(Bucket=BUCKET)
        subprocess.run([RECAST, "init"], env=self.environment, check=True, stdout=subprocess.DEVNULL)
        self.sqs = self.client("sqs", rest)
        self.dynamodb = self.client("dynamodb", rest)
        if store is not rest:
            self.s3 = self.client("s3", store)
            self.s3.create_bucket(Bucket=BUCKET)
            self.environment["AWS_ENDPOINT_URL_S3"] = store["endpoint"]

    def serve(self, name, more):
        command = [sys.executable, "-u", ROOT / "Tests/Servers/serve.py", name]
        process = subprocess.Popen(
            command, env=clean() | more, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        return json.loads(process.stdout.readline())

    def client(self, service, server):
        config = botocore.config.Config(s3={"addressing_style": "path"})
        return boto3.client(
            service, endpoint_url=server["endpoint"], region_name="us-east-1", config=config,
            aws_access_key_id=server["accessKeyID"], aws_secret_access_key=server["secretAccessKey"])

    def announce(self, key):
        tag = self.s3.head_object(Bucket=BUCKET, Key=key)["ETag"].strip('"')
        record = {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {
            "bucket": {"name": BUCKET}, "object": {"key": key, "size": 1, "eTag": tag, "sequencer": "01"}}}
        self.sqs.send_message(
            QueueUrl=self.environment["RECAST_QUEUE_URL"], MessageBody=json.dumps({"Records": [record]}))

    def is_visible(self, key):
        try:
            self.s3.head_object(Bucket=BUCKET, Key=key)
            return True
        except botocore.exceptions.ClientError:
            return False

    def jobs(self):
        pages = self.dynamodb.get_paginator("scan").paginate(TableName="recast")
        items = [item for page in pages for item in page["Items"] if item.get("kind", {}).get("S") == "job"]
        return [json.loads(item["body"]["S"]) for item in items]

    def stop(self):
        for process in self.processes:
            process.stdin.close()
            process.wait()


def clean():
    """The environment without settings of ours or AWS's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RECAST_"))}


class Watch(threading.Thread):
    """Looks at a process and its children: bytes they write to disk, memory they hold."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process = process
        self.written = {}
        self.peak = 0
        self.children = 0
        self.ends = False
        self.start()

    def run(self):
        while not self.ends:
            resident = 0
            family = [self.process.pid] + children(self.process.pid)
            self.children = max(self.children, len(family) - 1)
            for pid in family:
                try:
                    counts = dict(line.split(": ") for line in open(f"/proc/{pid}/io").read().splitlines())
                    pages = int(open(f"/proc/{pid}/statm").read().split()[1])
                except (OSError, ProcessLookupError):
                    continue
                self.written[pid] = int(counts["write_bytes"])
                resident += pages * os.sysconf("SC_PAGESIZE")
            self.peak = max(self.peak, resident)
            time.sleep(0.05)


def children(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except OSError:
            pass
    return found


def cpu_seconds(process):
    """Waits for a process, and returns what it and its engines have used."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{process.args[0]} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def wait(limit, condition):
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("it takes too long")
        time.sleep(0.02)


def worker(environment, log, **more):
    settings = {name: str(value) for name, value in more.items()}
    return subprocess.Popen([RECAST, "work"], env=environment | settings, stderr=log, stdout=log)


def overhead(folder, clip, runs):
    """From the event to the visible output, compared with a local transcode of the same file."""
    servers = Servers(folder, "seaweedfs")
    log = open(folder / "overhead.log", "wb")
    results, writes = [], []
    for run in range(runs):
        arguments = ["transcode", clip, "-o", folder / "local.mp4", "--force", "--preset", "web"]
        start = time.monotonic()
        process = subprocess.Popen([RECAST, *arguments], env=clean(), stdout=subprocess.DEVNULL)
        local_cpu = cpu_seconds(process)
        local = time.monotonic() - start
        key = f"in/0/{run}.mp4"
        servers.s3.upload_file(str(clip), BUCKET, key)
        process = worker(servers.environment, log, RECAST_THREADS=os.cpu_count())
        watch = Watch(process)
        time.sleep(2)
        start = time.monotonic()
        servers.announce(key)
        wait(3600, lambda: servers.is_visible(f"output/web/{key}"))
        remote = time.monotonic() - start
        watch.ends = True
        watch.join()
        process.terminate()
        cpu = cpu_seconds(process)
        results.append((remote / local, cpu / local_cpu, remote, local, cpu, local_cpu))
        writes.append(sum(watch.written.values()))
    servers.stop()
    middle = [statistics.median(column) for column in zip(*results)]
    each = ", ".join(f"{result[0]:.3f}" for result in results)
    print(f"event to visible output {middle[2]:.2f} s, local transcode {middle[3]:.2f} s; "
          f"ratio {middle[0]:.3f} (each: {each})")
    print(f"CPU of worker and engine {middle[4]:.2f} s, of local transcode {middle[5]:.2f} s; "
          f"ratio {middle[1]:.3f}")
    print(f"written to disk by worker and engine {max(writes)} bytes, log {os.path.getsize(log.name)} bytes")


def memory(folder):
    """What the worker and four engines hold at most."""
    place = folder / "memory"
    inputs = place / "buckets/media"
    inputs.mkdir(parents=True)
    for number in range(8):
        shutil.copy(ROOT / "samples/phone-portrait.mp4", inputs / f"{number}.mp4")
    settings = {"RECAST_DATA": str(place), "RECAST_CONCURRENCY": "4", "RECAST_THREADS": "1"}
    with open(folder / "memory.log", "wb") as log:
        process = subprocess.Popen([RECAST, "work", "--until-empty"], env=clean() | settings, stderr=log)
        watch = Watch(process)
        cpu_seconds(process)
    watch.ends = True
    watch.join()
    print(f"resident memory with {watch.children} jobs at once: {watch.peak / 2**20:.0f} MiB at most")


def tiny_clip(folder):
    clip = folder / "tiny.mp4"
    graph = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=30:duration=1"]
    subprocess.run(["ffmpeg", "-v", "error", *graph, "-pix_fmt", "yuv420p", clip], check=True)
    return clip


def report(name, jobs, count, outputs, told):
    start = min(job["started"] for job in jobs)
    seconds = max(job["finished"] for job in jobs) - start
    complete = sum(job["status"] == "Complete" for job in jobs)
    again = sum(job["attempt"] > 1 for job in jobs)
    print(f"{count} tiny jobs through {name}: {count / seconds:.1f} a second; {complete} complete, "
          f"{count - outputs} lost, {len(jobs) - count + again} doubled, {told} told")


def tiny_local(folder, count):
    clip = tiny_clip(folder)
    place = folder / "tiny"
    inputs = place / "buckets/media"
    inputs.mkdir(parents=True)
    for number in range(count):
        shutil.copy(clip, inputs / f"{number}.mp4")
    settings = {"RECAST_DATA": str(place), "RECAST_CONCURRENCY": "4", "RECAST_THREADS": "1"}
    with open(folder / "tiny-local.log", "wb") as log:
        subprocess.run([RECAST, "work", "--until-empty"], env=clean() | settings, stderr=log, check=True)
    base = sqlite3.connect(place / "recast.sqlite")
    jobs = [json.loads(body) for body, in base.execute("SELECT body FROM jobs")]
    told = base.execute("SELECT count(*) FROM notifications WHERE id LIKE '%completed'").fetchone()[0]
    report("SQLite", jobs, count, len(list((inputs / "output/web").iterdir())), told)


def tiny_aws(folder, count):
    servers = Servers(folder, "ministack")
    body = (folder / "tiny.mp4").read_bytes()
    for number in range(count):
        servers.s3.put_object(Bucket=BUCKET, Key=f"in/0/{number}.mp4", Body=body)
    with open(folder / "tiny-aws.log", "wb") as log:
        settings = {"RECAST_CONCURRENCY": "4", "RECAST_THREADS": "1"}
        command = [RECAST, "work", "--until-empty"]
        subprocess.run(command, env=servers.environment | settings, stderr=log, check=True)
    pages = servers.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="output/web/")
    outputs = sum(page["KeyCount"] for page in pages)
    report("SQS", servers.jobs(), count, outputs, "-")
    servers.stop()


def used(process):
    """CPU seconds of a process so far."""
    fields = open(f"/proc/{process.pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle(folder, seconds):
    """What a worker uses that has nothing to do, and how soon it stops."""
    servers = Servers(folder, "ministack")
    local = clean() | {"RECAST_DATA": str(folder / "idle")}
    with open(folder / "idle.log", "wb") as log:
        for name, environment in (("a folder and SQLite", local), ("S3, SQS and DynamoDB", servers.environment)):
            process = worker(environment, log)
            time.sleep(5)
            before = used(process)
            time.sleep(seconds)
            share = (used(process) - before) / seconds
            ends = []
            for _ in range(5):
                start = time.monotonic()
                process.terminate()
                cpu_seconds(process)
                ends.append(time.monotonic() - start)
                process = worker(environment, log)
                time.sleep(2.3)
            process.terminate()
            process.wait()
            print(f"idle on {name}: {share * 100:.2f} % of a core over {seconds} s; "
                  f"stops within {max(ends):.2f} s")
    servers.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clip", default=str(ROOT / "samples/phone-portrait.mp4"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--tiny", type=int, default=200)
    parser.add_argument("--idle", type=int, default=60)
    parser.add_argument("--only", choices=["overhead", "memory", "tiny", "idle"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recast-figures-") as name:
        folder = pathlib.Path(name)
        print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        if options.only in (None, "overhead"):
            overhead(folder, options.clip, options.runs)
        if options.only in (None, "memory"):
            memory(folder)
        if options.only in (None, "tiny"):
            tiny_local(folder, options.tiny)
            tiny_aws(folder, options.tiny)
        if options.only in (None, "idle"):
            idle(folder, options.idle)


if __name__ == "__main__":
    main()
