"""Measures the HTTP service: http-figures.py [--records N] [--seconds N] [--connections N]

Prints what docs/benchmarks.md says about it, for a folder with SQLite and for ministack's DynamoDB. Needs what
`make test` installs, and wrk. RECAST_EXECUTABLE names the program, by default the release build.
"""

import argparse
import base64
import concurrent.futures
import http.client
import importlib
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

sys.path.insert(0, str(pathlib.Path(__file__).parent))
work = importlib.import_module("work-figures")

USER, PASSWORD = "figures", "a long password"


class Service:
    """`recast serve` without a worker, with a user and a key."""

    def __init__(self, environment):
        self.environment = environment
        self.log = tempfile.TemporaryFile()
        self.recast("user", "add", USER, "--password-stdin", text=PASSWORD)
        self.key = json.loads(self.recast("key", "add"))
        self.process = subprocess.Popen(
            [work.RECAST, "serve", "--no-worker", "--listen", "127.0.0.1:0"], env=environment,
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.port = int(re.search(r":(\d+)\s*$", self.process.stdout.readline()).group(1))
        self.local = threading.local()

    def recast(self, *arguments, text=""):
        run = subprocess.run(
            [work.RECAST, *arguments], env=self.environment, input=text, text=True, check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return run.stdout

    def headers(self, method, path, body=b""):
        """The headers of a request signed as Elastic Transcoder's clients sign it."""
        request = botocore.awsrequest.AWSRequest(
            method=method, url=f"http://127.0.0.1:{self.port}{path}", data=body,
            headers={"Content-Type": "application/json"})
        credentials = botocore.credentials.Credentials(self.key["accessKeyId"], self.key["secretAccessKey"])
        botocore.auth.SigV4Auth(credentials, "elastictranscoder", "us-east-1").add_auth(request)
        return dict(request.headers)

    def call(self, method, path, headers=None, body=None):
        """One request on this thread's connection, and what it answers."""
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection("127.0.0.1", self.port)
        self.local.connection.request(method, path, body=body, headers=headers or {})
        answer = self.local.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:200]}")
        return json.loads(text) if text else None

    def transcoder(self, path, value):
        body = json.dumps(value).encode()
        return self.call("POST", path, self.headers("POST", path, body), body)

    def memory(self):
        """MiB: resident, and resident with shared pages counted in part."""
        text = open(f"/proc/{self.process.pid}/smaps_rollup").read()
        return [int(re.search(rf"^{name}:\s+(\d+)", text, re.M).group(1)) / 1024 for name in ("Rss", "Pss")]

    def stop(self):
        self.process.terminate()
        self.process.wait()


def fill(service, count):
    """Makes `count` records and jobs, and returns a mail and a job's id from the middle."""
    pipeline = service.transcoder("/2012-09-25/pipelines", {
        "Name": "figures", "Role": "arn:aws:iam::000000000000:role/figures", "InputBucket": work.BUCKET,
        "OutputBucket": work.BUCKET})["Pipeline"]["Id"]

    def record(number):
        mail = urllib.parse.quote(f"user{number}@example.com")
        service.call("GET", f"/presignedurl/project{number % 100}/0?mail={mail}")

    def job(number):
        return service.transcoder("/2012-09-25/jobs", {
            "PipelineId": pipeline, "Input": {"Key": f"in/{number}.mp4"},
            "Output": {"Key": f"out/{number}.mp4", "PresetId": "1351620000001-100070"}})["Job"]["Id"]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(record, range(count)))
        jobs = list(pool.map(job, range(count)))
    return f"user{count // 2}@example.com", jobs[count // 2]


def load(service, path, headers, seconds):
    """Requests a second and the 99th percentile of their latency, by 16 connections."""
    command = ["wrk", "-t2", "-c16", f"-d{seconds}s", "--latency"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    text = subprocess.run(
        command + [f"http://127.0.0.1:{service.port}{path}"], check=True, text=True,
        stdout=subprocess.PIPE).stdout
    if "Non-2xx" in text:
        raise SystemExit(text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)
    return float(rate), re.search(r"99%\s+(\S+)", text).group(1)


def connect(service, count):
    """Open connections that have been used once."""
    connections = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", service.port))
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: figures\r\n\r\n")
        connection.recv(4096)
        connections.append(connection)
    return connections


def measure(name, environment, options):
    service = Service(environment)
    try:
        # By then it has given back what only its start needed.
        time.sleep(5)
        print(f"\n{name}")
        print("| | |\n|---|---|")
        print("| idle | {:.0f} MiB resident, {:.0f} with shared pages in part |".format(*service.memory()))
        connections = connect(service, options.connections)
        print("| {} open connections | {:.0f} MiB, {:.0f} |".format(len(connections), *service.memory()))
        for connection in connections:
            connection.close()
        mail, job = fill(service, options.records)
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        basic = {"Authorization": f"Basic {basic}"}
        # The first request has the password's hash to compute; wrk would count that for many.
        service.call("GET", f"/videos?mail={mail}", basic)
        videos = load(service, f"/videos?mail={mail}", basic, options.seconds)
        print("| `/videos?mail=` of {} records | {:.0f} a second, p99 {} |".format(options.records, *videos))
        path = f"/2012-09-25/jobs/{job}"
        read = load(service, path, service.headers("GET", path), options.seconds)
        print("| ReadJob of {} jobs | {:.0f} a second, p99 {} |".format(options.records, *read))
        print("| afterwards | {:.0f} MiB, {:.0f} |".format(*service.memory()))
    finally:
        service.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=1000)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        raise SystemExit("http-figures.py: wrk is not installed")
    with tempfile.TemporaryDirectory() as folder:
        environment = work.clean() | {"RECAST_DATA": folder + "/data", "MEDIA_BUCKET_NAME": work.BUCKET}
        measure("A folder and SQLite", environment, options)
    with tempfile.TemporaryDirectory() as folder:
        servers = work.Servers(pathlib.Path(folder), "ministack")
        try:
            measure("ministack", servers.environment, options)
        finally:
            servers.stop()


if __name__ == "__main__":
    main()
