"""An HTTP server on 127.0.0.1 that answers well or badly, as the path says.

The argument is a file to write the port to.
"""

import hashlib
import http.server
import itertools
import json
import os
import sys
import threading
import time
from urllib.parse import parse_qs, urlsplit

connections = itertools.count(1)
# What became of the requests that hang, by their names.
hanging = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.connection_number = next(connections)

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def answer(self, body, status=200, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def serve(self):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = parts.path.split("/")[1]
        if name == "bytes":
            self.answer(bytes(int(query["n"])))
        elif name == "chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for _ in range(int(query["n"])):
                self.wfile.write(b"400\r\n" + bytes(1024) + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        elif name == "slow":
            time.sleep(float(query["seconds"]))
            self.answer(b"late")
        elif name == "hang":
            # Nothing is answered until the other side closes.
            hanging[query.get("name")] = "hangs"
            self.connection.recv(1)
            hanging[query.get("name")] = "closed"
            self.close_connection = True
        elif name == "drop":
            self.close_connection = True
        elif name == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"only some")
            self.close_connection = True
        elif name == "leave":
            # Says that the connection stays, and closes it.
            self.answer(b"bye")
            self.close_connection = True
        elif name == "redirect":
            self.answer(b"", 302, [("Location", "/bytes?n=1")])
        elif name == "interim":
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n")
            self.answer(b"", 200, [("X-Late", "a"), ("X-LATE", " b ")])
        elif name == "headers":
            count = int(query["n"])
            self.answer(b"", 200, [(f"X-Header-{number}", "v" * 500) for number in range(count)])
        elif name == "hanging":
            self.answer(hanging.get(query["name"], "unknown").encode())
        else:
            self.answer(
                json.dumps(
                    {
                        "method": self.command,
                        "path": self.path,
                        "headers": [[key.lower(), value] for key, value in self.headers.items()],
                        "byteCount": len(body),
                        "sha256": hashlib.sha256(body).hexdigest(),
                        "connection": self.connection_number,
                    }
                ).encode(),
                int(query.get("status", 200)),
            )

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


def end_with_parent(parent=os.getppid()):
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
server = Server(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(server.server_address[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
