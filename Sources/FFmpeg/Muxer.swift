internal import CFFmpeg

/// Writes packets into a container.
public struct Muxer: ~Copyable {
    /// One stream to be: what its encoder says, and the timebase of its packets.
    public struct Track: Sendable {
        let parameters: CodecParameters
        /// In which the pts of the stream's packets count.
        public let timebase: Timebase
        let frameRate: Rational
        /// Four characters that the container names the codec by; `nil` means its usual ones.
        let codecTag: String?

        /// Describes a stream by its encoder's parameters.
        public init(
            parameters: CodecParameters,
            timebase: Timebase,
            frameRate: Rational = Rational(0, 1),
            codecTag: String? = nil
        ) {
            self.parameters = parameters
            self.timebase = timebase
            self.frameRate = frameRate
            self.codecTag = codecTag
        }

        /// What a decoder is to know before the first packet.
        public var header: [UInt8] { parameters.header }

        /// libav's name of the codec.
        public var codec: String { String(cString: avcodec_get_name(parameters.pointer.pointee.codec_id)) }

        /// The tag as libav packs it, least significant byte first.
        var tag: UInt32 {
            (codecTag ?? "").utf8.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
    }

    private let context: UnsafeMutablePointer<AVFormatContext>
    private let io: UnsafeMutablePointer<AVIOContext>
    private let body: OutputBody
    private let timebases: [Timebase]

    private init(
        owning context: UnsafeMutablePointer<AVFormatContext>,
        _ io: UnsafeMutablePointer<AVIOContext>,
        _ body: OutputBody,
        _ timebases: [Timebase]
    ) {
        self.context = context
        self.io = io
        self.body = body
        self.timebases = timebases
    }

    deinit { Muxer.close(context, io) }

    private static func close(
        _ context: UnsafeMutablePointer<AVFormatContext>,
        _ io: UnsafeMutablePointer<AVIOContext>
    ) {
        avformat_free_context(context)
        av_freep(&io.pointee.buffer)
        var io: UnsafeMutablePointer<AVIOContext>? = io
        avio_context_free(&io)
    }

    /// Opens a container of libav's name `format` on `body` and writes its header.
    public static func open(
        _ body: OutputBody,
        format: String,
        tracks: [Track],
        options: CodecOptions
    ) throws(FFmpegError) -> Muxer {
        let io = try body.makeWriter()
        var created: UnsafeMutablePointer<AVFormatContext>?
        let status = avformat_alloc_output_context2(&created, nil, format, nil)
        guard status >= 0, let context = created else {
            av_freep(&io.pointee.buffer)
            var io: UnsafeMutablePointer<AVIOContext>? = io
            avio_context_free(&io)
            throw FFmpegError(status: status, action: "create a \(format) container")
        }
        do throws(FFmpegError) {
            context.pointee.pb = io
            context.pointee.opaque = Unmanaged.passUnretained(body).toOpaque()
            // No random ids and no dates, so that the same packets make the same file.
            context.pointee.flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT
            // Only the muxer itself asks, to read back what it wrote.
            context.pointee.io_open = { context, result, _, flags, _ in
                guard flags & AVIO_FLAG_WRITE == 0, let opaque = context?.pointee.opaque else {
                    return recast_error_permission
                }
                result?.pointee = Unmanaged<OutputBody>.fromOpaque(opaque).takeUnretainedValue().makeReader()
                return result?.pointee == nil ? recast_error_memory : 0
            }
            context.pointee.io_close2 = { _, reader in
                if let reader { OutputBody.closeReader(reader) }
                return 0
            }
            for track in tracks {
                let stream = try allocated(avformat_new_stream(context, nil), "add a stream")
                try check(
                    avcodec_parameters_copy(stream.pointee.codecpar, track.parameters.pointer),
                    "add a stream"
                )
                stream.pointee.codecpar.pointee.codec_tag = track.tag
                stream.pointee.time_base = track.timebase.av
                stream.pointee.avg_frame_rate = track.frameRate.av
                stream.pointee.sample_aspect_ratio =
                    stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_VIDEO
                    ? stream.pointee.codecpar.pointee.sample_aspect_ratio : AVRational(num: 1, den: 1)
            }
            var dictionary: OpaquePointer?
            for (key, value) in options { av_dict_set(&dictionary, key, value, 0) }
            defer { av_dict_free(&dictionary) }
            try check(avformat_write_header(context, &dictionary), "write the header")
            return Muxer(owning: context, io, body, tracks.map(\.timebase))
        } catch {
            close(context, io)
            throw error
        }
    }

    /// Writes one packet of the stream `index`, whose pts count in the track's timebase.
    public mutating func write(_ packet: Packet, stream index: Int) throws(FFmpegError) {
        let reference = try Packet()
        try check(av_packet_ref(reference.pointer, packet.pointer), "reference a packet")
        reference.pointer.pointee.stream_index = Int32(index)
        guard let stream = context.pointee.streams[index] else { return }
        av_packet_rescale_ts(reference.pointer, timebases[index].av, stream.pointee.time_base)
        try check(av_interleaved_write_frame(context, reference.pointer), "write the output")
    }

    /// Writes what is held back and the trailer, syncs the file and closes it.
    public consuming func finish() throws(FFmpegError) {
        try check(av_write_trailer(context), "finish the output")
        avio_flush(io)
        try check(io.pointee.error, "write the output")
        try body.synchronize()
    }
}
