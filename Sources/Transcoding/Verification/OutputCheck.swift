internal import FFmpeg
internal import Foundation

/// Reads a finished output back before it gets its name.
enum OutputCheck {
    struct Expectation {
        let frameCount: Int
        let hasAudio: Bool
        let limit: Size
    }

    /// Compares streams, size, picture count and order of boxes with what was meant.
    ///
    /// - Throws: `output.rejected`.
    static func run(
        _ path: String,
        _ expected: Expectation,
        _ limits: IngestLimits
    ) throws(TranscodingError) -> (size: Size, duration: Double, frameRate: Rational) {
        do {
            let body = try InputBody(path: path)
            var demuxer = try Demuxer.open(body, limits: limits)
            let video = demuxer.streams.filter { $0.kind == .video }
            let audio = demuxer.streams.filter { $0.kind == .audio }
            guard let picture = video.first, video.count == 1, audio.count == (expected.hasAudio ? 1 : 0)
            else {
                throw TranscodingError(.outputRejected, "the output has the wrong streams")
            }
            guard picture.size.width <= expected.limit.width, picture.size.height <= expected.limit.height,
                picture.orientation == .upright
            else { throw TranscodingError(.outputRejected, "the output's picture is \(picture.size)") }
            var count = 0
            while let packet = try demuxer.read() {
                if packet.streamIndex == picture.index { count += 1 }
            }
            guard count == expected.frameCount, count > 0 else {
                throw TranscodingError(
                    .outputRejected,
                    "the output holds \(count) of \(expected.frameCount) pictures"
                )
            }
            guard boxes(path).prefix(2) == ["ftyp", "moov"] else {
                throw TranscodingError(.outputRejected, "the output's index is not at its start")
            }
            return (picture.size, demuxer.duration ?? 0, picture.averageFrameRate)
        } catch let error as TranscodingError {
            throw error
        } catch {
            throw TranscodingError(.outputRejected, "the output cannot be read back: \(error)")
        }
    }

    /// The types of the top-level boxes (ISO/IEC 14496-12 §4.2), at most 16.
    private static func boxes(_ path: String) -> [String] {
        guard let file = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? file.close() }
        var types: [String] = []
        var offset: UInt64 = 0
        while types.count < 16 {
            guard (try? file.seek(toOffset: offset)) != nil, let head = try? file.read(upToCount: 16),
                head.count >= 8
            else { break }
            types.append(String(decoding: head[4..<8], as: UTF8.self))
            var size = head.prefix(4).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            if size == 1, head.count == 16 { size = head[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
            let (next, overflow) = offset.addingReportingOverflow(size)
            guard size >= 8, !overflow else { break }
            offset = next
        }
        return types
    }
}
