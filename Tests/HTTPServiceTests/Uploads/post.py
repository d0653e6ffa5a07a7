"""Posts upload forms as programs and browsers do: reads cases as JSON, prints [status, text, headers] of each."""

import base64
import datetime
import hashlib
import hmac
import json
import sys

import requests


def sign(form, secret):
    """Signs a policy as botocore does, for forms that were made with another key or other conditions."""
    date, region = form["x-amz-date"], form["x-amz-credential"].split("/")[2]
    key = b"AWS4" + secret.encode()
    for step in [date[:8], region, "s3", "aws4_request"]:
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    form["x-amz-signature"] = hmac.new(key, form["policy"].encode(), hashlib.sha256).hexdigest()


def post(case):
    fields = dict(case["fields"])
    fields.update(case.get("set", {}))
    for name in case.get("unset", []):
        fields.pop(name, None)
    if "policy" in case:
        fields["policy"] = base64.b64encode(json.dumps(case["policy"]).encode()).decode()
    if "secret" in case:
        sign(fields, case["secret"])
    body = b"\x1aE\xdf\xa3" * (case["size"] // 4) + b"x" * (case["size"] % 4)
    files = {"file": (case.get("filename", "clip.webm"), body)}
    answer = requests.post(case["url"], data=fields, files=files, timeout=120)
    return [answer.status_code, answer.text, dict(answer.headers)]


print(json.dumps([post(case) for case in json.load(open(sys.argv[1]))]))
