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
            case .missing: throw TranscodingError(.inputMissing, "\(path) does not exist\(hint(path))")
            case .denied:
                throw TranscodingError(.inputMissing, "\(path) may not be read; check its permissions")
            case .notAFile:
                var isFolder: ObjCBool = false
                _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
                let what =
                    isFolder.boolValue
                    ? "is a folder; name the files in it" : "is not a regular file, but a device or a pipe"
                throw TranscodingError(.inputUnreadable, "\(path) \(what)")
            case .failed(let code):
                throw TranscodingError(
                    .inputMissing,
                    "\(path) cannot be opened: \(String(cString: strerror(code)))"
                )
            }
        }
    }

    /// What may be the matter with a path that names nothing.
    private static func hint(_ path: String) -> String {
        if path.hasPrefix("http://") || path.hasPrefix("https://") {
            return "; addresses are not read: download the file first"
        }
        // What Swift puts where an argument of the program is no UTF-8.
        return path.unicodeScalars.contains("\u{FFFD}") ? "; names of files must be UTF-8" : ""
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
        for stream in plan.streams {
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

    /// Judges what was decoded, and refuses it when it is damaged by more than a little.
    ///
    /// - Throws: `input.damaged`, also where damage is allowed but no picture is left.
    static func damage(
        _ pictures: DecodeStage.Tally?,
        _ sound: AudioStage.Tally,
        _ container: PacketWatch.Finding,
        _ plan: InputPlan,
        span: ClipSpan,
        soundEnd: Double,
        witnessEnd: Double,
        container format: String,
        readFailure: FFmpegError?,
        isAllowed: Bool,
        name: String
    ) throws(TranscodingError) -> InputDamage {
        // Nothing of it is wanted but its time.
        if plan.streams.isEmpty { return InputDamage() }
        if let pictures, pictures.frameCount == 0 {
            throw TranscodingError(.inputDamaged, "no picture of \(name) could be decoded")
        }
        if pictures == nil, plan.audio != nil, soundEnd <= span.start {
            throw TranscodingError(.inputDamaged, "no sound of \(name) could be decoded")
        }
        let pictures = pictures ?? DecodeStage.Tally()
        var tally = DamageTally()
        tally.pictureCount = pictures.frameCount
        tally.pictureErrors = pictures.errorCount
        tally.lostPictures = pictures.lostCount
        tally.leadingErrors = pictures.leadingErrorCount
        tally.soundCount = sound.packetCount
        tally.soundErrors = sound.errorCount
        tally.container = container
        tally.readFailure = readFailure?.reason
        tally.isExact = ["mov", "matroska", "avi"].contains { format.hasPrefix($0) }
        let end = span.end ?? .infinity
        let reached = max(pictures.endSeconds, soundEnd)
        if let promised = plan.ownPromise {
            tally.promises.append((min(promised, end), plan.video == nil ? soundEnd : pictures.endSeconds))
        } else if let promised = plan.sharedPromise {
            tally.promises.append((min(promised, end), max(reached, witnessEnd)))
        }
        let damage = tally.damage
        guard damage.isTolerable || isAllowed else {
            throw TranscodingError(
                .inputDamaged,
                "\(name) is damaged: \(damage); of it "
                    + String(
                        format: "%.2f s, %d pictures, were decoded",
                        pictures.endSeconds,
                        pictures.frameCount
                    )
            )
        }
        return damage
    }
}

/// Any error as the engine's own.
enum FailureTranslation {
    static func of(_ error: any Error) -> TranscodingError {
        if let error = error as? TranscodingError { return error }
        return TranscodingError(.engine, "\(error)", cause: error as? FFmpegError)
    }
}
