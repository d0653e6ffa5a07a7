"""The client of Elastic Transcoder in boto 2, which has nothing in common with boto3's but the service.

Speaks with the test as elastic_transcoder.py does; the arguments are those of boto 2.
"""

import base64
import json
import sys
from urllib.parse import parse_qsl, urlsplit

import boto.connection
from boto.elastictranscoder.layer1 import ElasticTranscoderConnection


class Response:
    def __init__(self, answer):
        self.status = answer["status"]
        self.reason = ""
        self.error = answer.get("errorType")
        self.body = base64.b64decode(answer["body"])

    def read(self):
        return self.body

    def getheader(self, name):
        return self.error if name == "x-amzn-ErrorType" else None


def make_request(_, method, path, headers=None, data="", params=None, **__):
    url = urlsplit(path)
    query = parse_qsl(url.query, keep_blank_values=True) + list((params or {}).items())
    body = base64.b64encode(data.encode() if isinstance(data, str) else data).decode()
    request = {"method": method, "path": url.path, "query": query, "body": body}
    print(json.dumps({"request": request}), flush=True)
    return Response(json.loads(sys.stdin.readline()))


def answer(request):
    try:
        result = getattr(connection, request["operation"])(**request.get("arguments", {}))
    except boto.exception.JSONResponseError as error:
        kind = type(error).__name__
        return {"error": kind, "message": error.body.get("message", ""), "status": error.status, "type": kind}
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)}
    return {"result": result}


boto.connection.AWSAuthConnection.make_request = make_request
connection = ElasticTranscoderConnection(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret")
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
