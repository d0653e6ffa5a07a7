internal import CProcess
internal import Foundation
internal import Transcoding

/// Takes from a process what a transcode does not need.
package enum Confinement {
    /// How much of it is in force.
    package struct Extent: Sendable, Equatable {
        /// Landlock: no files, no TCP.
        package let forbidsFiles: Bool
        /// seccomp: no files by name, no sockets, no programs, no other processes.
        package let forbidsCalls: Bool
    }

    /// A step that the kernel refused.
    package struct Failure: Error { package let message: String }

    /// Gives up, for good, everything but memory, time and the descriptors that are open.
    ///
    /// It has to be called while the process has a single thread: Landlock binds the thread that asks for it
    /// and those which that one starts.
    package static func enter() throws(Failure) -> Extent {
        // The file behind it has to be open before files are out of reach.
        Transcoder.prepareForConfinement()
        chdir("/")
        // A change of user forgets the signal of the parent's death, so this comes first.
        try check(recast_leave_root(), "leave root")
        try check(recast_bind_to_parent(), "bind the process to its parent")
        let files = try check(recast_forbid_files(), "shut out files")
        let calls = try check(recast_forbid_calls(), "shut out system calls")
        return Extent(forbidsFiles: files == 1, forbidsCalls: calls == 1)
    }

    /// Bounds the memory and the length of any file; both can only be lowered afterwards.
    static func limit(residentBytes: Int64, fileBytes: Int64) throws(Failure) {
        // The parent watches what is resident. This is for what grows between two of its looks, and counts
        // memory that is reserved and never touched, too.
        let data = 2 * UInt64(max(0, min(residentBytes, 1 << 40))) + (1 << 30)
        try check(recast_limit(data, UInt64(max(0, fileBytes))), "limit the memory")
    }

    @discardableResult
    private static func check(_ status: Int32, _ action: String) throws(Failure) -> Int32 {
        guard status >= 0 else {
            throw Failure(message: "could not \(action): \(String(cString: strerror(-status)))")
        }
        return status
    }
}
