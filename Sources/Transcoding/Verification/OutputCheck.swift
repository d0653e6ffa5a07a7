internal import FFmpeg

/// Reads a finished output back before it gets its name.
enum OutputCheck {
    struct Expectation {
        let container: Container
        let limit: Size
        /// Seconds that were encoded.
        let seconds: Double
        /// As many as there are channels, where each has a track of its own.
        let audioTrackCount: Int
        let judgement: OutputJudgement
        /// Threads for decoding the pictures.
        let threads: Int
        /// Pictures that were decoded before they were written; `nil` where they are to be decoded now.
        var pictures: ExaminedPictures?

        /// `nil` without pictures.
        var frameCount: Int? { judgement.frameCount }
    }

    /// What the output says of itself.
    struct Finding {
        let size: Size?
        /// Seconds.
        let duration: Double
        let frameRate: Rational?
        /// In hexadecimal; `nil` when only the head can be read back.
        let sha256: String?
    }

    /// Reads all of an output, and compares streams, size, pictures, clocks, lengths and order of boxes with
    /// what was meant.
    ///
    /// What was not decoded on its way to the output is decoded; the rest has to be what was.
    ///
    /// - Throws: `output.rejected`.
    static func run(
        _ output: any ByteReader,
        _ expected: Expectation,
        _ limits: IngestLimits
    ) throws(TranscodingError) -> Finding {
        do {
            let body = InputBody(output)
            body.beginHash()
            // The head of such an output says all that is asked for; probing would decode its first pictures.
            let isProbed = !expected.container.hasMoovFirst
            let demuxer = try Demuxer.open(body, limits: limits, isProbed: isProbed, isOwn: true)
            let picture = try streams(demuxer.streams, expected).picture
            let found = try MediaExamination.run(
                demuxer,
                body,
                limits,
                threads: expected.threads,
                isQuick: true,
                pictures: expected.pictures,
                name: "the output"
            )
            guard found.containerErrors == 0, found.readFailure == nil else {
                throw TranscodingError(.outputRejected, "the output's container is damaged")
            }
            try expected.judgement.check(found.streams)
            if expected.container.hasMoovFirst { try checkOrder(output) }
            return Finding(
                size: picture?.size,
                duration: found.statedDuration ?? found.duration,
                frameRate: picture?.averageFrameRate,
                sha256: try body.finishHash()
            )
        } catch {
            throw rejection(error)
        }
    }

    /// Compares what the head of an output says with what was meant and with how long the output is.
    ///
    /// The media themselves are out of reach, so the index has to account for every byte of them.
    ///
    /// - Throws: `output.rejected`.
    static func run(
        head: HeadWriter,
        _ expected: Expectation,
        _ limits: IngestLimits
    ) throws(TranscodingError) -> Finding {
        let reader = HeadReader(head: head)
        do {
            let demuxer = try Demuxer.open(InputBody(reader), limits: limits, isProbed: false)
            let (picture, sound) = try streams(demuxer.streams, expected)
            let indexes = [picture, sound].compactMap { $0 }.map { demuxer.index(of: $0) }
            if let picture { try check(count: demuxer.index(of: picture).packetCount, expected) }
            let first = indexes.map(\.range.lowerBound).min() ?? 0
            let last = indexes.map(\.range.upperBound).max() ?? 0
            let bytes = indexes.reduce(0) { $0 + $1.byteCount }
            guard last == reader.byteCount, bytes == last - first else {
                throw TranscodingError(
                    .outputRejected,
                    "the output's index accounts for \(bytes) bytes, from \(first) to \(last) of \(reader.byteCount)"
                )
            }
            try checkOrder(reader)
            let duration = demuxer.duration ?? 0
            guard duration > expected.seconds - 0.5 else {
                throw TranscodingError(
                    .outputRejected,
                    "the output lasts \(duration) s instead of \(expected.seconds)"
                )
            }
            return Finding(
                size: picture?.size,
                duration: duration,
                frameRate: picture?.averageFrameRate,
                sha256: nil
            )
        } catch {
            throw rejection(error)
        }
    }

    private static func streams(
        _ streams: [FFmpeg.Stream],
        _ expected: Expectation
    ) throws(TranscodingError) -> (picture: FFmpeg.Stream?, sound: FFmpeg.Stream?) {
        let video = streams.filter { $0.kind == .video }
        let audio = streams.filter { $0.kind == .audio }
        guard video.count == (expected.frameCount == nil ? 0 : 1), audio.count == expected.audioTrackCount
        else {
            throw TranscodingError(.outputRejected, "the output has the wrong streams")
        }
        guard let picture = video.first else { return (nil, audio.first) }
        guard picture.size.width > 0, picture.size.height > 0, picture.size.width <= expected.limit.width,
            picture.size.height <= expected.limit.height, picture.orientation == .upright
        else { throw TranscodingError(.outputRejected, "the output's picture is \(picture.size)") }
        return (picture, audio.first)
    }

    private static func check(count: Int, _ expected: Expectation) throws(TranscodingError) {
        guard count == expected.frameCount, count > 0 else {
            throw TranscodingError(
                .outputRejected,
                "the output holds \(count) of \(expected.frameCount ?? 0) pictures"
            )
        }
    }

    private static func checkOrder(_ output: any ByteReader) throws {
        guard try boxes(output).prefix(2) == ["ftyp", "moov"] else {
            throw TranscodingError(.outputRejected, "the output's index is not at its start")
        }
    }

    private static func rejection(_ error: any Error) -> TranscodingError {
        if let error = error as? TranscodingError { return error }
        return TranscodingError(.outputRejected, "the output cannot be read back: \(error)")
    }

    /// The types of the top-level boxes (ISO/IEC 14496-12 §4.2), at most 16.
    private static func boxes(_ output: any ByteReader) throws -> [String] {
        var types: [String] = []
        var offset: Int64 = 0
        while types.count < 16 {
            var head = [UInt8](repeating: 0, count: 16)
            let got = try head.withUnsafeMutableBytes { bytes in
                try output.read(at: offset, into: bytes)
            }
            guard got >= 8 else { break }
            types.append(String(decoding: head[4..<8], as: UTF8.self))
            var size = head.prefix(4).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            if size == 1, got == 16 { size = head[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
            guard size >= 8, size <= Int64.max - offset else { break }
            offset += Int64(size)
        }
        return types
    }
}
