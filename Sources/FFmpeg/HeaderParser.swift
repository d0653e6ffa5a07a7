internal import CFFmpeg

/// Reads the size of picture that a packet's headers announce, without a decoder.
///
/// A decoder allocates as soon as it has read a size; a parser only reads it.
public struct HeaderParser: ~Copyable {
    private let parser: UnsafeMutablePointer<AVCodecParserContext>
    private let context: UnsafeMutablePointer<AVCodecContext>

    private init(
        owning parser: UnsafeMutablePointer<AVCodecParserContext>,
        _ context: UnsafeMutablePointer<AVCodecContext>
    ) {
        self.parser = parser
        self.context = context
    }

    deinit {
        av_parser_close(parser)
        var context: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&context)
    }

    /// Opens the parser of a stream's codec; `nil` when it has none.
    public static func open(_ stream: Stream) throws(FFmpegError) -> HeaderParser? {
        let parameters = stream.parameters.pointer
        guard let parser = av_parser_init(Int32(bitPattern: parameters.pointee.codec_id.rawValue)) else {
            return nil
        }
        parser.pointee.flags |= PARSER_FLAG_COMPLETE_FRAMES
        guard let context = avcodec_alloc_context3(nil) else {
            av_parser_close(parser)
            throw FFmpegError(status: recast_error_memory, action: "create a parser")
        }
        let opened = HeaderParser(owning: parser, context)
        try check(avcodec_parameters_to_context(context, parameters), "configure the parser")
        return opened
    }

    /// The size of the pictures from this packet on; `nil` when the packet does not say.
    public mutating func pictureSize(_ packet: Packet) -> Size? {
        var output: UnsafeMutablePointer<UInt8>?
        var count: Int32 = 0
        let (data, size) = (packet.pointer.pointee.data, packet.pointer.pointee.size)
        guard size > 0 else { return nil }
        // Positions and times play no part for packets that are whole.
        _ = av_parser_parse2(parser, context, &output, &count, data, size, recast_no_pts, recast_no_pts, -1)
        if parser.pointee.width > 0 { return Size(Int(parser.pointee.width), Int(parser.pointee.height)) }
        guard context.pointee.width > 0 else { return nil }
        return Size(Int(context.pointee.width), Int(context.pointee.height))
    }
}
