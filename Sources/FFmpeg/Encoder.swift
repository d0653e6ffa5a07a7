internal import CFFmpeg

/// Options by name, as libav spells them; an unknown one is an error.
public typealias CodecOptions = [String: String]

/// Turns frames into packets.
public struct Encoder: ~Copyable {
    /// What to encode.
    public enum Format: Sendable {
        case video(VideoFormat)
        case audio(AudioFormat)
    }

    private let context: UnsafeMutablePointer<AVCodecContext>
    private let fieldOrder: FieldOrder?
    /// In which the pts of frames and packets count.
    public let timebase: Timebase
    /// Describes the packets; what a muxer needs.
    public let parameters: CodecParameters
    /// Samples a block must hold; 0 when any number will do.
    public let samplesPerFrame: Int
    /// Frames whose packets are still held back.
    private var pendingCount = 0
    private var lastPTS: Int64?
    /// Ticks between the last two frames.
    private var lastStep: Int64 = 1

    private init(
        owning context: UnsafeMutablePointer<AVCodecContext>,
        _ parameters: CodecParameters,
        _ format: Format
    ) {
        self.context = context
        if case .video(let video) = format { fieldOrder = video.fieldOrder } else { fieldOrder = nil }
        self.parameters = parameters
        timebase = Timebase(context.pointee.time_base)
        samplesPerFrame = Int(context.pointee.frame_size)
    }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&context)
    }

    /// Opens an encoder by libav's name.
    ///
    /// - Throws: when the encoder is missing from this build, refuses a value, or an option is unknown.
    public static func open(
        _ name: String,
        _ format: Format,
        timebase: Timebase,
        options: CodecOptions,
        threads: Int,
        hasGlobalHeader: Bool = true
    ) throws(FFmpegError) -> Encoder {
        let codec = try allocated(avcodec_find_encoder_by_name(name), "find the \(name) encoder")
        var context = avcodec_alloc_context3(codec)
        let pointer = try allocated(context, "create an encoder")
        do throws(FFmpegError) {
            configure(pointer, format, timebase)
            pointer.pointee.thread_count = Int32(threads)
            if hasGlobalHeader { pointer.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
            var dictionary: OpaquePointer?
            for (key, value) in options { av_dict_set(&dictionary, key, value, 0) }
            defer { av_dict_free(&dictionary) }
            try check(avcodec_open2(pointer, codec, &dictionary), "open the \(name) encoder")
            if let unknown = av_dict_get(dictionary, "", nil, AV_DICT_IGNORE_SUFFIX) {
                throw FFmpegError(
                    status: recast_error_option,
                    action: "set \(String(cString: unknown.pointee.key)) on the \(name) encoder"
                )
            }
            return Encoder(owning: pointer, try CodecParameters(of: pointer), format)
        } catch {
            avcodec_free_context(&context)
            throw error
        }
    }

    private static func configure(
        _ context: UnsafeMutablePointer<AVCodecContext>,
        _ format: Format,
        _ timebase: Timebase
    ) {
        context.pointee.time_base = timebase.av
        switch format {
        case .video(let video):
            let color = video.color
            context.pointee.width = Int32(video.size.width)
            context.pointee.height = Int32(video.size.height)
            context.pointee.pix_fmt = video.pixelFormat.raw
            context.pointee.framerate = video.frameRate.av
            context.pointee.sample_aspect_ratio = video.pixelAspect.av
            if let order = video.fieldOrder {
                context.pointee.flags |= AV_CODEC_FLAG_INTERLACED_DCT | AV_CODEC_FLAG_INTERLACED_ME
                context.pointee.field_order = order == .topFirst ? AV_FIELD_TT : AV_FIELD_BB
            }
            context.pointee.color_primaries = .init(UInt32(color.primaries))
            context.pointee.color_trc = .init(UInt32(color.transfer))
            context.pointee.colorspace = .init(UInt32(color.matrix))
            context.pointee.color_range = color.isFullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
            context.pointee.chroma_sample_location = AVCHROMA_LOC_LEFT
        case .audio(let audio):
            context.pointee.sample_rate = Int32(audio.sampleRate)
            context.pointee.sample_fmt = audio.sampleFormat.raw
            audio.layout.write(to: &context.pointee.ch_layout)
        }
    }

    /// Encodes one frame with the given pts, in ticks of `timebase`, and returns finished packets.
    public mutating func encode(_ frame: Frame, pts: Int64) throws(FFmpegError) -> [Packet] {
        let reference = try frame.reference()
        reference.pointer.pointee.pts = pts
        reference.pointer.pointee.pict_type = AV_PICTURE_TYPE_NONE
        reference.pointer.pointee.key_frame = 0
        reference.pointer.pointee.interlaced_frame = fieldOrder == nil ? 0 : 1
        reference.pointer.pointee.top_field_first = fieldOrder == .topFirst ? 1 : 0
        if let lastPTS { lastStep = max(pts &- lastPTS, 1) }
        lastPTS = pts
        pendingCount += 1
        var packets: [Packet] = []
        try feed(reference.pointer) { packets.append($0) }
        pendingCount -= packets.count
        return packets
    }

    /// Changes the quality that is aimed at, a constant rate factor, from the next picture that is begun on.
    ///
    /// Only an encoder that was opened with one has it (x264); the pictures it already looks ahead at count
    /// as not begun.
    public mutating func aim(at quality: Double) throws(FFmpegError) {
        try check(av_opt_set_double(context.pointee.priv_data, "crf", quality, 0), "set the quality")
    }

    /// Hands over the packets still held back, each as soon as it is made, and closes the encoder.
    ///
    /// An encoder that looks ahead has much left to encode here.
    public consuming func finish(_ take: (Packet) -> Void) throws(FFmpegError) { try feed(nil, take) }

    /// Hands over the packets still held back, as `finish(_:)` does, each at the `quality` it is to have; `nil` for
    /// that of the one before.
    ///
    /// libav's x264 takes no other quality once it knows that no picture follows. So it is shown black ones,
    /// beginning with a keyframe that keeps those before as they are, and nobody gets their packets.
    public consuming func finish(
        aimingAt quality: () -> Double?,
        _ take: (Packet) -> Void
    ) throws(FFmpegError) {
        let black = try FramePool(
            Size(Int(context.pointee.width), Int(context.pointee.height)),
            PixelFormat(context.pointee.pix_fmt.rawValue)
        ).frame()
        try black.fillBlack(isFullRange: context.pointee.color_range == AVCOL_RANGE_JPEG)
        let picture = black.pointer
        picture.pointee.pict_type = AV_PICTURE_TYPE_I
        picture.pointee.pts = lastPTS ?? 0
        var left = pendingCount
        func takeOurs(_ packet: Packet) {
            if left > 0 { take(packet) }
            left -= 1
        }
        for _ in 0..<Encoder.mostBlack where left > 0 {
            if let quality = quality() { try aim(at: quality) }
            picture.pointee.pts &+= lastStep
            try feed(picture, takeOurs)
            picture.pointee.pict_type = AV_PICTURE_TYPE_NONE
        }
        if left > 0 { try feed(nil, takeOurs) }
    }

    /// More than any encoder looks ahead.
    private static let mostBlack = 512

    private mutating func feed(
        _ frame: UnsafePointer<AVFrame>?,
        _ take: (Packet) -> Void
    ) throws(FFmpegError) {
        try check(avcodec_send_frame(context, frame), "encode")
        while true {
            let packet = try Packet()
            let status = avcodec_receive_packet(context, packet.pointer)
            if status == recast_error_again || status == recast_error_eof { return }
            try check(status, "encode")
            take(packet)
        }
    }
}
