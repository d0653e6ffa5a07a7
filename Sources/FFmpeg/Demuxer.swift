internal import CFFmpeg
internal import Foundation

/// Reads the packets of an input, safely opened.
///
/// Only our own I/O callbacks are used, only the listed containers and decoders take part, and
/// libavformat cannot open anything by itself.
public struct Demuxer: ~Copyable {
    private let context: UnsafeMutablePointer<AVFormatContext>
    private let io: UnsafeMutablePointer<AVIOContext>
    private let body: InputBody
    private let complaints: Complaints
    /// Errors in the file that the demuxer passed over so far, or logged while it opened the file.
    public var complaintCount: Int { complaints.count }
    /// All streams, in the order of their indexes.
    public let streams: [Stream]
    /// libav's name of the format, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    public let formatName: String
    /// Seconds, as the container states it; `nil` when it does not.
    public let duration: Double?
    /// Seconds.
    public let start: Double

    private init(
        owning context: UnsafeMutablePointer<AVFormatContext>,
        _ io: UnsafeMutablePointer<AVIOContext>,
        _ body: InputBody,
        _ complaints: Complaints,
        _ streams: [Stream]
    ) {
        self.context = context
        self.io = io
        self.body = body
        self.complaints = complaints
        self.streams = streams
        formatName = context.pointee.iformat.map { String(cString: $0.pointee.name) } ?? "unknown"
        duration = context.pointee.duration.asPTS.flatMap { $0 > 0 ? Double($0) / 1e6 : nil }
        start = Double(context.pointee.start_time.asPTS ?? 0) / 1e6
    }

    deinit { Demuxer.close(context, io) }

    private static func close(
        _ context: UnsafeMutablePointer<AVFormatContext>?,
        _ io: UnsafeMutablePointer<AVIOContext>
    ) {
        var context = context
        avformat_close_input(&context)
        av_freep(&io.pointee.buffer)
        var io: UnsafeMutablePointer<AVIOContext>? = io
        avio_context_free(&io)
    }

    /// Opens an input and, unless its headers are known to say all, probes it.
    ///
    /// - Throws: when the container is not one of the listed ones, is damaged, or the deadline passes.
    public static func open(
        _ body: InputBody,
        limits: IngestLimits,
        isProbed: Bool = true,
        isOwn: Bool = false
    ) throws(FFmpegError) -> Demuxer {
        // No single allocation needs more: the largest is one 16-bit plane of the largest picture, or
        // the sample table of the longest clip.
        av_max_alloc(256 << 20)
        body.setDeadline(seconds: limits.openSeconds)
        defer { body.setDeadline(seconds: nil) }
        let io = try body.makeContext()
        guard let fresh = avformat_alloc_context() else {
            close(nil, io)
            throw FFmpegError(status: recast_error_memory, action: "allocate a demuxer")
        }
        let complaints = Complaints()
        defer { withExtendedLifetime(complaints) {} }
        fresh.pointee.pb = io
        fresh.pointee.opaque = complaints.opaque
        fresh.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
        // More than this is no container that anything wrote; over the limit it is refused below, by name.
        fresh.pointee.max_streams = Int32(clamping: max(1000, limits.maxStreams))
        fresh.pointee.io_open = { _, _, _, _, _ in recast_error_permission }
        fresh.pointee.interrupt_callback = AVIOInterruptCB(
            callback: { opaque in
                guard let opaque else { return 0 }
                return Unmanaged<InputBody>.fromOpaque(opaque).takeUnretainedValue().isInterrupted ? 1 : 0
            },
            opaque: Unmanaged.passUnretained(body).toOpaque()
        )
        av_opt_set(fresh, "format_whitelist", IngestLimits.formats + (isOwn ? ",mxf" : ""), 0)
        av_opt_set(fresh, "protocol_whitelist", "recast", 0)
        av_opt_set(fresh, "codec_whitelist", IngestLimits.decoders, 0)
        var context: UnsafeMutablePointer<AVFormatContext>? = fresh
        let status = avformat_open_input(&context, nil, nil, nil)
        guard status >= 0, let context else {
            close(nil, io)
            throw FFmpegError(status: status, action: "recognise the container")
        }
        do throws(FFmpegError) {
            try checkStreamCount(context, limits)
            // A decoder that refuses a picture's size while probing leaves 0x0 behind.
            let stated = pictureSizes(context)
            if isProbed { try probe(context, limits, isOwn: isOwn) }
            try checkStreamCount(context, limits)
            var streams: [Stream] = []
            for index in 0..<Int(context.pointee.nb_streams) {
                guard let stream = context.pointee.streams[index] else { continue }
                streams.append(try Stream(stream, statedSize: index < stated.count ? stated[index] : nil))
            }
            return Demuxer(owning: context, io, body, complaints, streams)
        } catch {
            close(context, io)
            throw error
        }
    }

