/// Reads what came as an event, in whatever envelopes.
///
/// Understood are S3 notifications as S3, MinIO, Ceph and Recast's folder watch write them, straight or
/// inside messages of SNS, Lambda's events of SQS and SNS, EventBridge's `Object Created`, and Recast's own
/// messages (Amazon S3 User Guide, "Event message structure"; AWS Lambda Developer Guide, "Using Lambda
/// with Amazon SQS"; Amazon SNS Developer Guide, "Amazon SNS JSON formats"). Any text gets an answer.
package enum EventParser {
    /// Bytes of the longest text that is read: what Lambda delivers at most.
    static let byteLimit = 6 << 20
    /// Texts within texts, the outermost included: Lambda, SQS and SNS around S3's need three.
    static let depthLimit = 4

    /// What `text` says as a whole.
    package static func parse(_ text: String) -> ParsedEvent { parse(text, depth: 1, messageID: nil) }

    /// What `text` says, message by message.
    ///
    /// Lambda's event of a queue holds several messages, each of which succeeds or fails by itself; any
    /// other text is one message.
    package static func events(in text: String) -> [JobEvent] {
        let records = text.utf8.count > byteLimit ? nil : EventDocument(json: text)?["Records"].array
        guard let records, !records.isEmpty, records.allSatisfy(isQueueMessage) else {
            return [JobEvent(messageID: nil, content: parse(text))]
        }
        return records.map { record in
            let id = record["messageId"].filled
            return JobEvent(
                messageID: id,
                content: parse(record["body"].string ?? "", depth: 2, messageID: id)
            )
        }
    }

    private static func parse(_ text: String, depth: Int, messageID: String?) -> ParsedEvent {
        guard depth <= depthLimit else {
            return .malformed(reason: "the event has more than \(depthLimit) envelopes")
        }
        guard text.utf8.count <= byteLimit else {
            return .malformed(reason: "the event has more than \(byteLimit) bytes")
        }
        guard let document = EventDocument(json: text), document.isObject else {
            return .malformed(reason: "the event is not a JSON object")
        }
        if document["recast"].exists { return ownMessage(document["recast"]) }
        if document["Event"].string == "s3:TestEvent" {
            return .nothing(reason: "it is the test event of a new notification")
        }
        if let type = document["Type"].string {
            return topicMessage(document, type: type, depth: depth, messageID: messageID)
        }
        if let type = document["detail-type"].string {
            return busEvent(document, type: type, messageID: messageID)
        }
        guard let records = document["Records"].array else {
            return .malformed(reason: "the event has none of the shapes known")
        }
        guard !records.isEmpty else { return .nothing(reason: "the event has no records") }
        var collection = EventCollection()
        for record in records { collect(record, into: &collection, depth: depth, messageID: messageID) }
        return collection.event
    }

    private static func ownMessage(_ document: EventDocument) -> ParsedEvent {
        guard let id = document["job"].string, JobID.isValid(id) else {
            return .malformed(reason: "the message names no job")
        }
        return .job(id: id)
    }

    /// A message as SNS delivers it to a queue or an address.
    private static func topicMessage(
        _ document: EventDocument,
        type: String,
        depth: Int,
        messageID: String?
    ) -> ParsedEvent {
        switch type {
        case "Notification":
            guard let message = document["Message"].string else {
                return .malformed(reason: "the notification has no message")
            }
            return parse(message, depth: depth + 1, messageID: messageID)
        case "SubscriptionConfirmation", "UnsubscribeConfirmation":
            return .nothing(reason: "it is a \(type) of a topic")
        default:
            return .malformed(reason: "the type \(excerpt(type)) is not known")
        }
    }

    /// An event as EventBridge delivers it, which spells keys as they are.
    private static func busEvent(_ document: EventDocument, type: String, messageID: String?) -> ParsedEvent {
        guard document["source"].string == "aws.s3", type == "Object Created" else {
            return .nothing(reason: "\(excerpt(type)) tells of no object created")
        }
        var collection = EventCollection()
        let record = ObjectRecord(
            bucket: document["detail"]["bucket"],
            object: document["detail"]["object"],
            decoding: .raw,
            source: "aws.s3",
            time: document["time"].string
        )
        collection.add(record, messageID: messageID)
        return collection.event
    }

    private static func isQueueMessage(_ record: EventDocument) -> Bool {
        record["eventSource"].string == "aws:sqs" && record["body"].exists
    }

    private static func collect(
        _ record: EventDocument,
        into collection: inout EventCollection,
        depth: Int,
        messageID: String?
    ) {
        if isQueueMessage(record) {
            let id = record["messageId"].filled
            collection.add(parse(record["body"].string ?? "", depth: depth + 1, messageID: id), messageID: id)
        } else if record["EventSource"].string == "aws:sns" {
            let message = record["Sns"]["Message"].string ?? ""
            let event = parse(message, depth: depth + 1, messageID: messageID)
            collection.add(event, messageID: messageID)
        } else {
            collect(storage: record, into: &collection, messageID: messageID)
        }
    }

    /// A record as an object store writes it.
    private static func collect(
        storage record: EventDocument,
        into collection: inout EventCollection,
        messageID: String?
    ) {
        guard record["s3"].isObject, var name = record["eventName"].string?[...] else {
            collection.skip(.malformed, "a record has none of the shapes known", messageID: messageID)
            return
        }
        // Older versions of Ceph, and MinIO, write the name as a notification's configuration does.
        if name.hasPrefix("s3:") { name = name.dropFirst(3) }
        guard name.hasPrefix("ObjectCreated:") else {
            let reason = "\(excerpt(String(name))) tells of no object created"
            collection.skip(.irrelevant, reason, messageID: messageID)
            return
        }
        let source = record["eventSource"].filled
        let object = ObjectRecord(
            bucket: record["s3"]["bucket"],
            object: record["s3"]["object"],
            decoding: .ofRecords(from: source),
            source: source,
            time: record["eventTime"].string
        )
        collection.add(object, messageID: messageID)
    }

    /// The beginning of a text from outside, fit for a line of a log.
    static func excerpt(_ text: String) -> String {
        let start = String(decoding: text.utf8.prefix(80), as: UTF8.self)
        let line = start.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : String($0) }
        return "\"" + line.joined() + (text.utf8.count > 80 ? "…\"" : "\"")
    }
}
