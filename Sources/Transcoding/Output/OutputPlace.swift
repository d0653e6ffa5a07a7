internal import FFmpeg
internal import Foundation

/// Where one output is made, checked, and given to whoever wants it.
protocol OutputPlace: Sendable {
    /// How the muxer has to arrange the file.
    var muxerOptions: CodecOptions { get }
    func create() throws(TranscodingError) -> OutputBody
    /// Reads back what was written.
    ///
    /// - Throws: `output.rejected`.
    func check(
        _ expected: OutputCheck.Expectation,
        _ limits: IngestLimits
    ) throws(TranscodingError) -> OutputCheck.Finding
    /// Lets the finished output be seen.
    func publish() throws(TranscodingError)
    /// Removes what was written, if it was not published.
    func discard()
    /// A failed write, in the words of the place.
    func explain(_ failure: FFmpegError) -> TranscodingError
}

extension OutputPlace {
    var muxerOptions: CodecOptions { ["movflags": "+faststart"] }
}

extension TranscodeRequest {
    /// The place of one of the request's outputs.
    ///
    /// - Throws: `output.exists`, `output.unwritable`, `output.needs-file`; before any work is done.
    func place(
        of rendition: Rendition,
        for survey: InputSurvey
    ) throws(TranscodingError) -> any OutputPlace {
        let preset = rendition.preset
        switch rendition.output {
        case .file(let path): return try FilePlace(path, self)
        case .unnamedFile(let writer, let name): return UnnamedPlace(writer: writer, name: name)
        case .writer(let writer, let name):
            guard preset.container.hasMoovFirst, preset.video != nil else {
                throw TranscodingError(
                    .outputNeedsFile,
                    "\(preset.container.rawValue) is not written from front to back"
                )
            }
            let reserve = MoovReserve(
                duration: survey.longestDuration,
                frameRate: preset.video?.maxFrameRate.value ?? 0,
                sampleRate: survey.soundFormat == nil ? nil : preset.audio?.sampleRate ?? 48_000
            )
            guard let reserve else {
                throw TranscodingError(.outputNeedsFile, "\(input.name) does not say how long it is")
            }
            return try StreamPlace(writer, name, reserve)
        }
    }
}

/// A file that is open already and that somebody else names and removes.
private struct UnnamedPlace: OutputPlace {
    let writer: any ByteWriter
    let name: String

    func create() -> OutputBody { OutputBody(writer) }

    func check(
        _ expected: OutputCheck.Expectation,
        _ limits: IngestLimits
    ) throws(TranscodingError) -> OutputCheck.Finding {
        try OutputCheck.run(WrittenBytes(writer: writer), expected, limits)
    }

    func publish() {}
    func discard() {}

    func explain(_ failure: FFmpegError) -> TranscodingError {
        TranscodingError(.outputUnwritable, "\(name) cannot be written: \(failure.reason)", cause: failure)
    }
}

/// Reads what a writer was given.
private struct WrittenBytes: ByteReader {
    let writer: any ByteWriter
    var byteCount: Int64 { writer.byteCount }
    var isRemote: Bool { writer.isRemote }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(FFmpegError) -> Int {
        try writer.read(at: offset, into: buffer)
    }

    func interrupt() {}
}

/// A place that is written from front to back, its head last.
private struct StreamPlace: OutputPlace {
    let head: HeadWriter
    let name: String
    let reserve: MoovReserve

    init(_ writer: any ByteWriter, _ name: String, _ reserve: MoovReserve) throws(TranscodingError) {
        do { head = try HeadWriter(writer, headByteCount: reserve.headByteCount) } catch {
            throw TranscodingError(.engine, error.description, cause: error)
        }
        self.name = name
        self.reserve = reserve
    }

    var muxerOptions: CodecOptions { ["moov_size": "\(reserve.byteCount)"] }

    func create() -> OutputBody { OutputBody(head) }

    func check(
        _ expected: OutputCheck.Expectation,
        _ limits: IngestLimits
    ) throws(TranscodingError) -> OutputCheck.Finding {
        try OutputCheck.run(head: head, expected, limits)
    }

    func publish() throws(TranscodingError) {
        do { try head.publish() } catch { throw explain(error) }
    }

    /// What was passed on is for the writer's owner to throw away.
    func discard() {}

    func explain(_ failure: FFmpegError) -> TranscodingError {
        // The muxer calls a place that its index fills to within 8 bytes an invalid argument.
        guard head.didOverflow || failure.isInvalidArgument else {
            return TranscodingError(
                .outputUnwritable,
                "\(name) cannot be written: \(failure.reason)",
                cause: failure
            )
        }
        return TranscodingError(
            .outputNeedsFile,
            "the index of \(name) needs more than the \(reserve.byteCount) bytes in front of it",
            cause: failure
        )
    }
}
