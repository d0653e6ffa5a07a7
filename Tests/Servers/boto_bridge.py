"""Calls AWS operations for tests that ask by lines of JSON on standard input, and answers with a line each.

Request: {"service": "sqs", "operation": "create_queue", "arguments": {"QueueName": "q"}}
Answer: {"result": {…}}, or {"error": "NoSuchKey", "message": "…"}
Bytes are {"$bytes": base64} both ways. boto3 finds endpoints and keys in the environment, and in
RECAST_BOTO_ATTEMPTS how often it may try.
"""

import base64
import json
import os
import sys

import boto3
import botocore.config
import botocore.exceptions

ATTEMPTS = int(os.environ.get("RECAST_BOTO_ATTEMPTS", "3"))
clients = {}


def client(service):
    if service not in clients:
        clients[service] = boto3.client(
            service,
            config=botocore.config.Config(
                retries={"total_max_attempts": ATTEMPTS}, s3={"addressing_style": "path"}
            ),
        )
    return clients[service]


def to_python(value):
    if isinstance(value, dict):
        if set(value) == {"$bytes"}:
            return base64.b64decode(value["$bytes"])
        return {name: to_python(each) for name, each in value.items()}
    if isinstance(value, list):
        return [to_python(each) for each in value]
    return value


def to_json(value):
    if isinstance(value, dict):
        return {name: to_json(each) for name, each in value.items() if name != "ResponseMetadata"}
    if isinstance(value, (list, tuple)):
        return [to_json(each) for each in value]
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def answer(request):
    try:
        operation = getattr(client(request["service"]), request["operation"])
        return {"result": to_json(operation(**to_python(request.get("arguments", {}))))}
    except botocore.exceptions.ClientError as error:
        details = error.response["Error"]
        return {"error": details.get("Code", ""), "message": details.get("Message", "")}
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
