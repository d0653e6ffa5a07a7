"""Runs one test server on free loopback ports: serve.py seaweedfs|ministack|moto|radosgw

Writes one line of JSON once the server answers: its endpoint and the key that it accepts. Ends, and takes
the server along, when its standard input is closed: that happens however the process at the other end dies.

AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY choose the key of seaweedfs and radosgw; ministack makes its own.
"""

import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import boto3
import botocore.config
import botocore.exceptions

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = pathlib.Path(sys.executable).parent
REGION = "us-east-1"
READY_WITHIN = 60  # seconds
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def free_ports(count):
    """Ports nobody listens on now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def clean_environment(**added):
    """The environment without settings that could send a server or client elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {"AWS_EC2_METADATA_DISABLED": "true"} | added


def client(service, server):
    return boto3.client(
        service,
        endpoint_url=server["endpoint"],
        aws_access_key_id=server["accessKeyID"],
        aws_secret_access_key=server["secretAccessKey"],
        region_name=REGION,
        config=botocore.config.Config(
            connect_timeout=2, read_timeout=10, retries={"max_attempts": 0}, s3={"addressing_style": "path"}
        ),
    )


class Server:
    """A server and the folder that it keeps its files in."""

    def __init__(self, name):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"recast-{name}-"))
        self.process = None
        self.address = None
        self.sockets = []

    def start(self, command, environment):
        log = open(self.folder / "output.log", "wb")
        self.process = subprocess.Popen(
            [str(part) for part in command],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            # The kernel kills the server with us, even when we are killed ourselves.
            preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
        )

    def wait_until(self, probe):
        """Calls `probe` until it raises nothing."""
        deadline = time.monotonic() + READY_WITHIN
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.log_tail()}")
            try:
                return probe()
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the server does not answer: {error}\n{self.log_tail()}")
            time.sleep(0.1)

    def log_tail(self):
        return (self.folder / "output.log").read_text(errors="replace")[-2000:]

    def stop(self):
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
        for pattern in self.sockets:
            for path in pathlib.Path("/tmp").glob(pattern):
                path.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def chosen_key():
    return {
        "accessKeyID": os.environ.get("AWS_ACCESS_KEY_ID", "AKIDTESTSERVERS00001"),
        "secretAccessKey": os.environ.get("AWS_SECRET_ACCESS_KEY", "secret of the test servers"),
    }


def probe_bucket(server):
    """Makes a bucket and an object: an S3 server may listen before it can store anything."""
    s3 = client("s3", server.address)
    s3.create_bucket(Bucket="ready")
    s3.put_object(Bucket="ready", Key="ready", Body=b"ready")


def start_seaweedfs(server):
    ports = free_ports(8)
    # It has sockets of this name whatever its folders are, and does not get to remove them.
    server.sockets = [f"seaweedfs-*-{port}.sock" for port in ports]
    server.address = {"endpoint": f"http://127.0.0.1:{ports[0]}"} | chosen_key()
    keys = [{"accessKey": server.address["accessKeyID"], "secretKey": server.address["secretAccessKey"]}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identities = [
        {"name": "test", "credentials": keys, "actions": actions},
        {"name": "anonymous", "actions": []},
    ]
    (server.folder / "s3.json").write_text(json.dumps({"identities": identities}))
    (server.folder / "data").mkdir()
    (server.folder / "log").mkdir()
    names = [f"{part}.{port}" for part in ("s3", "master", "volume", "filer") for port in ("port", "port.grpc")]
    options = [f"-{name}={port}" for name, port in zip(names, ports)]
    command = [PROGRAMS / "weed", "-logtostderr=false", f"-logdir={server.folder}/log", "server"]
    command += [f"-dir={server.folder}/data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3"]
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket=false"]
    command += [f"-s3.config={server.folder}/s3.json", "-master.volumeSizeLimitMB=64", "-volume.max=1000"]
    # One volume for each new bucket instead of seven: tests make many buckets, and volumes are limited.
    server.start(command + options, clean_environment(WEED_MASTER_VOLUME_GROWTH_COPY_1="1"))
    server.wait_until(lambda: probe_bucket(server))


def start_ministack(server):
    (port,) = free_ports(1)
    environment = clean_environment(
        AUTH="true",
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        MINISTACK_HOST="127.0.0.1",
        IOT_MTLS_ENABLED="0",
    )
    server.address = {"endpoint": f"http://127.0.0.1:{port}"}
    server.start([PROGRAMS / "ministack"], environment)
    # The root key would be let in with any secret, so the tests get a user's.
    iam = client("iam", server.address | {"accessKeyID": "test", "secretAccessKey": "test"})
    server.wait_until(lambda: iam.create_user(UserName="recast"))
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}], "Version": "2012-10-17"}
    iam.put_user_policy(UserName="recast", PolicyName="all", PolicyDocument=json.dumps(everything))
    key = iam.create_access_key(UserName="recast")["AccessKey"]
    server.address |= {"accessKeyID": key["AccessKeyId"], "secretAccessKey": key["SecretAccessKey"]}


def start_moto(server):
    (port,) = free_ports(1)
    server.address = {"endpoint": f"http://127.0.0.1:{port}"} | chosen_key()
    server.start([PROGRAMS / "moto_server", "-H", "127.0.0.1", "-p", port], clean_environment())
    server.wait_until(lambda: client("sqs", server.address).list_queues())


def start_radosgw(server):
    ports = free_ports(2)
    server.address = {"endpoint": f"http://127.0.0.1:{ports[0]}"} | chosen_key()
    keys = [server.address["accessKeyID"], server.address["secretAccessKey"]]
    command = ["bash", HERE / "radosgw.sh", server.folder, *ports, *keys]
    server.start(command, clean_environment())
    server.wait_until(lambda: probe_bucket(server))


STARTERS = {
    "seaweedfs": start_seaweedfs,
    "ministack": start_ministack,
    "moto": start_moto,
    "radosgw": start_radosgw,
}


def started(name):
    """Starts the server; again when somebody else took one of the ports first."""
    for attempt in range(3):
        server = Server(name)
        try:
            STARTERS[name](server)
            return server
        except BaseException as error:
            server.stop()
            if attempt == 2 or not isinstance(error, RuntimeError):
                raise


def main():
    # Ending by an exception lets `finally` stop the server.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = started(sys.argv[1])
    try:
        print(json.dumps(server.address), flush=True)
        sys.stdin.read()
    finally:
        server.stop()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in STARTERS:
        sys.exit(__doc__)
    main()
