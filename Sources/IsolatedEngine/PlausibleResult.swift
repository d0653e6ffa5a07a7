internal import FFmpeg
internal import Transcoding

extension TranscodeResult {
    /// Whether the engine could have made this of the request; a hostile process may say anything.
    func isPlausible(for output: EngineRequest.Output, _ limits: IngestLimits) -> Bool {
        let names = [video?.codec, audio?.codec, input.container, input.videoCodec, input.audioCodec]
        let lengths = [duration, input.duration, input.frameRate ?? 0, wallSeconds, cpuSeconds]
        let counts = [
            byteCount, input.byteCount,
        ]
        return outputPath == output.name && names.allSatisfy { ($0 ?? "").utf8.count <= 100 }
            && lengths.allSatisfy { $0.isFinite && $0 >= 0 } && counts.allSatisfy { $0 > 0 }
            && hasPlausiblePictures(for: output.preset)
            && duration <= 2 * limits.maxDuration && (audio?.byteCount ?? 0) >= 0
            && stages.count < 100
    }

    private func hasPlausiblePictures(for preset: Preset) -> Bool {
        guard let preset = preset.video else { return video == nil && size == nil }
        guard let video, let size else { return false }
        let most = preset.boundingSize
        return video.byteCount > 0 && frameCount > 0 && decodedFrameCount > 0
            && size.width > 0 && size.width <= most.width && size.height > 0 && size.height <= most.height
    }
}
