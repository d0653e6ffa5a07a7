internal import Jobs

/// How a dead letter looks in the dead-letter queue: the body as it came, the reason beside it.
enum DeadLetterMessage {
    /// Bytes of body and attributes together that every queue takes (Amazon SQS Developer Guide,
    /// "Message quotas"; a queue may be set to take up to 1 MiB).
    static let maximumByteCount = 256 << 10
    static let attributeNames = ["code", "message", "jobID"]
    /// The reason of a message that SQS itself moved, after more deliveries than it allows.
    static let undelivered = "queue.undelivered"

    /// The attributes of `letter`, the message cut so that all of it fits.
    static func attributes(of letter: DeadLetter) -> [String: SQS.Attribute] {
        var attributes = ["code": SQS.Attribute(clean(letter.code, limit: 128, orElse: "unknown"))]
        if let jobID = letter.jobID, !jobID.isEmpty {
            attributes["jobID"] = SQS.Attribute(clean(jobID, limit: 128, orElse: "unknown"))
        }
        let used = attributes.reduce(letter.body.utf8.count) { $0 + $1.value.byteCount(named: $1.key) }
        let left = maximumByteCount - used - "message".utf8.count - "String".utf8.count
        let message = clean(letter.message, limit: left, orElse: "")
        if !message.isEmpty { attributes["message"] = SQS.Attribute(message) }
        return attributes
    }

    static func letter(from message: SQS.Message) -> DeadLetter {
        let attributes = message.attributes ?? [:]
        guard let code = attributes["code"]?.text else {
            return DeadLetter(
                body: message.body,
                code: undelivered,
                message: "the queue gave the message up after too many deliveries"
            )
        }
        return DeadLetter(
            body: message.body,
            code: code,
            message: attributes["message"]?.text ?? "",
            jobID: attributes["jobID"]?.text
        )
    }

    /// At most `limit` bytes of `text`, a blank in place of what SQS refuses.
    private static func clean(_ text: String, limit: Int, orElse other: String) -> String {
        var result = ""
        var byteCount = 0
        for scalar in text.unicodeScalars {
            let allowed: Unicode.Scalar = isAllowed(scalar) ? scalar : " "
            byteCount += UTF8.width(allowed)
            guard byteCount <= limit else { break }
            result.unicodeScalars.append(allowed)
        }
        return result.isEmpty ? other : result
    }

    /// What XML 1.0 can hold, which is what a message may hold.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }
}
