internal import Foundation

/// The part of a record that names an object.
struct ObjectRecord {
    let bucket: EventDocument
    let object: EventDocument
    let decoding: KeyDecoding
    let source: String?
    let time: String?

    /// Why a record cannot be used.
    struct Failure: Error {
        let reason: String
    }

    /// Bytes; what is longer than this has no place in the identity of a job.
    private static let tagLimit = 128
    /// Bytes; S3 allows 63 today and allowed 255 once.
    private static let bucketLimit = 255
    /// Bytes; S3's own limit.
    private static let keyLimit = 1024

    func event(messageID: String?) throws(Failure) -> ObjectEvent {
        guard let name = bucket["name"].filled else { throw Failure(reason: "a record names no bucket") }
        guard name.utf8.count <= Self.bucketLimit else {
            throw Failure(reason: "the bucket's name has more than \(Self.bucketLimit) bytes")
        }
        guard let spelled = object["key"].filled else { throw Failure(reason: "a record names no key") }
        guard let key = decoding.decode(spelled) else {
            throw Failure(reason: "the key \(EventParser.excerpt(spelled)) is not encoded as S3 does")
        }
        guard key.utf8.count <= Self.keyLimit else {
            throw Failure(
                reason: "the key \(EventParser.excerpt(key)) has more than \(Self.keyLimit) bytes"
            )
        }
        let tag = (object["eTag"].filled ?? object["etag"].filled)?.trimmingCharacters(in: ["\""])
        let version = object["versionId"].filled ?? object["version-id"].filled
        for (text, name) in [(tag, "ETag"), (version, "version")]
        where (text?.utf8.count ?? 0) > Self.tagLimit {
            throw Failure(reason: "the \(name) has more than \(Self.tagLimit) bytes")
        }
        return ObjectEvent(
            bucket: name,
            key: key,
            byteCount: object["size"].count,
            eTag: tag.flatMap { $0.isEmpty ? nil : $0 },
            versionID: version,
            sequencer: object["sequencer"].string.flatMap(Self.sequencer),
            eventTime: time.flatMap(Self.date),
            source: source,
            messageID: messageID
        )
    }

    /// A sequencer that can be compared with others.
    private static func sequencer(_ text: String) -> String? {
        let isUsable =
            (1...Sequencer.length).contains(text.utf8.count)
            && text.utf8.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
        return isUsable ? text : nil
    }

    /// A time as ISO 8601 writes it, with or without fractions of a second.
    static func date(_ text: String) -> Date? {
        guard text.utf8.count <= 40 else { return nil }
        return (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
            ?? (try? Date(text, strategy: Date.ISO8601FormatStyle()))
    }
}

/// Gathers what the records of one event say.
struct EventCollection {
    private var objects: [ObjectEvent] = []
    private var jobs: [String] = []
    private var skipped: [SkippedRecord] = []

    mutating func skip(_ kind: SkippedRecord.Kind, _ reason: String, messageID: String?) {
        skipped.append(SkippedRecord(kind, reason, messageID: messageID))
    }

    mutating func add(_ record: ObjectRecord, messageID: String?) {
        do {
            let event = try record.event(messageID: messageID)
            guard !event.isFolderMarker else {
                let reason = "\(EventParser.excerpt(event.key)) marks a folder"
                return skip(.irrelevant, reason, messageID: messageID)
            }
            objects.append(event)
        } catch {
            skip(.malformed, error.reason, messageID: messageID)
        }
    }

    mutating func add(_ event: ParsedEvent, messageID: String?) {
        switch event {
        case .objects(let objects, let skipped):
            self.objects += objects
            self.skipped += skipped
        case .job(let id): jobs.append(id)
        case .nothing(let reason): skip(.irrelevant, reason, messageID: messageID)
        case .malformed(let reason): skip(.malformed, reason, messageID: messageID)
        }
    }

    /// All of it as one event.
    var event: ParsedEvent {
        if let job = jobs.first {
            let isAll = jobs.count == 1 && objects.isEmpty && skipped.isEmpty
            return isAll
                ? .job(id: job)
                : .malformed(reason: "a batch that names jobs must be read message by message")
        }
        if !objects.isEmpty { return .objects(objects, skipped: skipped) }
        if let worst = skipped.first(where: { $0.kind == .malformed }) {
            return .malformed(reason: worst.reason)
        }
        return .nothing(reason: skipped.first?.reason ?? "the event has no records")
    }
}
