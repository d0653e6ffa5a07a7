internal import FFmpeg
internal import Foundation
internal import IsolatedEngine
internal import Logging
internal import Transcoding

/// Transcodes one input into one output and publishes it.
struct RenditionUpload: Sendable {
    let runner: JobRunner
    let request: EngineRequest
    let input: ObjectInput
    let place: RenditionPlace
    let attributes: ObjectAttributes
    let progress: JobProgress

    /// A rendition, and what its input was.
    struct Made: Sendable {
        let rendition: Rendition
        /// `nil` when an earlier attempt made it.
        let detected: Job.DetectedMedia?
    }

    /// Returns what was published, or `nil` when `keep`, called just before, says that the claim is lost.
    ///
    /// Nothing is visible before the engine has checked the output. A decoder that dies gets one more try in a
    /// fresh process.
    func run(_ log: Logger, keep: @Sendable (Rendition) async throws -> Bool) async throws -> Made? {
        do {
            return try await stream(keep)
        } catch EngineFailure.transcoding(let error) where error.code == .engineCrashed {
            log.warning("engine crashed, trying once more", metadata: ["reason": "\(error.message)"])
            return try await stream(keep)
        } catch EngineFailure.transcoding(let error) where error.code == .outputNeedsFile {
            log.info("output is spooled", metadata: ["reason": "\(error.message)"])
            return try await spool(keep)
        }
    }

    private func stream(_ keep: @Sendable (Rendition) async throws -> Bool) async throws -> Made? {
        let upload = MultipartOutput(
            store: runner.objects,
            location: place.target,
            attributes: attributes,
            partSize: partSize
        )
        do {
            let result = try await runner.engine(request, input, .stream(upload), progress.take)
            do { try await upload.finish() } catch { throw EngineFailure.output(error) }
            return try await publish(result, upload, keep)
        } catch {
            await upload.abort()
            throw error
        }
    }

    /// Makes the output as a file first, and uploads that.
    private func spool(_ keep: @Sendable (Rendition) async throws -> Bool) async throws -> Made? {
        let folder = runner.settings.spoolFolder
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = "\(folder)/\(place.job.id)-\(place.output.id)-\(place.job.attempt).mp4"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try? FileManager.default.removeItem(atPath: path)
        let result = try await runner.engine(request, input, .file(path: path), progress.take)
        guard result.byteCount <= runner.settings.spoolLimit else {
            throw TranscodingError(
                .inputLimit,
                "the output has \(result.byteCount) bytes; at most \(runner.settings.spoolLimit) may be spooled"
            )
        }
        let upload = MultipartOutput(
            store: runner.objects,
            location: place.target,
            attributes: attributes,
            partSize: partSize
        )
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            var offset: Int64 = 0
            while let data = try file.read(upToCount: 4 << 20), !data.isEmpty {
                try await upload.write(data, at: offset)
                offset += Int64(data.count)
            }
            try await upload.finish()
            return try await publish(result, upload, keep)
        } catch {
            await upload.abort()
            throw error
        }
    }

    /// What the preset's rates can make of the longest input that its size allows.
    private var partSize: Int {
        let rate = Int64(request.preset.expectedBitsPerSecond) / 8
        return MultipartOutput.partSize(expected: Int64(request.limits.maxDuration) * rate)
    }

    private func publish(
        _ result: TranscodeResult,
        _ upload: MultipartOutput,
        _ keep: @Sendable (Rendition) async throws -> Bool
    ) async throws -> Made? {
        var rendition = Rendition(result)
        guard try await keep(rendition) else {
            await upload.abort()
            return nil
        }
        rendition.eTag = try await place.publish { condition throws(BackendError) in
            try await upload.publish(condition: condition)
        }
        // Nothing is left, unless an earlier attempt turned out to have published before.
        await upload.abort()
        return Made(rendition: rendition, detected: Job.DetectedMedia(result.input))
    }
}

extension Rendition {
    init(_ result: TranscodeResult) {
        self.init(
            byteCount: result.byteCount,
            eTag: "",
            durationMilliseconds: Int64((result.duration * 1000).rounded())
        )
        width = result.size?.width
        height = result.size?.height
        frameRate = result.frameRate?.value
        videoCodec = result.video?.codec
        audioCodec = result.audio?.codec
        videoBitsPerSecond = result.video?.bitsPerSecond
        audioBitsPerSecond = result.audio?.bitsPerSecond
        ssim = result.ssim
    }
}
