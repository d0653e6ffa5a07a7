internal import CFFmpeg
internal import Foundation

/// A libav* call that failed: its status and what was being done.
public struct FFmpegError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The negative AVERROR status.
    public let status: Int32
    /// Completes "could not …".
    public let action: String

    init(status: Int32, action: String) {
        self.status = status
        self.action = action
    }

    /// A failure that the operating system's number `errno` names; `action` completes "could not …".
    public init(errno: Int32, action: String) {
        self.init(status: recast_error_from_errno(errno), action: action)
    }

    /// Memory could not be allocated.
    public var isOutOfMemory: Bool { status == recast_error_memory }
    /// The interrupt callback ended the call: a deadline passed or the caller cancelled.
    public var isInterrupted: Bool { status == recast_error_exit }
    /// There is more of something than is allowed.
    public var isTooMuch: Bool { status == recast_error_from_errno(E2BIG) }
    /// The call was given something it cannot work with.
    public var isInvalidArgument: Bool { status == recast_error_argument }

    /// FFmpeg's own words for the status.
    public var reason: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            buffer.initialize(repeating: 0)
            av_strerror(status, buffer.baseAddress, buffer.count)
            return buffer.baseAddress.map { String(cString: $0) } ?? "error \(status)"
        }
    }

    /// `could not ACTION: REASON`.
    public var description: String { "could not \(action): \(reason)" }
}

/// Returns `status`, or throws when FFmpeg reports failure with a negative one.
@discardableResult
func check(_ status: Int32, _ action: @autoclosure () -> String) throws(FFmpegError) -> Int32 {
    guard status >= 0 else { throw FFmpegError(status: status, action: action()) }
    return status
}

/// Returns what a call allocated, or throws when it allocated nothing.
func allocated<Value>(_ value: Value?, _ action: String) throws(FFmpegError) -> Value {
    guard let value else { throw FFmpegError(status: recast_error_memory, action: action) }
    return value
}
