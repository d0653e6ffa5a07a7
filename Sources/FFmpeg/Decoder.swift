internal import CFFmpeg

/// Turns one stream's packets into frames.
public struct Decoder: ~Copyable {
    private let context: UnsafeMutablePointer<AVCodecContext>
    /// Packets the decoder refused as damaged.
    public private(set) var errorCount = 0

    private init(owning context: UnsafeMutablePointer<AVCodecContext>) { self.context = context }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&context)
    }

    /// Opens the decoder of a stream.
    ///
    /// Each of the frame `threads` holds a picture of its own. It throws when the codec is not one of the
    /// listed ones or refuses the parameters.
    public static func open(
        _ stream: Stream,
        limits: IngestLimits,
        threads: Int
    ) throws(FFmpegError) -> Decoder {
        let parameters = stream.parameters.pointer
        let codec = codec(for: stream)
        let decoder = Decoder(owning: try allocated(avcodec_alloc_context3(codec), "create a decoder"))
        try check(avcodec_parameters_to_context(decoder.context, parameters), "configure the decoder")
        decoder.context.pointee.pkt_timebase = stream.timebase.av
        decoder.context.pointee.thread_count = Int32(threads)
        decoder.context.pointee.max_pixels = Int64(limits.maxPixels)
        av_opt_set(decoder.context, "codec_whitelist", IngestLimits.decoders, 0)
        try check(avcodec_open2(decoder.context, codec, nil), "open the \(stream.codec) decoder")
        return decoder
    }

    private static func codec(for stream: Stream) -> UnsafePointer<AVCodec>? {
        let id = stream.parameters.pointer.pointee.codec_id
        return switch id {
        // The fast software decoder; libavcodec's own `av1` needs hardware.
        case AV_CODEC_ID_AV1: avcodec_find_decoder_by_name("libdav1d")
        // libavcodec's own decoders leave the opacity out.
        case AV_CODEC_ID_VP8 where stream.hasAlphaLayer: avcodec_find_decoder_by_name("libvpx")
        case AV_CODEC_ID_VP9 where stream.hasAlphaLayer: avcodec_find_decoder_by_name("libvpx-vp9")
        default: avcodec_find_decoder(id)
        }
    }

    /// Opens a decoder of one thread for what an encoder of this process makes.
    public static func open(_ track: Muxer.Track) throws(FFmpegError) -> Decoder {
        let parameters = track.parameters.pointer
        let codec = avcodec_find_decoder(parameters.pointee.codec_id)
        let decoder = Decoder(owning: try allocated(avcodec_alloc_context3(codec), "create a decoder"))
        try check(avcodec_parameters_to_context(decoder.context, parameters), "configure the decoder")
        decoder.context.pointee.pkt_timebase = track.timebase.av
        decoder.context.pointee.thread_count = 1
        try check(avcodec_open2(decoder.context, codec, nil), "open a decoder of the output")
        return decoder
    }

    /// Feeds one packet and returns the frames it completed.
    ///
    /// Damaged packets are counted, not thrown: what follows them may be whole.
    public mutating func decode(_ packet: Packet) throws(FFmpegError) -> [Frame] {
        try feed(packet.pointer)
    }

    /// Returns the frames still held back, and forgets everything before the keyframe that follows.
    public mutating func restart() throws(FFmpegError) -> (frames: [Frame], errorCount: Int) {
        let frames = try feed(nil)
        avcodec_flush_buffers(context)
        defer { errorCount = 0 }
        return (frames, errorCount)
    }

    /// Returns the frames still held back, and closes the decoder.
    public consuming func finish() throws(FFmpegError) -> (frames: [Frame], errorCount: Int) {
        let frames = try feed(nil)
        return (frames, errorCount)
    }

    private mutating func feed(_ packet: UnsafePointer<AVPacket>?) throws(FFmpegError) -> [Frame] {
        let status = avcodec_send_packet(context, packet)
        if status == recast_error_memory { try check(status, "decode") }
        if status < 0, status != recast_error_eof { errorCount += 1 }
        var frames: [Frame] = []
        while true {
            let frame = try Frame()
            let status = avcodec_receive_frame(context, frame.pointer)
            if status == recast_error_again || status == recast_error_eof { return frames }
            if status == recast_error_memory { try check(status, "decode") }
            if status < 0 {
                errorCount += 1
                if packet == nil, errorCount > 1000 { return frames }
                if packet != nil { return frames }
                continue
            }
            if frame.hasDecodeErrors { errorCount += 1 }
            frames.append(frame)
        }
    }
}
