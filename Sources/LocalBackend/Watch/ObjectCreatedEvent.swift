internal import Foundation

/// The event that S3 would send for an object that has appeared.
///
/// The members are those of Amazon S3 User Guide, "Event message structure".
struct ObjectCreatedEvent: Encodable {
    private struct Record: Encodable {
        struct S3: Encodable {
            let bucket: Bucket
            let object: Object
        }
        struct Bucket: Encodable { let name: String }
        struct Object: Encodable {
            let key: String
            let size: Int64
            let eTag: String
            let sequencer: String
        }

        let eventVersion = "2.1"
        let eventSource = "recast:folder"
        let eventTime: String
        let eventName = "ObjectCreated:Put"
        let s3: S3
    }

    private let records: [Record]

    private enum CodingKeys: String, CodingKey { case records = "Records" }

    init(bucket: String, key: String, stamp: FileStamp, time: Date) {
        let object = Record.Object(
            key: Self.encoded(key),
            size: stamp.byteCount,
            eTag: stamp.eTag,
            sequencer: Self.sequencer(stamp)
        )
        records = [
            Record(
                eventTime: time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)),
                s3: Record.S3(bucket: Record.Bucket(name: bucket), object: object)
            )
        ]
    }

    /// Nanoseconds at which this state of the file came to its place, in 16 hexadecimal digits.
    ///
    /// Not the time at which its bytes changed: of two files put in one place the older one may come last.
    private static func sequencer(_ stamp: FileStamp) -> String {
        let digits = String(max(0, stamp.changed), radix: 16, uppercase: true)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The key as S3 spells it in events: form encoding, except that slashes stay.
    static func encoded(_ key: String) -> String {
        let hexadecimal = Array("0123456789ABCDEF")
        return key.utf8.reduce(into: "") { text, byte in
            let character = Character(UnicodeScalar(byte))
            if byte < 0x80, character.isLetter || character.isNumber || "-._*/".contains(character) {
                text.append(character)
            } else if character == " " {
                text.append("+")
            } else {
                text += "%\(hexadecimal[Int(byte >> 4)])\(hexadecimal[Int(byte & 15)])"
            }
        }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
