internal import CProcess
package import Transcoding

/// How memory is laid out while videos are transcoded.
package enum Allocator {
    /// Bytes from which an allocation gets pages of its own.
    private static let mappedByteCount: Int32 = 256 << 10
    private static let arenaCount: Int32 = 2

    /// Keeps the process from growing with the length of a video; to be called first.
    ///
    /// Left alone, glibc raises the threshold to the size of a picture as soon as one is freed. Pictures then
    /// lie among small things in one arena a thread, and the holes between them add up. The cost is none that
    /// could be measured: buffers of pictures are pooled, so they are seldom allocated.
    package static func keepSmall() {
        _ = mallopt(M_MMAP_THRESHOLD, mappedByteCount)
        _ = mallopt(M_ARENA_MAX, arenaCount)
    }

    /// Seconds of video from which giving pages back is worth its time.
    private static let worthwhileSeconds = 3.0

    /// Gives back what only the program's start needed, when the work on a video that is not short begins.
    package static func forgetStart(_ progress: TranscodeProgress) {
        guard progress.input != nil, progress.totalSeconds ?? .infinity >= worthwhileSeconds else { return }
        ProgramPages.release()
    }
}
