"""Uploads a video as the site's clients do, waits for its record, and prints what it saw as JSON.

Usage: site_client.py ADDRESS FILE; the user is edu, the mail a+b@example.com.
"""

import json
import pathlib
import sys
import time

import requests

address, path = sys.argv[1], pathlib.Path(sys.argv[2])
parameters = {"mail": "a+b@example.com"}
form = requests.get(f"{address}/presignedurl/Alba/007", params=parameters, timeout=30).json()
login = ("edu", "geheim")
before = requests.get(f"{address}/videos", params=parameters, auth=login, timeout=30).json()
# Old clients send what they were given and the file, and nothing else.
posted = requests.post(form["url"], data=form["fields"], files={"file": path.open("rb")}, timeout=120)
refused = requests.post(form["url"], data=form["fields"] | {"acl": "public-read"},
                        files={"file": path.open("rb")}, timeout=120)
videos = []
deadline = time.monotonic() + 180
while time.monotonic() < deadline:
    videos = requests.get(f"{address}/videos", params=parameters, auth=login, timeout=30).json()
    if videos and videos[0].get("status") in ("Complete", "Error", "Canceled"):
        break
    time.sleep(0.2)
print(json.dumps({
    "key": form["fields"]["key"], "before": before, "posted": posted.status_code,
    "refused": refused.status_code, "videos": videos,
    "one": requests.get(f"{address}/videos", params=parameters | {"project": "Alba", "step": "7"},
                        auth=login, timeout=30).json(),
    "nobody": requests.get(f"{address}/videos", params={"mail": "a b@example.com"}, auth=login,
                           timeout=30).json(),
}))
