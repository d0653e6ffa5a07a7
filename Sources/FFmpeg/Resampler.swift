internal import CFFmpeg

/// Converts blocks of sound to one rate and channel count, and cuts them into equal blocks.
public struct Resampler: ~Copyable {
    private var context: OpaquePointer
    private let fifo: OpaquePointer
    private let output: AudioFormat

    private init(owning context: OpaquePointer, _ fifo: OpaquePointer, _ output: AudioFormat) {
        self.context = context
        self.fifo = fifo
        self.output = output
    }

    deinit {
        var context: OpaquePointer? = context
        swr_free(&context)
        av_audio_fifo_free(fifo)
    }

    /// Opens a converter for blocks like `frame`.
    public static func open(like frame: Frame, to output: AudioFormat) throws(FFmpegError) -> Resampler {
        let context = try makeContext(like: frame, to: output)
        guard let fifo = av_audio_fifo_alloc(output.sampleFormat.av, Int32(output.channelCount), 4096) else {
            var context: OpaquePointer? = context
            swr_free(&context)
            throw FFmpegError(status: recast_error_memory, action: "buffer the sound")
        }
        return Resampler(owning: context, fifo, output)
    }

    /// Goes on with blocks like `frame`; nothing already converted is lost.
    public mutating func reopen(like frame: Frame) throws(FFmpegError) {
        try flush()
        var old: OpaquePointer? = context
        context = try Resampler.makeContext(like: frame, to: output)
        swr_free(&old)
    }

    private static func makeContext(
        like frame: Frame,
        to output: AudioFormat
    ) throws(FFmpegError) -> OpaquePointer {
        var input = AVChannelLayout()
        defer { av_channel_layout_uninit(&input) }
        let stated = frame.pointer.pointee.ch_layout
        if stated.order == AV_CHANNEL_ORDER_UNSPEC || stated.nb_channels <= 0 {
            av_channel_layout_default(&input, max(stated.nb_channels, 1))
        } else {
            _ = try withUnsafePointer(to: &frame.pointer.pointee.ch_layout) { layout throws(FFmpegError) in
                try check(av_channel_layout_copy(&input, layout), "read the channel layout")
            }
        }
        var target = AVChannelLayout()
        av_channel_layout_default(&target, Int32(output.channelCount))
        defer { av_channel_layout_uninit(&target) }
        var context: OpaquePointer?
        try check(
            swr_alloc_set_opts2(
                &context,
                &target,
                output.sampleFormat.av,
                Int32(output.sampleRate),
                &input,
                AVSampleFormat(frame.pointer.pointee.format),
                frame.pointer.pointee.sample_rate,
                0,
                nil
            ),
            "create a resampler"
        )
        let resampler = try allocated(context, "create a resampler")
        // A downmix that cannot exceed full scale.
        av_opt_set_double(UnsafeMutableRawPointer(resampler), "rematrix_maxval", 1, 0)
        if input.nb_channels == 1, output.channelCount == 2 {
            // Mono is heard equally loud on both sides, not 3 dB lower.
            swr_set_matrix(resampler, [1, 1], 1)
        }
        if output.sampleFormat.needsDither {
            av_opt_set_int(
                UnsafeMutableRawPointer(resampler),
                "dither_method",
                Int64(SWR_DITHER_TRIANGULAR.rawValue),
                0
            )
        }
        let status = swr_init(resampler)
        guard status >= 0 else {
            swr_free(&context)
            throw FFmpegError(status: status, action: "convert the sound")
        }
        return resampler
    }

    /// Converted samples waiting to be taken.
    public var available: Int { Int(av_audio_fifo_size(fifo)) }

    /// Converts a block, leaving out its first `skipped` samples.
    public mutating func convert(_ frame: Frame, skipping skipped: Int = 0) throws(FFmpegError) {
        guard skipped < frame.sampleCount else { return }
        let format = AVSampleFormat(frame.pointer.pointee.format)
        let planar = av_sample_fmt_is_planar(format) != 0
        let channels = frame.channelCount
        let stride = Int(av_get_bytes_per_sample(format)) * (planar ? 1 : channels)
        var planes = (0..<(planar ? channels : 1)).map { index in
            frame.pointer.pointee.extended_data[index].map { UnsafePointer($0 + skipped * stride) }
        }
        try convert(&planes, count: frame.sampleCount - skipped)
    }

    /// Appends silence, `count` output samples of it.
    public mutating func appendSilence(_ count: Int) throws(FFmpegError) {
        try withBlock(count) { planes throws(FFmpegError) in
            av_samples_set_silence(
                planes,
                0,
                Int32(count),
                Int32(output.channelCount),
                output.sampleFormat.av
            )
            try store(planes, count)
        }
    }

    /// Converts what the resampler's filter still holds.
    public mutating func flush() throws(FFmpegError) { try convert(nil, count: 0) }

    /// Takes a block of `count` samples, fewer when no more are there; `nil` when there are none.
    public mutating func take(_ count: Int) throws(FFmpegError) -> Frame? {
        let count = min(count, available)
        guard count > 0 else { return nil }
        let frame = try Frame()
        frame.pointer.pointee.nb_samples = Int32(count)
        frame.pointer.pointee.format = output.sampleFormat.av.rawValue
        frame.pointer.pointee.sample_rate = Int32(output.sampleRate)
        av_channel_layout_default(&frame.pointer.pointee.ch_layout, Int32(output.channelCount))
        try check(av_frame_get_buffer(frame.pointer, 0), "allocate a block of sound")
        _ = try frame.pointer.pointee.extended_data.withMemoryRebound(
            to: UnsafeMutableRawPointer?.self,
            capacity: output.channelCount
        ) { data throws(FFmpegError) in
            try check(av_audio_fifo_read(fifo, data, Int32(count)), "buffer the sound")
        }
        return frame
    }

    private mutating func convert(
        _ planes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
        count: Int
    ) throws(FFmpegError) {
        let room = Int(try check(swr_get_out_samples(context, Int32(count)), "convert the sound"))
        guard room > 0 else { return }
        try withBlock(room) { block throws(FFmpegError) in
            let got = try check(
                swr_convert(context, block, Int32(room), planes, Int32(count)),
                "convert the sound"
            )
            try store(block, Int(got))
        }
    }

    private func withBlock(
        _ count: Int,
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>) throws(FFmpegError) -> Void
    ) throws(FFmpegError) {
        var planes: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?
        try check(
            av_samples_alloc_array_and_samples(
                &planes,
                nil,
                Int32(output.channelCount),
                Int32(count),
                output.sampleFormat.av,
                0
            ),
            "allocate a block of sound"
        )
        defer {
            av_freep(planes)
            av_freep(&planes)
        }
        try body(try allocated(planes, "allocate a block of sound"))
    }

    private func store(
        _ planes: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>,
        _ count: Int
    ) throws(FFmpegError) {
        guard count > 0 else { return }
        _ = try planes.withMemoryRebound(
            to: UnsafeMutableRawPointer?.self,
            capacity: output.channelCount
        ) { data throws(FFmpegError) in
            try check(av_audio_fifo_write(fifo, data, Int32(count)), "buffer the sound")
        }
    }
}
