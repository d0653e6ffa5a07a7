"""An HTTP proxy in front of one server that fails as it is told: fault_proxy.py UPSTREAM_URL

First writes one line of JSON, {"endpoint": "http://127.0.0.1:PORT"}. Then every line of JSON on standard
input gets one as an answer; the end of input ends the proxy.

    {"rules": [RULE, …]}   replaces the rules and forgets their counts
    {"requests": true}     answers [{"time": seconds, "method": …, "target": …, "fault": … or null}, …]
    {"forget": true}       forgets the requests seen so far

A RULE says which requests it is about and what becomes of them. The first rule that applies counts.

    "method": "GET"                the method; any when missing
    "target": "[?&]uploadId="      a regular expression found in the path with its query
    "header": "range"              a header that must be there
    "every": 10                    of those requests only each 10th
    "first": 3                     of those requests only the first 3
    "seconds": 20                  only so long after the first such request
    "action": "reset"              breaks the connection off instead of answering
              "cut"                breaks it off after half the answer's body
              "lose"               lets the server do it, then breaks off without an answer
              "answer"             answers "status", "headers" and "body" in the server's stead
              "replace"            lets the server do it, then answers like "answer"
              "delay"              waits "delay" seconds, then passes the request on
"""

import asyncio
import json
import re
import socket
import struct
import sys
import time
import urllib.parse

LONGEST_HEAD = 1 << 16
CHUNK = 1 << 16


class Rule:
    def __init__(self, text):
        self.text = text
        self.target = re.compile(text.get("target", ""))
        self.seen = 0
        self.began = None

    def applies(self, message):
        """Whether this request is one of those to be failed; counts it when it is one of those meant."""
        wanted = self.text.get("method")
        header = self.text.get("header")
        if wanted and wanted != message.method or not self.target.search(message.target):
            return False
        if header and header.lower() not in message.headers:
            return False
        self.seen += 1
        self.began = self.began or time.monotonic()
        return (
            self.seen % self.text.get("every", 1) == 0
            and self.seen <= self.text.get("first", self.seen)
            and time.monotonic() - self.began <= self.text.get("seconds", float("inf"))
        )


class Message:
    """A request or an answer, its body read whole."""

    def __init__(self, head):
        self.head = head
        lines = head.decode("latin-1").split("\r\n")
        self.start = lines[0]
        fields = [line.partition(":") for line in lines[1:] if line]
        self.headers = {name.strip().lower(): value.strip() for name, _, value in fields}
        self.body = b""

    @property
    def method(self):
        return self.start.split(" ")[0]

    @property
    def target(self):
        return self.start.split(" ")[1]

    @property
    def status(self):
        return int(self.start.split(" ")[1])

    @property
    def ends_connection(self):
        return self.headers.get("connection", "").lower() == "close" or " HTTP/1.0" in self.start


async def read_body(reader, message, until_end):
    """The bytes of the body exactly as they were sent, chunk sizes included."""
    if "chunked" in message.headers.get("transfer-encoding", "").lower():
        body = b""
        while True:
            line = await reader.readuntil(b"\r\n")
            body += line
            size = int(line.split(b";")[0], 16)
            body += await reader.readexactly(size + 2) if size else b""
            if size == 0:
                while True:
                    line = await reader.readuntil(b"\r\n")
                    body += line
                    if line == b"\r\n":
                        return body
    if "content-length" in message.headers:
        return await reader.readexactly(int(message.headers["content-length"]))
    return await reader.read() if until_end else b""


async def read_request(reader, writer):
    message = Message(await reader.readuntil(b"\r\n\r\n"))
    if message.headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
    message.body = await read_body(reader, message, until_end=False)
    return message


async def read_answer(reader, method):
    while True:
        message = Message(await reader.readuntil(b"\r\n\r\n"))
        if message.status >= 200:
            break
    if method != "HEAD" and message.status not in (204, 304):
        message.body = await read_body(reader, message, until_end=True)
    return message


def break_off(writer):
    """Ends the connection with a reset rather than an orderly end."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def made_up(rule):
    body = rule.get("body", "").encode()
    lines = [f"HTTP/1.1 {rule.get('status', 503)} Made Up", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in rule.get("headers", {}).items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Proxy:
    def __init__(self, upstream):
        address = urllib.parse.urlsplit(upstream)
        self.host, self.port = address.hostname, address.port
        self.rules = []
        self.requests = []

    def fault(self, message):
        rule = next((rule.text for rule in self.rules if rule.applies(message)), None)
        self.requests.append(
            {
                "time": time.monotonic(),
                "method": message.method,
                "target": message.target,
                "fault": rule["action"] if rule else None,
            }
        )
        return rule

    async def serve(self, reader, writer):
        upstream = None
        try:
            while True:
                request = await read_request(reader, writer)
                rule = self.fault(request) or {"action": "pass"}
                action = rule["action"]
                if action == "reset":
                    return break_off(writer)
                if action == "answer":
                    writer.write(made_up(rule))
                    await writer.drain()
                    continue
                if action == "delay":
                    await asyncio.sleep(rule["delay"])
                # A connection of its own for each request: none is found closed, none is mixed up.
                upstream_reader, upstream = await asyncio.open_connection(
                    self.host, self.port, limit=LONGEST_HEAD
                )
                upstream.write(request.head + request.body)
                await upstream.drain()
                answer = await read_answer(upstream_reader, request.method)
                upstream.close()
                if action == "lose":
                    return break_off(writer)
                if action == "cut":
                    writer.write(answer.head + answer.body[: len(answer.body) // 2])
                    await writer.drain()
                    # Time for the client to read what came before the reset, which would discard it.
                    await asyncio.sleep(0.05)
                    return break_off(writer)
                writer.write(made_up(rule) if action == "replace" else answer.head + answer.body)
                await writer.drain()
                if request.ends_connection or answer.ends_connection:
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            pass
        finally:
            if upstream:
                upstream.close()
            writer.close()

    def command(self, text):
        command = json.loads(text)
        if "rules" in command:
            self.rules = [Rule(rule) for rule in command["rules"]]
            return {}
        if "forget" in command:
            self.requests = []
            return {}
        return self.requests


async def main(upstream):
    proxy = Proxy(upstream)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=LONGEST_HEAD)
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"endpoint": f"http://127.0.0.1:{port}"}), flush=True)
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        print(json.dumps(proxy.command(line)), flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1]))
