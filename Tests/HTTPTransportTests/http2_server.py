"""An HTTP/2 server with TLS on 127.0.0.1 that sends every body back.

Arguments: a file to write the port to, the certificate and its key.
"""

import asyncio
import os
import socket
import sys
import time
import threading

import hypercorn.asyncio
import hypercorn.config

clients = set()


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    clients.add(scope["client"])
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    headers = [
        (b"x-version", scope["http_version"].encode()),
        (b"x-target", target),
        (b"x-connections", str(len(clients)).encode()),
    ]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def end_with_parent(parent=os.getppid()):
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
listener = socket.create_server(("127.0.0.1", 0))
config = hypercorn.config.Config()
config.bind = [f"fd://{listener.fileno()}"]
config.certfile, config.keyfile = sys.argv[2], sys.argv[3]
config.errorlog = None
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(listener.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
asyncio.run(hypercorn.asyncio.serve(app, config))
