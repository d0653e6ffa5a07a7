import Foundation
import Jobs

/// Events as their senders write them.
enum EventSamples {
    /// A record of S3; `decorate` makes it another sender's.
    static func record(
        key: String = "dir+a/%C3%B1%2Bb.mp4",
        name: String = "ObjectCreated:Put",
        source: String = "aws:s3",
        bucket: String = "media",
        size: Any = 10,
        object more: [String: Any] = [:]
    ) -> [String: Any] {
        let object: [String: Any] = [
            "key": key, "size": size, "eTag": "9b2cf535f27731c974343645a3985328",
            "sequencer": "0055AED6DCD90281E5",
        ]
        return [
            "eventVersion": "2.1", "eventSource": source, "awsRegion": "eu-west-1",
            "eventTime": "2026-11-23T22:35:10.937Z", "eventName": name,
            "userIdentity": ["principalId": "A1"], "requestParameters": ["sourceIPAddress": "192.0.2.1"],
            "responseElements": ["x-amz-request-id": "R1", "x-amz-id-2": "I1"],
            "s3": [
                "s3SchemaVersion": "1.0", "configurationId": "vids",
                "bucket": [
                    "name": bucket, "arn": "arn:aws:s3:::\(bucket)", "ownerIdentity": ["principalId": "A"],
                ],
                "object": object.merging(more) { $1 },
            ] as [String: Any],
        ]
    }

    static func records(_ records: [[String: Any]]) -> String { text(["Records": records]) }

    static var s3: String { records([record()]) }
    static var minIO: String {
        text([
            "EventName": "s3:ObjectCreated:Put", "Key": "media/dir a/ñ+b.mp4",
            "Records": [
                record(key: "dir+a%2F%C3%B1%2Bb.mp4", name: "s3:ObjectCreated:Put", source: "minio:s3")
            ],
        ])
    }
    static var ceph: String {
        var record = record(key: "dir a/ñ+b.mp4", source: "ceph:s3", object: ["metadata": [], "tags": []])
        record["eventVersion"] = "2.2"
        record["eventTime"] = "2026-11-23T22:35:10.937123Z"
        record["eventId"] = "1764000000.1.abc"
        record["opaqueData"] = ""
        return records([record])
    }
    static var olderCeph: String {
        records([
            record(key: "dir a/ñ+b.mp4", name: "s3:ObjectCreated:Put", source: "ceph:s3", size: "10")
        ])
    }
    static var folder: String { records([record(source: "recast:folder")]) }
    static func eventBridge(tag: String = "etag", type: String = "Object Created") -> String {
        text([
            "version": "0", "id": "e1", "detail-type": type, "source": "aws.s3", "account": "1",
            "time": "2026-11-23T22:35:10Z", "region": "eu-west-1", "resources": ["arn:aws:s3:::media"],
            "detail": [
                "version": "0", "bucket": ["name": "media"],
                "object": [
                    "key": "dir a/ñ+b.mp4", "size": 10, tag: "9b2cf535f27731c974343645a3985328",
                    "sequencer": "0055AED6DCD90281E5",
                ] as [String: Any],
                "request-id": "R1", "requester": "1", "source-ip-address": "192.0.2.1", "reason": "PutObject",
            ] as [String: Any],
        ])
    }
    static var testEvent: String {
        text([
            "Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-11-23T22:35:10.937Z",
            "Bucket": "media", "RequestId": "R1", "HostId": "H1",
        ])
    }
    static func notification(_ message: String, type: String = "Notification") -> String {
        text([
            "Type": type, "MessageId": "n1", "TopicArn": "arn:aws:sns:eu-west-1:1:videos",
            "Subject": "Amazon S3 Notification", "Message": message, "Timestamp": "2026-11-23T22:35:11.000Z",
            "SignatureVersion": "1", "Signature": "AAAA", "SigningCertURL": "https://sns.example/cert.pem",
            "UnsubscribeURL": "https://sns.example/unsubscribe",
        ])
    }
    static func lambdaQueue(_ bodies: [String]) -> String {
        records(
            bodies.enumerated().map { index, body in
                [
                    "messageId": "m\(index + 1)", "receiptHandle": "r", "body": body,
                    "attributes": ["ApproximateReceiveCount": "1", "SentTimestamp": "1764000000000"],
                    "messageAttributes": [:] as [String: Any], "md5OfBody": "m", "eventSource": "aws:sqs",
                    "eventSourceARN": "arn:aws:sqs:eu-west-1:1:q", "awsRegion": "eu-west-1",
                ]
            }
        )
    }
    static func lambdaTopic(_ message: String) -> String {
        records([
            [
                "EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": "arn:aws:sns:::s",
                "Sns": ["Type": "Notification", "MessageId": "n1", "Message": message],
            ]
        ])
    }

    static func text(_ object: [String: Any]) -> String {
        let data = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    /// Every shape that names one object, and always the same one.
    static var ofOneObject: [(name: String, text: String)] {
        [
            ("S3", s3), ("MinIO", minIO), ("Ceph", ceph), ("older Ceph", olderCeph), ("folder watch", folder),
            ("S3 through SNS", notification(s3)), ("Lambda's queue event", lambdaQueue([s3])),
            ("Lambda's topic event", lambdaTopic(s3)), ("EventBridge", eventBridge()),
            ("EventBridge as moto writes it", eventBridge(tag: "eTag")),
            ("EventBridge through a queue and Lambda", lambdaQueue([eventBridge()])),
            ("S3 through SNS, a queue and Lambda", lambdaQueue([notification(s3)])),
            ("four envelopes", lambdaQueue([notification(notification(s3))])),
        ]
    }
}
