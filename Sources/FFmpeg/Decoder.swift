internal import CFFmpeg

/// The pictures of H.264 and HEVC in which a decoder smooths the edges of blocks.
public enum LoopFilter: Sendable {
    /// What every decoder shows.
    case everywhere
    /// Where other pictures are predicted from them, so that no error is passed on.
    case references
    /// Pictures drift away from what they should be, up to the next keyframe.
    case nowhere

    /// The pictures that are left as they are.
    fileprivate var left: AVDiscard {
        switch self {
        case .everywhere: AVDISCARD_DEFAULT
        case .references: AVDISCARD_NONREF
        case .nowhere: AVDISCARD_ALL
        }
    }
}

/// Turns one stream's packets into frames.
public struct Decoder: ~Copyable {
    private let context: UnsafeMutablePointer<AVCodecContext>
    private let complaints = Complaints()
    private var seenComplaints = 0
    /// Packets the decoder refused or complained of as damaged, and frames with concealed errors.
    public private(set) var errorCount = 0
    /// Frames that came out.
    public private(set) var frameCount = 0
    /// libav's name of the codec.
    public var codec: String { String(cString: avcodec_get_name(context.pointee.codec_id)) }

    private init(owning context: UnsafeMutablePointer<AVCodecContext>) {
        self.context = context
        context.pointee.opaque = complaints.opaque
    }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&context)
    }

    /// Whether one of the listed decoders takes the stream's codec.
    public static func isListed(_ stream: Stream) -> Bool {
        guard let codec = find(stream.parameters.pointer.pointee.codec_id) else { return false }
        return IngestLimits.decoders.split(separator: ",").contains(
            Substring(String(cString: codec.pointee.name))
        )
    }

    /// The decoder for a codec; of several the one that notices damage.
    ///
    /// libavcodec's own `av1` needs hardware. Its own VP8 and VP9 decoders take what is left of a packet for
    /// nothing, and less care of what is missing: of 60 damaged clips each they passed 21 and 32 off as whole,
    /// libvpx 13 and 2, for a third more of decoding time.
    private static func find(_ codec: AVCodecID) -> UnsafePointer<AVCodec>? {
        let name: String? =
            switch codec {
            case AV_CODEC_ID_AV1: "libdav1d"
            case AV_CODEC_ID_VP8: "libvpx"
            case AV_CODEC_ID_VP9: "libvpx-vp9"
            default: nil
            }
        return name.flatMap { avcodec_find_decoder_by_name($0) } ?? avcodec_find_decoder(codec)
    }

    /// Opens the decoder of a stream.
    ///
    /// Each of the frame `threads` holds a picture of its own. It throws when the codec is not one of the
    /// listed ones or refuses the parameters.
    public static func open(
        _ stream: Stream,
        limits: IngestLimits,
        threads: Int,
        loopFilter: LoopFilter = .everywhere
    ) throws(FFmpegError) -> Decoder {
        let parameters = stream.parameters.pointer
        let codec = find(parameters.pointee.codec_id)
        let decoder = Decoder(owning: try allocated(avcodec_alloc_context3(codec), "create a decoder"))
        try check(avcodec_parameters_to_context(decoder.context, parameters), "configure the decoder")
        decoder.context.pointee.pkt_timebase = stream.timebase.av
        decoder.context.pointee.thread_count = Int32(threads)
        decoder.context.pointee.max_pixels = Int64(limits.maxPixels)
        decoder.context.pointee.skip_loop_filter = loopFilter.left
        // FLAC's frames have checksums, which libavcodec reads over unless told.
        if parameters.pointee.codec_id == AV_CODEC_ID_FLAC {
            decoder.context.pointee.err_recognition |= AV_EF_CRCCHECK
        }
        av_opt_set(decoder.context, "codec_whitelist", IngestLimits.decoders, 0)
        try check(avcodec_open2(decoder.context, codec, nil), "open the \(stream.codec) decoder")
        return decoder
    }

    /// Opens a decoder for what an encoder of this process makes.
    public static func open(
        _ track: Muxer.Track,
        threads: Int,
        loopFilter: LoopFilter = .everywhere
    ) throws(FFmpegError) -> Decoder {
        let parameters = track.parameters.pointer
        let codec = find(parameters.pointee.codec_id)
        let decoder = Decoder(owning: try allocated(avcodec_alloc_context3(codec), "create a decoder"))
        try check(avcodec_parameters_to_context(decoder.context, parameters), "configure the decoder")
        decoder.context.pointee.pkt_timebase = track.timebase.av
        decoder.context.pointee.thread_count = Int32(threads)
        decoder.context.pointee.skip_loop_filter = loopFilter.left
        try check(avcodec_open2(decoder.context, codec, nil), "open a decoder of the output")
        return decoder
    }

    /// Feeds one packet and returns the frames it completed.
    ///
    /// Damaged packets are counted, not thrown: what follows them may be whole.
    public mutating func decode(_ packet: Packet) throws(FFmpegError) -> [Frame] {
        try feed(packet.pointer)
    }

    /// Changes what is filtered, from the next packet on.
    ///
    /// After `nowhere`, pictures are exact again from a keyframe on.
    public mutating func set(_ loopFilter: LoopFilter) {
        context.pointee.skip_loop_filter = loopFilter.left
    }

    /// Returns the frames still held back, and closes the decoder.
    public consuming func finish() throws(FFmpegError) -> (frames: [Frame], errorCount: Int) {
        let frames = try feed(nil)
        return (frames, errorCount)
    }

    private mutating func feed(_ packet: UnsafePointer<AVPacket>?) throws(FFmpegError) -> [Frame] {
        let before = errorCount
        let status = avcodec_send_packet(context, packet)
        if status == recast_error_memory { try check(status, "decode") }
        if status < 0, status != recast_error_eof { errorCount += 1 }
        let frames = try receive(isLast: packet == nil)
        frameCount += frames.count
        let heard = complaints.count
        if heard != seenComplaints, errorCount == before { errorCount += 1 }
        seenComplaints = heard
        return frames
    }

    private mutating func receive(isLast: Bool) throws(FFmpegError) -> [Frame] {
        var frames: [Frame] = []
        while true {
            let frame = try Frame()
            let status = avcodec_receive_frame(context, frame.pointer)
            if status == recast_error_again || status == recast_error_eof { return frames }
            if status == recast_error_memory { try check(status, "decode") }
            if status < 0 {
                errorCount += 1
                if !isLast || errorCount > 1000 { return frames }
                continue
            }
            if frame.hasDecodeErrors { errorCount += 1 }
            frames.append(frame)
        }
    }
}
