internal import FFmpeg

/// Which encoder a preset's sound means, and its settings.
struct AudioEncoderChoice: Equatable {
    /// libav's name.
    let name: String
    let options: CodecOptions
    /// What the encoder takes.
    let sampleFormat: SampleFormat
    /// libav's name of the codec.
    let codec: String

    init(_ preset: Preset.Audio) {
        var options: CodecOptions = [:]
        if let rate = preset.bitsPerSecond { options["b"] = "\(rate)" }
        switch preset.codec {
        case .aac: (name, codec) = ("aac", "aac")
        case .mp3: (name, codec) = ("libmp3lame", "mp3")
        case .mp2: (name, codec) = ("libtwolame", "mp2")
        case .vorbis: (name, codec) = ("libvorbis", "vorbis")
        case .opus: (name, codec) = ("libopus", "opus")
        case .flac: (name, codec) = ("flac", "flac")
        case .pcm:
            name = preset.bitDepth == 8 ? "pcm_u8" : "pcm_s\(preset.bitDepth)le"
            codec = name
        }
        // 24 bits travel in 32.
        if preset.codec == .flac, preset.bitDepth == 24 { options["bits_per_raw_sample"] = "24" }
        self.options = options
        switch preset.codec {
        case .aac, .mp3, .mp2, .vorbis: sampleFormat = .floatPlanar
        case .opus: sampleFormat = .float
        case .flac, .pcm:
            sampleFormat = preset.bitDepth == 8 ? .unsigned8 : preset.bitDepth == 16 ? .signed16 : .signed32
        }
    }
}
