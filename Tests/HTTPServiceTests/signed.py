"""Sends requests that botocore signed, some of them changed after that, and prints what came back.

Arguments: the service's address, the id of an access key, its secret.
"""

import datetime
import http.client
import json
import sys
import urllib.parse

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

origin, key, secret = sys.argv[1:4]
host = urllib.parse.urlsplit(origin).netloc
now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


def clock(minutes):
    botocore.auth.get_current_datetime = lambda *_: now + datetime.timedelta(minutes=minutes)


def send(method="GET", target="/2012-09-25/presets", body=b"", *, minutes=0, access=key, kept=secret,
         service="elastictranscoder", region="eu-west-1", presigned=None, change=lambda request: None,
         headers=()):
    """Signs, changes and sends a request; returns its status, kind of error and body."""
    clock(minutes)
    made = AWSRequest(method=method, url=origin + target, data=body)
    for name, value in headers:
        made.headers[name] = value
    credentials = Credentials(access, kept)
    if presigned:
        botocore.auth.SigV4QueryAuth(credentials, service, region, expires=presigned).add_auth(made)
    else:
        botocore.auth.SigV4Auth(credentials, service, region).add_auth(made)
    url = urllib.parse.urlsplit(made.url)
    request = {"method": method, "target": url.path + (f"?{url.query}" if url.query else ""), "body": body,
               "headers": dict(made.headers.items())}
    change(request)
    connection = http.client.HTTPConnection(host, timeout=20)
    connection.request(request["method"], request["target"], request["body"], request["headers"])
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return [answer.status, answer.getheader("x-amzn-ErrorType"), text]


def set_to(part, value):
    return lambda request: request.__setitem__(part, value)


def header(name, value):
    def change(request):
        if value is None:
            request["headers"].pop(name)
        else:
            request["headers"][name] = value

    return change


body = json.dumps({"Input": {"Key": "a.mp4"}}).encode()
answers = {
    "right": send(),
    "right with a body": send("POST", "/2012-09-25/jobs", body),
    "right with a query": send(target="/2012-09-25/presets?PageToken=a%2Fb%20c&Ascending=true"),
    "right with odd paths": send(target="/2012-09-25/jobs/a%20b%2Fc/x*~-_.d"),
    "right with double slashes": send(target="/2012-09-25//jobs/"),
    "right in another region": send(region="ap-south-1"),
    "right 14 minutes ago": send(minutes=-14),
    "right in 14 minutes": send(minutes=14),
    "right in the query": send(presigned=60),
    "right with more headers": send(headers=[("X-Amz-Target", "a  b"), ("Content-Type", "text/x")]),
    "changed body": send("POST", "/2012-09-25/jobs", body, change=set_to("body", body.replace(b"a.", b"b."))),
    "changed query": send(target="/2012-09-25/presets?PageToken=a",
                          change=set_to("target", "/2012-09-25/presets?PageToken=b")),
    "added query": send(change=set_to("target", "/2012-09-25/presets?PageToken=b")),
    "changed path": send(change=set_to("target", "/2012-09-25/pipelines")),
    "changed method": send(change=set_to("method", "DELETE")),
    "changed header": send(headers=[("X-Amz-Target", "a")], change=header("X-Amz-Target", "b")),
    "16 minutes ago": send(minutes=-16),
    "in 16 minutes": send(minutes=16),
    "expired in the query": send(presigned=60, minutes=-2),
    "changed in the query": send(presigned=60, change=lambda request: request.__setitem__(
        "target", request["target"].replace("presets", "pipelines"))),
    "unknown key": send(access="AKIAIOSFODNN7EXAMPLE"),
    "odd key": send(access="../../etc/passwd".replace("/", "%2F")),
    "wrong secret": send(kept=secret[::-1]),
    "another service": send(service="s3"),
    "unsigned": send(change=header("Authorization", None)),
    "basic": send(change=header("Authorization", "Basic YTpi")),
    "no date": send(change=header("X-Amz-Date", None)),
    "no signature": send(change=header("Authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request")),
    "unsigned header": send(change=header("X-Amz-Security-Token", "x")),
    "another version": send(target="/2019-01-01/presets"),
}
print(json.dumps(answers))
