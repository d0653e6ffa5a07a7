"""Works with Elastic Transcoder as programs always did, at another address; prints what it saw as JSON.

Arguments: the address, and the file with the access key.
"""

import json
import sys

import boto3
import botocore.exceptions

address, key_file = sys.argv[1:]
with open(key_file, encoding="utf-8") as file:
    key = json.load(file)
TOPIC = "arn:aws:sns:us-east-1:123456789012:jobs"
WEB = "1351620000001-100070"


def connect(secret):
    return boto3.client(
        "elastictranscoder",
        region_name="us-east-1",
        endpoint_url=address,
        aws_access_key_id=key["accessKeyId"],
        aws_secret_access_key=secret,
    )


client = connect(key["secretAccessKey"])


def wait(job):
    try:
        waiter = client.get_waiter("job_complete")
        waiter.wait(Id=job["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 100})
    except botocore.exceptions.WaiterError:
        pass
    return client.read_job(Id=job["Id"])["Job"]


def make(name, output, preset=WEB):
    return client.create_job(
        PipelineId=pipeline["Id"],
        Input={"Key": name},
        Outputs=[{"Key": output, "PresetId": preset}],
        OutputKeyPrefix="web/",
    )["Job"]


def refusal(call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return None


pipeline = client.create_pipeline(
    Name="films",
    InputBucket="media",
    OutputBucket="out",
    Role="arn:aws:iam::123456789012:role/transcoder",
    Notifications={"Progressing": TOPIC, "Completed": TOPIC, "Warning": "", "Error": TOPIC},
)["Pipeline"]
seen = {"strangers": refusal(connect("wrong").list_pipelines)}
seen["complete"] = wait(make("in/clip.mp4", "a.mp4"))
seen["again"] = wait(make("in/clip.mp4", "a.mp4"))
seen["missing"] = wait(make("in/none.mp4", "b.mp4"))
web = client.read_preset(Id=WEB)["Preset"]
small = client.create_preset(
    Name="small",
    Container="mp4",
    Video={**web["Video"], "MaxWidth": "320", "MaxHeight": "240", "BitRate": "300"},
    Audio=web["Audio"],
)["Preset"]
seen["small"] = wait(make("in/clip.mp4", "small.mp4", small["Id"]))
client.update_pipeline_status(Id=pipeline["Id"], Status="Paused")
held = [make("in/clip.mp4", "held.mp4", small["Id"]), make("in/clip.mp4", "never.mp4", small["Id"])]
client.cancel_job(Id=held[1]["Id"])
seen["inUse"] = refusal(client.delete_pipeline, Id=pipeline["Id"])
seen["held"] = client.read_job(Id=held[0]["Id"])["Job"]["Status"]
client.update_pipeline_status(Id=pipeline["Id"], Status="Active")
seen["resumed"] = wait(held[0])["Status"]
seen["canceled"] = client.read_job(Id=held[1]["Id"])["Job"]["Status"]
pages = client.get_paginator("list_jobs_by_pipeline").paginate(PipelineId=pipeline["Id"])
seen["jobs"] = [job["Status"] for page in pages for job in page["Jobs"]]
client.delete_preset(Id=small["Id"])
client.delete_pipeline(Id=pipeline["Id"])
seen["gone"] = refusal(client.read_pipeline, Id=pipeline["Id"])
print(json.dumps(seen))
