"""Does what the handler of the original site did with each upload, and prints the finished job as JSON.

Arguments: the address, the file with the access key, the bucket, the key, and the topic.
"""

import json
import sys

import boto3

address, key_file, bucket, key, topic = sys.argv[1:]
with open(key_file, encoding="utf-8") as file:
    access = json.load(file)
client = boto3.client(
    "elastictranscoder",
    region_name="us-east-1",
    endpoint_url=address,
    aws_access_key_id=access["accessKeyId"],
    aws_secret_access_key=access["secretAccessKey"],
)
pipeline = client.create_pipeline(
    Name="site",
    InputBucket=bucket,
    OutputBucket=bucket,
    Role="arn:aws:iam::123456789012:role/transcoder",
    Notifications={"Progressing": "", "Completed": topic, "Warning": "", "Error": topic},
)["Pipeline"]
job = client.create_job(
    PipelineId=pipeline["Id"],
    Input={"Key": key},
    Outputs=[{"Key": "web/" + key, "PresetId": "1351620000001-100070"}],
    OutputKeyPrefix="output/",
)["Job"]
client.get_waiter("job_complete").wait(Id=job["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 100})
print(json.dumps(client.read_job(Id=job["Id"])["Job"]))
