internal import Foundation

/// Whose video of which project and step: where it is uploaded, and where its record is.
package struct VideoAddress: Sendable, Equatable {
    /// Why a project or a mail is refused, as the answer says it.
    package struct Refusal: Error, Sendable, Equatable {
        package let message: String
    }

    package let project: String
    package let step: Int
    package let mail: String

    /// Bytes a project's name may have; the object key has to hold it, and a file name, too.
    static let longestProject = 200
    /// DynamoDB allows no longer sort key.
    static let longestMail = 1024

    /// Takes the three as they come with a request, decoded.
    package init(project: String, step: String, mail: String) throws(Refusal) {
        try self.init(project: project, step: try Self.step(step), mail: mail)
    }

    private init(project: String, step: Int, mail: String) throws(Refusal) {
        guard Self.isProject(project) else {
            throw Refusal(
                message: "project must be 1 to \(Self.longestProject) bytes without control characters and "
                    + #"none of / \ < > { } [ ] ^ % ` " ~ # |, and neither . nor .."#
            )
        }
        self.project = project
        self.step = step
        self.mail = try Self.checked(mail: mail)
    }

    /// The number of a step.
    package static func step(_ text: String) throws(Refusal) -> Int {
        guard let step = SiteStep.parse(text) else {
            throw Refusal(message: "step must be a number from \(Int.min) to \(Int.max)")
        }
        return step
    }

    package static func checked(mail: String) throws(Refusal) -> String {
        let length = mail.utf8.count
        guard length <= longestMail, !mail.hasPrefix("key:"), !hasControls(mail) else {
            throw Refusal(
                message: "mail must be at most \(longestMail) bytes without control characters, and must not "
                    + "begin with key:"
            )
        }
        return mail
    }

    /// The record's partition key.
    package var projectStep: String { "\(project)-\(step)" }

    /// Where the video is uploaded; with `salt` nobody else can know it.
    package func objectKey(salt: String? = nil) -> String {
        let digest = BLAKE2b.hash(Data(mail.utf8), byteCount: 10).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return "\(project)/\(step)/\(digest.joined())\(salt.map { "-" + $0 } ?? "").webm"
    }

    /// Characters that Amazon advises to keep out of object keys are no part of a name, nor is anything
    /// that an upload form would replace.
    private static func isProject(_ text: String) -> Bool {
        (1...longestProject).contains(text.utf8.count) && text != "." && text != ".." && !hasControls(text)
            && !text.unicodeScalars.contains { #"/\<>{}[]^%`"~#|"#.unicodeScalars.contains($0) }
    }

    private static func hasControls(_ text: String) -> Bool {
        text.unicodeScalars.contains { scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .surrogate: true
            default: false
            }
        }
    }
}
