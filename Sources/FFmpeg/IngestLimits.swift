/// The limits and allow-lists of safe opening, in one value.
public struct IngestLimits: Sendable, Equatable, Codable {
    /// Pixels.
    public var maxWidth = 8192
    /// Pixels; a portrait picture may be as high as a landscape one is wide.
    public var maxHeight = 4320
    /// Width times height.
    public var maxPixels = 35_400_000
    /// Frames per second, stated or measured.
    public var maxFrameRate = 240.0
    /// Seconds.
    public var maxDuration = 12.0 * 3600
    /// Bytes of the whole input; 64 GiB unless changed.
    public var maxInputBytes: Int64 = 64 << 30
    /// Streams a container may state.
    public var maxStreams = 32
    /// Seconds between two neighbouring pictures or blocks of sound.
    public var maxGap = 600.0
    /// Bytes of memory of the process that decodes; 2 GiB unless changed.
    public var maxResidentBytes: Int64 = 2 << 30
    /// CPU seconds allowed are this plus `cpuSecondsPerSecond` times the duration.
    public var cpuSecondsBase = 60.0
    /// CPU seconds allowed for each second of input, beside the base.
    public var cpuSecondsPerSecond = 40.0
    /// Wall seconds allowed are this plus `wallSecondsPerSecond` times the duration.
    public var wallSecondsBase = 10.0
    /// Wall seconds allowed for each second of input, beside the base.
    public var wallSecondsPerSecond = 20.0
    /// Output bytes allowed, as a multiple of what the preset's rates lead one to expect.
    public var outputBytesFactor = 4.0
    /// Seconds that opening and probing may take.
    public var openSeconds = 20.0
    /// Channels of one stream of sound.
    public var maxChannels = 16
    /// Samples a second of one stream of sound.
    public var maxSampleRate = 384_000

    /// The defaults.
    public init() {}

    static let formats =
        "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,avi,flv,ogg,wav,mp3,flac,aac,gif"
    static let decoders =
        "h264,hevc,vp8,libvpx,vp9,libvpx-vp9,av1,libdav1d,libaom-av1,mpeg4,mpeg2video,mpeg1video,mjpeg,"
        + "prores,dnxhd,theora,gif,png,aac,aac_fixed,mp3float,mp3,mp2float,mp2,opus,libopus,vorbis,libvorbis,flac,alac,"
        + "ac3,ac3_fixed,eac3,pcm_alaw,pcm_mulaw,pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,"
        + "pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_bluray,pcm_dvd"
}