    private static func checkStreamCount(
        _ context: UnsafeMutablePointer<AVFormatContext>,
        _ limits: IngestLimits
    ) throws(FFmpegError) {
        guard Int(context.pointee.nb_streams) > limits.maxStreams else { return }
        throw FFmpegError(errno: E2BIG, action: "take \(context.pointee.nb_streams) streams")
    }

    private static func pictureSizes(_ context: UnsafeMutablePointer<AVFormatContext>) -> [Size] {
        (0..<Int(context.pointee.nb_streams)).map { index in
            guard let parameters = context.pointee.streams[index]?.pointee.codecpar else { return Size(0, 0) }
            return Size(Int(parameters.pointee.width), Int(parameters.pointee.height))
        }
    }

    /// Finds what the headers did not say, with decoders that refuse pictures over the limit.
    private static func probe(
        _ context: UnsafeMutablePointer<AVFormatContext>,
        _ limits: IngestLimits,
        isOwn: Bool
    ) throws(FFmpegError) {
        if context.pointee.ctx_flags & AVFMTCTX_NOHEADER != 0, !isOwn {
            // Streams that turn up during probing take no options, so their decoders would know no limit.
            // None is opened: parsers find what is needed, and our own decoder finds the picture's size.
            av_opt_set(context, "codec_whitelist", "none", 0)
        }
        let count = Int(context.pointee.nb_streams)
        var options = [OpaquePointer?](repeating: nil, count: max(count, 1))
        for index in options.indices {
            av_dict_set(&options[index], "max_pixels", "\(limits.maxPixels)", 0)
            av_dict_set(&options[index], "codec_whitelist", IngestLimits.decoders, 0)
            av_dict_set(&options[index], "threads", "1", 0)
        }
        defer { for index in options.indices { av_dict_free(&options[index]) } }
        try check(avformat_find_stream_info(context, &options), "read the streams")
    }

    /// Drops the packets of every stream but these.
    public func select(_ indexes: [Int]) {
        for index in 0..<Int(context.pointee.nb_streams) {
            context.pointee.streams[index]?.pointee.discard =
                indexes.contains(index) ? AVDISCARD_DEFAULT : AVDISCARD_ALL
        }
    }

    /// What the container's index says of one stream's packets.
    public struct Index: Sendable {
        /// Entries of the stream's index.
        public let packetCount: Int
        /// Bytes of all packets together.
        public let byteCount: Int64
        /// Where the first packet begins and the last one ends; empty without packets.
        public let range: Range<Int64>
    }

    /// The index of a stream, as far as it was read.
    public func index(of stream: Stream) -> Index {
        guard (0..<Int(context.pointee.nb_streams)).contains(stream.index),
            let raw = context.pointee.streams[stream.index]
        else { return Index(packetCount: 0, byteCount: 0, range: 0..<0) }
        let count = avformat_index_get_entries_count(raw)
        var bytes: Int64 = 0
        var start = Int64.max
        var end: Int64 = 0
        for number in 0..<count {
            guard let entry = avformat_index_get_entry(raw, number)?.pointee else { continue }
            bytes &+= Int64(entry.size)
            start = min(start, max(0, entry.pos))
            end = max(end, entry.pos &+ Int64(entry.size))
        }
        let range = start < end ? start..<end : 0..<0
        return Index(packetCount: Int(count), byteCount: bytes, range: range)
    }

    /// Goes to a keyframe at or before `ticks` of a stream's timebase, or where the container thinks it is.
    ///
    /// - Returns: whether the container could; if not, only `open` leads to a known place.
    public mutating func seek(to ticks: Int64, in stream: Stream) -> Bool {
        guard av_seek_frame(context, Int32(stream.index), ticks, AVSEEK_FLAG_BACKWARD) >= 0 else {
            return false
        }
        io.pointee.error = 0
        return true
    }

    /// The next packet in file order, or `nil` at the end.
    public mutating func read() throws(FFmpegError) -> Packet? {
        let packet = try Packet()
        let status = av_read_frame(context, packet.pointer)
        if status == recast_error_eof {
            // A read error looks like the end of the file; the I/O context remembers which it was.
            let failure = io.pointee.error
            guard failure == 0 || failure == recast_error_eof else {
                throw FFmpegError(status: failure, action: "read the input")
            }
            return nil
        }
        try check(status, "read the input")
        return packet
    }
}
