internal import Glibc
internal import Jobs

/// A name in a folder, as the bytes Linux has for it.
typealias FileName = [UInt8]

/// Calls of the operating system, with its answers as the backends give them.
enum FileCall {
    /// Repeats a call that a signal interrupted, and returns its answer.
    ///
    /// `action` completes "could not …" and names the thing.
    @discardableResult
    static func check<Answer: FixedWidthInteger>(
        _ action: @autoclosure () -> String,
        _ call: () -> Answer
    ) throws(BackendError) -> Answer {
        guard let answer = answer(call) else { throw error(errno, action()) }
        return answer
    }

    /// The call's answer, or `nil` when it failed; then `errno` says why.
    static func answer<Answer: FixedWidthInteger>(_ call: () -> Answer) -> Answer? {
        while true {
            let answer = call()
            if answer >= 0 { return answer }
            if errno != EINTR { return nil }
        }
    }

    static func error(_ code: Int32, _ action: String) -> BackendError {
        let reason = String(cString: strerror(code))
        return BackendError(kind(of: code), "could not \(action): \(reason)")
    }

    private static func kind(of code: Int32) -> BackendError.Code {
        switch code {
        case ENOENT: .notFound
        case EEXIST: .conflict
        case EACCES, EPERM, EROFS, ELOOP: .denied
        // The last one: the bucket is on another file system than the uploads.
        case ENAMETOOLONG, EINVAL, EXDEV: .invalid
        // A full disk, too many open files, a broken disk: they pass, or somebody sees to it.
        default: .unavailable
        }
    }

    /// Calls `body` with `name` as C has it.
    static func with<Result>(_ name: FileName, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (name + [0]).withUnsafeBufferPointer { bytes in
            bytes.baseAddress!.withMemoryRebound(to: CChar.self, capacity: bytes.count) { body($0) }
        }
    }
}
