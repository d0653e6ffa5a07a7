public import FFmpeg

/// Why a transcode failed: a stable code and a message for people.
public struct TranscodingError: Error, Sendable, CustomStringConvertible {
    /// Raw values are stored in records: add to them, never change one.
    public enum Code: String, Sendable, Codable, CaseIterable {
        case inputMissing = "input.missing"
        case inputEmpty = "input.empty"
        case inputUnreadable = "input.unreadable"
        case inputUnsupported = "input.unsupported"
        case inputDamaged = "input.damaged"
        case inputLimit = "input.limit"
        /// The part that is wanted begins after the input's end.
        case inputTooShort = "input.too-short"
        case presetInvalid = "preset.invalid"
        case outputExists = "output.exists"
        case outputUnwritable = "output.unwritable"
        case outputRejected = "output.rejected"
        /// Only a file can take this output: its index cannot be given a place ahead of time.
        case outputNeedsFile = "output.needs-file"
        case engine = "engine.failed"
        /// The process that transcoded died; another try may work.
        case engineCrashed = "engine.crashed"
        case cancelled = "cancelled"
    }

    /// Whose fault it is.
    public let code: Code
    /// For people; names what is wrong.
    public let message: String
    package let cause: FFmpegError?

    /// Makes an error of a code and a message.
    public init(_ code: Code, _ message: String, cause: FFmpegError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message.
    public var description: String { message }
}
