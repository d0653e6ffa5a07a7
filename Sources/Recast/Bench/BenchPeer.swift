internal import FFmpeg
internal import Foundation
internal import Transcoding

/// Another program that does the same job, to be measured beside ours.
struct BenchPeer: Sendable, Equatable {
    enum Kind: String, CaseIterable {
        case ffmpeg
        case handBrake = "HandBrakeCLI"
    }

    /// x264's settings: its own `medium`, or those of the engine at the preset's speed.
    enum Settings: String, CaseIterable { case medium, same }

    let kind: Kind
    /// Where the program is, or its name for the PATH.
    let path: String

    /// Reads `KIND` or `KIND=PATH`; a path alone is taken for what its last part begins with.
    init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init
        )
        let path = parts.last ?? text
        let name = parts.count == 2 ? parts[0] : (path as NSString).lastPathComponent
        guard !path.isEmpty, !name.isEmpty,
            let kind = Kind.allCases.first(where: { name.hasPrefix($0.rawValue) })
        else {
            return nil
        }
        self.kind = kind
        self.path = path
    }

    /// What the program calls itself, such as `ffmpeg 5.1.9`.
    var version: String {
        let argument = kind == .ffmpeg ? "-version" : "--version"
        guard let text = try? MeasuredProcess.output([path, argument]) else { return kind.rawValue }
        let words = text.split(whereSeparator: \.isWhitespace)
        let place = kind == .ffmpeg ? words.firstIndex(of: "version") : words.firstIndex(of: "HandBrake")
        guard let place, words.indices.contains(place + 1) else { return kind.rawValue }
        let number = words[place + 1].drop { !$0.isNumber }.split(separator: "-").first ?? ""
        return "\(kind.rawValue) \(number)"
    }

    /// The command that makes the preset's MP4 of `clip`, of pictures of `size`.
    func arguments(
        _ clip: String,
        _ output: String,
        _ preset: Preset,
        _ settings: Settings,
        _ size: Size
    ) throws(TranscodingError) -> [String] {
        guard preset.container == .mp4, let video = preset.video, video.codec == .h264,
            let audio = preset.audio, audio.codec == .aac
        else {
            throw TranscodingError(
                .presetInvalid,
                "only presets of H.264 and AAC in MP4 can be measured against \(kind.rawValue)"
            )
        }
        let own = X264Settings(preset.engine.speed, maxReferenceFrames: video.maxReferenceFrames)
        let tuning = settings == .same ? own : nil
        return switch kind {
        case .ffmpeg: ffmpeg(clip, output, video, audio, tuning, size)
        case .handBrake: handBrake(clip, output, video, audio, tuning, size)
        }
    }

    private func ffmpeg(
        _ clip: String,
        _ output: String,
        _ video: Preset.Video,
        _ audio: Preset.Audio,
        _ tuning: X264Settings?,
        _ size: Size
    ) -> [String] {
        var arguments = [
            path, "-nostdin", "-v", "error", "-y", "-i", clip, "-map", "0:v:0", "-map", "0:a:0?",
        ]
        arguments += ["-vf", "scale=\(size.width):\(size.height)", "-pix_fmt", "yuv420p", "-c:v", "libx264"]
        arguments += ["-preset", tuning?.preset ?? "medium"]
        if let tuning { arguments += ["-x264-params", tuning.text] }
        if let profile = video.profile { arguments += ["-profile:v", profile] }
        if let level = video.level { arguments += ["-level", level] }
        if let rate = video.bitsPerSecond {
            arguments += ["-b:v", "\(rate)", "-maxrate", "14000k", "-bufsize", "14000k"]
        }
        arguments += [
            "-g", "\(video.maxKeyframeDistance)", "-fpsmax", "\(video.maxFrameRate)", "-c:a", "aac",
        ]
        if let rate = audio.bitsPerSecond { arguments += ["-b:a", "\(rate)"] }
        if let rate = audio.sampleRate { arguments += ["-ar", "\(rate)"] }
        if let count = audio.channelCount { arguments += ["-ac", "\(count)"] }
        return arguments + ["-movflags", "+faststart", output]
    }

    private func handBrake(
        _ clip: String,
        _ output: String,
        _ video: Preset.Video,
        _ audio: Preset.Audio,
        _ tuning: X264Settings?,
        _ size: Size
    ) -> [String] {
        var options = ["keyint=\(video.maxKeyframeDistance)", "vbv-maxrate=14000", "vbv-bufsize=14000"]
        if let tuning { options.append(tuning.text) }
        var arguments = [path, "-i", clip, "-o", output, "-f", "av_mp4", "-O", "-e", "x264"]
        arguments += ["--encoder-preset", tuning?.preset ?? "medium"]
        if let profile = video.profile { arguments += ["--encoder-profile", profile] }
        if let level = video.level { arguments += ["--encoder-level", level] }
        if let rate = video.bitsPerSecond { arguments += ["-b", "\(rate / 1000)"] }
        arguments += ["-x", options.joined(separator: ":"), "--no-two-pass", "--crop", "0:0:0:0"]
        arguments += [
            "-w", "\(size.width)", "-l", "\(size.height)", "-r", "\(Int(video.maxFrameRate.value))",
        ]
        arguments += ["--pfr", "--no-comb-detect", "--no-deinterlace", "-E", "av_aac", "--mixdown", "stereo"]
        if let rate = audio.bitsPerSecond { arguments += ["-B", "\(rate / 1000)"] }
        if let rate = audio.sampleRate { arguments += ["-R", "\(Double(rate) / 1000)"] }
        return arguments
    }
}
