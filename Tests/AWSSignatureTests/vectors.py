"""Signs requests with botocore, its clock stopped, and prints what it made of them.

The argument is a JSON file: a list of cases. The answer on stdout is a list in the same order.
"""

import base64
import datetime
import json
import sys
from types import SimpleNamespace

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import percent_encode

MOMENT = datetime.datetime(2026, 1, 31, 23, 59, 59)


def credentials(case):
    return Credentials(case["accessKeyID"], case["secretAccessKey"], case.get("sessionToken"))


def request(case):
    path = percent_encode(case["path"], safe="/~")
    query = "&".join(
        f"{percent_encode(name, safe='~')}={percent_encode(value, safe='~')}"
        for name, value in case["query"]
    )
    made = AWSRequest(
        method=case["method"],
        url=f"https://{case['host']}{path}" + (f"?{query}" if query else ""),
        data=case["body"].encode(),
    )
    for name, value in case["headers"]:
        made.headers[name] = value
    if case["isUnsigned"]:
        made.context["client_config"] = SimpleNamespace(s3={"payload_signing_enabled": False})
    return made


def signed(case):
    made = request(case)
    kind = botocore.auth.S3SigV4Auth if case["service"] == "s3" else botocore.auth.SigV4Auth
    kind(credentials(case), case["service"], case["region"]).add_auth(made)
    return {"headers": dict(made.headers.items()), "url": made.url}


def presigned(case):
    made = request(case)
    is_s3 = case["service"] == "s3"
    kind = botocore.auth.S3SigV4QueryAuth if is_s3 else botocore.auth.SigV4QueryAuth
    kind(credentials(case), case["service"], case["region"], expires=case["lifetime"]).add_auth(made)
    return {"headers": {}, "url": made.url}


def posted(case):
    """Signs the policy that the case brings, and says what it means."""
    made = AWSRequest(method="POST", url="https://example.com/")
    made.context["timestamp"] = MOMENT.strftime("%Y%m%dT%H%M%SZ")
    auth = botocore.auth.S3SigV4PostAuth(credentials(case), "s3", case["region"])
    json.loads(base64.b64decode(case["policy"]))
    return {"headers": {"signature": auth.signature(case["policy"], made)}, "url": auth.scope(made)}


botocore.auth.get_current_datetime = lambda *_: MOMENT
kinds = {"header": signed, "query": presigned, "post": posted}
with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
print(json.dumps([kinds[case["kind"]](case) for case in cases]))
