"""Uploads a video and waits for its rendition: upload.py FILE BUCKET KEY MAIL [TABLE]

KEY is project/step/name.mp4. Needs boto3; endpoints, region and credentials are AWS's usual variables.
"""

import sys
import time

import boto3

path, bucket, key, mail = sys.argv[1:5]
table = boto3.resource("dynamodb").Table(sys.argv[5] if len(sys.argv) > 5 else "responses")
project, step = key.split("/")[:2]
place = {"ProjectStep": f"{project}-{step}", "Mail": mail}

table.put_item(Item={**place, "video": key})
boto3.client("s3").upload_file(path, bucket, key)

record = {}
while record.get("status") not in ("Complete", "Error", "Canceled"):
    time.sleep(1)
    record = table.get_item(Key=place, ConsistentRead=True)["Item"]
if record["status"] != "Complete":
    sys.exit(f"{record['status']}: {record.get('errorMessage', '')}")
print(f"{record['outputBucket']}/{record['outputKey']}: {record['width']}x{record['height']}, {record['duration']} s")
