internal import FFmpeg

/// Which muxer a preset's container means, and its options.
struct MuxerChoice: Equatable {
    /// libav's name.
    let format: String
    var options: CodecOptions = [:]
    /// Whether the streams' headers go into the container instead of among the packets.
    var hasGlobalHeader = true

    init(_ preset: Preset) {
        switch preset.container {
        case .mp4: format = "mp4"
        case .m4a: format = "ipod"
        case .fmp4:
            format = "mp4"
            options["movflags"] = "+frag_keyframe+delay_moov+default_base_moof"
            // Sound has no keyframes to begin fragments at.
            if preset.video == nil { options["frag_duration"] = "2000000" }
        case .webm: format = "webm"
        case .ts:
            format = "mpegts"
            hasGlobalHeader = false
        case .flv: format = "flv"
        case .mpg:
            format = "vob"
            hasGlobalHeader = false
        case .mxf:
            format = "mxf"
            hasGlobalHeader = false
        case .mp2: format = "mp2"
        case .mp3: format = "mp3"
        case .ogg: format = "ogg"
        case .oga: format = "oga"
        case .flac: format = "flac"
        case .wav: format = "wav"
        case .gif:
            format = "gif"
            hasGlobalHeader = false
            // libav counts the repetitions, with 0 for ever and -1 for none.
            let count = preset.video?.loopCount
            options["loop"] = "\(count.map { $0 == 0 ? -1 : $0 } ?? 0)"
        }
    }
}

extension Container {
    /// Whether the file is MP4 with its index at the start.
    var hasMoovFirst: Bool { self == .mp4 || self == .m4a }

    /// What a file's name ends in, without the dot.
    public var fileExtension: String {
        switch self {
        case .fmp4: "mp4"
        default: rawValue
        }
    }

    /// The type of the media, as HTTP names it (IANA, RFC 6381).
    public func contentType(hasVideo: Bool) -> String {
        switch self {
        case .mp4, .fmp4: hasVideo ? "video/mp4" : "audio/mp4"
        case .m4a: "audio/mp4"
        case .webm: hasVideo ? "video/webm" : "audio/webm"
        case .ts: "video/mp2t"
        case .flv: "video/x-flv"
        case .mpg: "video/mpeg"
        case .mxf: "application/mxf"
        case .mp2, .mp3: "audio/mpeg"
        case .ogg, .oga: "audio/ogg"
        case .flac: "audio/flac"
        case .wav: "audio/wav"
        case .gif: "image/gif"
        }
    }
}
