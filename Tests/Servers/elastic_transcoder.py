"""Amazon's own client of Elastic Transcoder, whose requests the test answers itself instead of a server.

By lines of JSON on standard input the test asks for an operation, a paginator or a waiter:
{"operation": "read_job", "arguments": {…}} (or "paginate", or "wait"). For every request that the client
then makes, the program writes {"request": {…}} and reads a line with the answer; at last it writes
{"result": …} or {"error": "…", "message": "…"}. boto3 finds the client's model by AWS_DATA_PATH.
"""

import base64
import io
import json
import sys
from urllib.parse import parse_qsl, urlsplit

import boto3
import botocore.config
import botocore.exceptions
from botocore.awsrequest import AWSResponse

# The server says what is wrong, so the client must let it through.
client = boto3.client(
    "elastictranscoder",
    region_name="us-east-1",
    endpoint_url="http://recast.invalid",
    aws_access_key_id="AKIDEXAMPLE",
    aws_secret_access_key="secret",
    config=botocore.config.Config(
        retries={"total_max_attempts": 1}, parameter_validation=sys.argv[1:] != ["unchecked"]
    ),
)


class Body(io.BytesIO):
    def stream(self, *_, **__):
        yield self.read()


def send(request, **_):
    url = urlsplit(request.url)
    body = request.body or b""
    if isinstance(body, str):
        body = body.encode()
    print(
        json.dumps(
            {
                "request": {
                    "method": request.method,
                    "path": url.path,
                    "query": parse_qsl(url.query, keep_blank_values=True),
                    "body": base64.b64encode(body).decode(),
                }
            }
        ),
        flush=True,
    )
    answer = json.loads(sys.stdin.readline())
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": "r"}
    if answer.get("errorType"):
        headers["x-amzn-ErrorType"] = answer["errorType"]
    return AWSResponse(request.url, answer["status"], headers, Body(base64.b64decode(answer["body"])))


def bare(value):
    """Leaves out what botocore adds."""
    if isinstance(value, list):
        return [bare(each) for each in value]
    if isinstance(value, dict):
        return {name: each for name, each in value.items() if name != "ResponseMetadata"}
    return value


def call(request):
    arguments = request.get("arguments", {})
    if "operation" in request:
        return getattr(client, request["operation"])(**arguments)
    if "paginate" in request:
        return list(client.get_paginator(request["paginate"]).paginate(**arguments))
    waiter = client.get_waiter(request["wait"])
    return waiter.wait(WaiterConfig={"Delay": 0, "MaxAttempts": 3}, **arguments)


def answer(request):
    try:
        result = call(request)
    except botocore.exceptions.ClientError as error:
        details = error.response["Error"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        kind = type(error).__name__
        return {
            "error": details.get("Code", ""), "message": details.get("Message", ""), "status": status, "type": kind,
        }
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)}
    return {"result": bare(result)}


client.meta.events.register("before-send.elastic-transcoder", send)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
