internal import FFmpeg
internal import Foundation
internal import IsolatedEngine
internal import Transcoding

/// One output on its way from the engine to its place.
struct RenditionUpload: Sendable {
    let runner: JobRunner
    /// Asks for this output alone.
    let request: EngineRequest
    let place: RenditionPlace
    let attributes: ObjectAttributes

    /// A rendition, and what its input was.
    struct Made: Sendable {
        let rendition: Rendition
        /// `nil` when an earlier attempt made it.
        let detected: Job.DetectedMedia?
    }

    /// A new place for the bytes, with parts for what the preset's rates can make of the longest input allowed.
    var destination: MultipartOutput {
        let rate = Int64(request.outputs[0].preset.expectedBitsPerSecond) / 8
        return MultipartOutput(
            store: runner.objects,
            location: place.target,
            attributes: attributes,
            partSize: MultipartOutput.partSize(expected: Int64(request.limits.maxDuration) * rate)
        )
    }

    /// Makes visible what is finished; `nil` when `keep`, called just before, says that the claim is lost.
    func publish(
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
        shortSeconds = result.shortSeconds
    }
}
