internal import CFFmpeg
internal import Foundation

/// libav's own log, of which nothing is printed and errors are counted.
public enum LogCapture {
    /// Turns libav's lines on standard error off, and counts what decoders and demuxers complain of.
    public static func silence() {
        recast_count_complaints()
        // SVT-AV1 writes its own lines unless its variable says that only the worst are wanted.
        setenv("SVT_LOG", "0", 0)
    }
}

/// How often libav logged an error about one decoder or demuxer.
///
/// Decoders hide much damage: they return a picture and success, and only their log tells. Frame threads'
/// copies of a context share its `opaque`, and so the number.
// Safe: the number is read and written atomically only.
final class Complaints: @unchecked Sendable {
    private let number = UnsafeMutablePointer<Int64>.allocate(capacity: 1)

    init() { number.initialize(to: 0) }

    deinit { number.deallocate() }

    var count: Int { Int(recast_complaints(number)) }

    /// What a context's `opaque` has to be for its complaints to be counted here.
    var opaque: UnsafeMutableRawPointer { UnsafeMutableRawPointer(number) }
}
