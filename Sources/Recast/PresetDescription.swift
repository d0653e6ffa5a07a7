internal import FFmpeg
internal import Foundation
internal import Transcoding

/// Presets in the words of the command line.
enum PresetDescription {
    /// Container, codecs, size and rates on one line.
    static func line(_ preset: Preset) -> String {
        var parts = [preset.container.rawValue]
        if let video = preset.video {
            let rate = video.bitsPerSecond.map { "\($0 / 1000)k" } ?? "auto"
            parts.append("\(video.codec.rawValue) \(size(video)) \(frameRate(video.frameRate)) fps \(rate)")
        }
        if let audio = preset.audio {
            let rate = audio.bitsPerSecond.map { "\($0 / 1000)k" } ?? "\(audio.bitDepth) bit"
            parts.append(
                "\(audio.codec.rawValue) \(audio.channelCount.map { "\($0) ch" } ?? "all ch") \(rate)"
            )
        }
        return parts.joined(separator: ", ")
    }

    /// Every field, by the name it has in a document.
    static func fields(_ preset: Preset) -> [(name: String, value: String)] {
        var fields = [("Id", preset.id), ("Container", preset.container.rawValue)]
        if let video = preset.video { fields += self.fields(video) }
        if let audio = preset.audio { fields += self.fields(audio) }
        let engine = preset.engine
        fields += [
            ("Engine.ExactFrameRate", "\(engine.exactFrameRate)"), ("Engine.Speed", engine.speed.rawValue),
            ("Engine.RateControl", engine.rateControl.rawValue),
        ]
        if let quality = engine.quality { fields.append(("Engine.Quality", "\(quality)")) }
        return fields
    }

    private static func fields(_ video: Preset.Video) -> [(String, String)] {
        var fields = [("Video.Codec", video.codec.rawValue)]
        func add(_ name: String, _ value: String?) {
            if let value { fields.append(("Video.\(name)", value)) }
        }
        add("Profile", video.profile)
        add("Level", video.level)
        if video.codec == .h264 { add("MaxReferenceFrames", "\(video.maxReferenceFrames)") }
        if video.codec == .mpeg2 { add("ChromaSubsampling", video.chroma.rawValue) }
        if video.codec == .gif {
            add("LoopCount", video.loopCount.map { "\($0)" } ?? "infinite")
        } else {
            add("KeyframesMaxDist", "\(video.maxKeyframeDistance)")
            add("FixedGOP", "\(video.hasFixedGOP)")
            add("BitRate", video.bitsPerSecond.map { "\($0 / 1000) kbit/s" } ?? "auto")
        }
        add("MaxBitRate", video.maxBitsPerSecond.map { "\($0 / 1000) kbit/s" })
        add("BufferSize", video.bufferBits.map { "\($0 / 1000) kbit" })
        add("FrameRate", frameRate(video.frameRate))
        add("MaxSize", size(video))
        add("DisplayAspectRatio", ratio(video.displayAspectRatio))
        add("SizingPolicy", video.sizing.rawValue)
        add("PaddingPolicy", video.padding.rawValue)
        add("InterlacedMode", video.scan.rawValue)
        add("ColorSpaceConversion", video.colorConversion.rawValue)
        return fields
    }

    private static func fields(_ audio: Preset.Audio) -> [(String, String)] {
        var fields = [("Audio.Codec", audio.codec.rawValue)]
        if audio.codec == .aac { fields.append(("Audio.Profile", audio.profile.rawValue)) }
        if let rate = audio.bitsPerSecond { fields.append(("Audio.BitRate", "\(rate / 1000) kbit/s")) }
        if audio.bitsPerSecond == nil { fields.append(("Audio.BitDepth", "\(audio.bitDepth)")) }
        fields += [
            ("Audio.SampleRate", audio.sampleRate.map { "\($0) Hz" } ?? "auto"),
            ("Audio.Channels", audio.channelCount.map { "\($0)" } ?? "auto"),
        ]
        if audio.packing != .singleTrack { fields.append(("Audio.PackingMode", audio.packing.rawValue)) }
        return fields
    }

    private static func size(_ video: Preset.Video) -> String {
        video.maxSize.map { "\($0)" } ?? "auto (\(Preset.Video.defaultMaxSize))"
    }

    private static func ratio(_ ratio: Rational?) -> String {
        ratio.map { "\($0.numerator):\($0.denominator)" } ?? "auto"
    }

    private static func frameRate(_ rate: Preset.FrameRate) -> String {
        func text(_ rate: Rational) -> String { String(format: "%.4g", rate.value) }
        return switch rate {
        case .auto(let most): "auto (\(text(most)))"
        case .fixed(let rate): text(rate)
        }
    }
}
