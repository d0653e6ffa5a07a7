internal import FFmpeg
internal import Foundation

/// Opening an input and judging its damage, with errors that name the file.
enum InputOpening {
    static func body(_ input: TranscodeInput, _ limits: IngestLimits) throws(TranscodingError) -> InputBody {
        let reader: any ByteReader
        switch input {
        case .file(let path): reader = try file(path)
        case .reader(let given, _): reader = given
        }
        guard reader.byteCount > 0 else { throw TranscodingError(.inputEmpty, "\(input.name) is empty") }
        guard reader.byteCount <= limits.maxInputBytes else {
            throw .limit(
                "maxInputBytes",
                "\(input.name) has \(reader.byteCount) bytes; at most \(limits.maxInputBytes)"
            )
        }
        return InputBody(reader)
    }

    private static func file(_ path: String) throws(TranscodingError) -> FileReader {
        do {
            return try FileReader(path: path)
        } catch {
            switch error {
            case .missing: throw TranscodingError(.inputMissing, "\(path) does not exist")
            case .denied:
                throw TranscodingError(.inputMissing, "\(path) may not be read; check its permissions")
            case .notAFile: throw TranscodingError(.inputUnreadable, "\(path) is not a regular file")
            case .failed(let code):
                throw TranscodingError(
                    .inputMissing,
                    "\(path) cannot be opened: \(String(cString: strerror(code)))"
                )
            }
        }
    }

    static func demuxer(
        _ body: InputBody,
        _ limits: IngestLimits,
        _ name: String
    ) throws(TranscodingError) -> Demuxer {
        do {
            return try Demuxer.open(body, limits: limits)
        } catch {
            if error.isInterrupted {
                throw .limit("openSeconds", "\(name) took over \(Int(limits.openSeconds)) s to open")
            }
            if error.isTooMuch {
                throw .limit("maxStreams", "\(name) has too many streams; at most \(limits.maxStreams)")
            }
            throw TranscodingError(
                .inputUnreadable,
                "\(name) is not a video or sound file that can be read, or it is cut short (\(error.reason))",
                cause: error
            )
        }
    }

    /// Refuses codecs that no listed decoder takes.
    static func checkDecoders(
        _ plan: InputPlan,
        _ limits: IngestLimits,
        _ name: String
    ) throws(TranscodingError) {
        for stream in [plan.video] + (plan.audio.map { [$0] } ?? []) {
            do { _ = try Decoder.open(stream, limits: limits, threads: 1) } catch {
                let kind = stream.kind == .video ? "video" : "sound"
                throw TranscodingError(
                    .inputUnsupported,
                    "\(name) has \(kind) in \(stream.codec), which is not supported",
                    cause: error
                )
            }
        }
    }

    /// Refuses what decoded with more than a little damage: silence about it would lose video.
    ///
    /// Tolerated are 2 decode errors or one in 200 pictures, and half a second or 2 % of missing time.
    static func checkDamage(
        _ tally: DecodeStage.Tally,
        _ plan: InputPlan,
        soundEnd: Double,
        readFailure: FFmpegError?,
        name: String
    ) throws(TranscodingError) {
        guard tally.frameCount > 0 else {
            throw TranscodingError(.inputDamaged, "no picture of \(name) could be decoded")
        }
        if let readFailure {
            throw TranscodingError(
                .inputDamaged,
                "\(name) is damaged: after \(seconds(tally.endSeconds)) s \(readFailure.reason)"
            )
        }
        if tally.errorCount > max(2, tally.frameCount / 200) {
            throw TranscodingError(
                .inputDamaged,
                "\(name) is damaged: \(tally.errorCount) of \(tally.frameCount) pictures have errors"
            )
        }
        let promised = plan.statedVideoDuration ?? plan.statedDuration ?? 0
        let reached = plan.statedVideoDuration == nil ? max(tally.endSeconds, soundEnd) : tally.endSeconds
        if promised - reached > max(0.5, promised * 0.02) {
            throw TranscodingError(
                .inputDamaged,
                "\(name) is cut short: it promises \(seconds(promised)) s and holds \(seconds(reached)) s"
            )
        }
    }

    private static func seconds(_ value: Double) -> String { String(format: "%.2f", value) }
}

/// Any error as the engine's own.
enum FailureTranslation {
    static func of(_ error: any Error) -> TranscodingError {
        if let error = error as? TranscodingError { return error }
        return TranscodingError(.engine, "\(error)", cause: error as? FFmpegError)
    }
}
