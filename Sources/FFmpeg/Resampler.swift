internal import CFFmpeg

/// Converts blocks of sound to another rate, other channels and other samples.
public struct Resampler: ~Copyable {
    private var context: OpaquePointer
    /// What it takes.
    public let input: AudioFormat
    /// What it makes.
    public let output: AudioFormat
    private let matrix: [Double]?
    /// By how much the sound is made longer.
    private var stretch = 0.0
    private var canStretch = false
    /// The block that was converted last.
    private var recent: Frame?
    /// Samples still to come that are none of ours.
    private var surplus = 0

    private init(
        owning context: OpaquePointer,
        _ input: AudioFormat,
        _ output: AudioFormat,
        _ matrix: [Double]?
    ) {
        self.context = context
        self.input = input
        self.output = output
        self.matrix = matrix
    }

    deinit {
        var context: OpaquePointer? = context
        swr_free(&context)
    }

    /// Opens a converter.
    ///
    /// `matrix` holds what goes of each input channel into each output channel, one output channel after the
    /// other; with `nil`, libswresample's own rule is used, scaled so that nothing exceeds full scale.
    public static func open(
        _ input: AudioFormat,
        to output: AudioFormat,
        matrix: [Double]? = nil
    ) throws(FFmpegError) -> Resampler {
        let context = try makeContext(input, output, matrix, canStretch: false)
        return Resampler(owning: context, input, output, matrix)
    }

    private static func makeContext(
        _ input: AudioFormat,
        _ output: AudioFormat,
        _ matrix: [Double]?,
        canStretch: Bool
    ) throws(FFmpegError) -> OpaquePointer {
        var source = AVChannelLayout()
        defer { av_channel_layout_uninit(&source) }
        input.layout.write(to: &source)
        var target = AVChannelLayout()
        defer { av_channel_layout_uninit(&target) }
        output.layout.write(to: &target)
        var context: OpaquePointer?
        try check(
            swr_alloc_set_opts2(
                &context,
                &target,
                output.sampleFormat.raw,
                Int32(clamping: output.sampleRate),
                &source,
                input.sampleFormat.raw,
                Int32(clamping: input.sampleRate),
                0,
                nil
            ),
            "create a resampler"
        )
        let resampler = try allocated(context, "create a resampler")
        let object = UnsafeMutableRawPointer(resampler)
        if let matrix {
            swr_set_matrix(resampler, matrix, Int32(input.channelCount))
        } else {
            av_opt_set_double(object, "rematrix_maxval", 1, 0)
        }
        if output.sampleFormat.needsDither {
            av_opt_set_int(object, "dither_method", Int64(SWR_DITHER_TRIANGULAR.rawValue), 0)
        }
        if canStretch {
            av_opt_set_int(object, "flags", Int64(SWR_FLAG_RESAMPLE), 0)
            av_opt_set_int(object, "linear_interp", 1, 0)
        }
        let status = swr_init(resampler)
        guard status >= 0 else {
            swr_free(&context)
            throw FFmpegError(status: status, action: "convert the sound")
        }
        return resampler
    }

    /// Output samples that the filter still holds.
    public var delay: Int { Int(max(0, swr_get_delay(context, Int64(output.sampleRate)))) - surplus }

    /// Makes what follows longer by `ratio`, a few thousandths at most; shorter where that is negative.
    public mutating func stretch(_ ratio: Double) throws(FFmpegError) {
        guard abs(ratio - stretch) > 1e-6 else { return }
        if !canStretch { try beginStretching() }
        stretch = ratio
        // Over a long distance, so that the ratio holds until the next call.
        let distance = 1_000_000.0
        let delta = Int32((min(max(ratio, -0.05), 0.05) * distance).rounded())
        try check(swr_set_compensation(context, delta, Int32(distance)), "stretch the sound")
    }

    /// Puts a filter where samples went through unfiltered.
    ///
    /// It is fed with the samples before, and what it makes of them left out, or one would hear it begin.
    private mutating func beginStretching() throws(FFmpegError) {
        canStretch = true
        guard input.sampleRate == output.sampleRate else { return }
        let fresh = try Resampler.makeContext(input, output, matrix, canStretch: true)
        var old: OpaquePointer? = context
        context = fresh
        swr_free(&old)
        guard let before = recent else { return }
        let count = min(before.sampleCount, 64)
        surplus = count
        _ = try convert(before, skipping: before.sampleCount - count)
    }

    /// Converts a block, leaving out its first `skipped` samples; `nil` when nothing comes out yet.
    public mutating func convert(_ frame: Frame, skipping skipped: Int = 0) throws(FFmpegError) -> Frame? {
        guard skipped < frame.sampleCount else { return nil }
        let format = AVSampleFormat(frame.pointer.pointee.format)
        let planar = av_sample_fmt_is_planar(format) != 0
        let channels = frame.channelCount
        let stride = Int(av_get_bytes_per_sample(format)) * (planar ? 1 : channels)
        var planes = (0..<(planar ? channels : 1)).map { index in
            frame.pointer.pointee.extended_data[index].map { UnsafePointer($0 + skipped * stride) }
        }
        recent = canStretch ? nil : frame
        return try convert(&planes, count: frame.sampleCount - skipped)
    }

    /// Converts what the filter still holds; nothing may follow.
    public mutating func flush() throws(FFmpegError) -> Frame? { try convert(nil, count: 0) }

    private mutating func convert(
        _ planes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
        count: Int
    ) throws(FFmpegError) -> Frame? {
        let room = Int(try check(swr_get_out_samples(context, Int32(count)), "convert the sound"))
        guard room > 0 else { return nil }
        let block = try Frame.sound(output, count: room)
        let data = block.pointer.pointee.extended_data
        let got = try check(
            swr_convert(context, data, Int32(room), planes, Int32(count)),
            "convert the sound"
        )
        let left = min(surplus, Int(got))
        surplus -= left
        if left > 0, left < got {
            let (data, count) = (block.pointer.pointee.extended_data, Int32(output.channelCount))
            av_samples_copy(data, data, 0, Int32(left), got - Int32(left), count, output.sampleFormat.raw)
        }
        block.pointer.pointee.nb_samples = got - Int32(left)
        return block.sampleCount > 0 ? block : nil
    }
}
