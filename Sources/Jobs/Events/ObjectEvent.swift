package import Foundation

/// Word of an object that was created.
package struct ObjectEvent: Codable, Sendable, Equatable {
    package var bucket: String
    /// Decoded: the key as the store knows it.
    package var key: String
    package var byteCount: Int64?
    /// Without quotation marks.
    package var eTag: String?
    package var versionID: String?
    /// Hexadecimal; compare with `Sequencer`.
    package var sequencer: String?
    package var eventTime: Date?
    /// Who says so, such as `aws:s3`, `ceph:s3` or `aws.s3` for EventBridge; `nil` when it is not stated.
    package var source: String?
    /// The message of a Lambda batch that brought the event; `nil` elsewhere.
    package var messageID: String?

    package init(
        bucket: String,
        key: String,
        byteCount: Int64? = nil,
        eTag: String? = nil,
        versionID: String? = nil,
        sequencer: String? = nil,
        eventTime: Date? = nil,
        source: String? = nil,
        messageID: String? = nil
    ) {
        self.bucket = bucket
        self.key = key
        self.byteCount = byteCount
        self.eTag = eTag
        self.versionID = versionID
        self.sequencer = sequencer
        self.eventTime = eventTime
        self.source = source
        self.messageID = messageID
    }

    /// Whether it is no video but the empty object with which consoles show a folder.
    package var isFolderMarker: Bool { key.utf8.last == UInt8(ascii: "/") && (byteCount ?? 0) == 0 }
}

/// A record of an event that asks for no work.
package struct SkippedRecord: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// It is understood and tells of nothing that was created.
        case irrelevant
        /// It cannot be understood.
        case malformed
    }

    package let kind: Kind
    package let reason: String
    /// The message of a Lambda batch that held the record.
    package let messageID: String?

    package init(_ kind: Kind, _ reason: String, messageID: String? = nil) {
        self.kind = kind
        self.reason = reason
        self.messageID = messageID
    }
}

/// What a text says that came as an event.
package enum ParsedEvent: Sendable, Equatable {
    /// Objects were created, at least one; beside them, records that ask for no work.
    case objects([ObjectEvent], skipped: [SkippedRecord])
    /// Recast's own message: the job of this id is to be run.
    case job(id: String)
    /// It is understood and asks for no work.
    case nothing(reason: String)
    case malformed(reason: String)
}

/// One queue message or event, and what it says.
package struct JobEvent: Sendable, Equatable {
    /// The message of a Lambda batch; `nil` when the event came by itself.
    package let messageID: String?
    package let content: ParsedEvent

    package init(messageID: String?, content: ParsedEvent) {
        self.messageID = messageID
        self.content = content
    }

    /// The queue message that asks a worker to run a job.
    package static func message(forJob id: String) -> String { "{\"recast\":{\"job\":\"\(id)\"}}" }
}
