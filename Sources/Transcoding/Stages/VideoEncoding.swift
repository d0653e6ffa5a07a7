internal import FFmpeg

/// An encoder for the pictures of a plan, as every output has it.
extension VideoEncoderChoice {
    /// Chooses for a plan's pictures, all of them or those of a range that others follow (`isPart`).
    init(
        _ preset: Preset.Video,
        _ engine: EngineOptions,
        _ plan: VideoPlan,
        seconds: Double?,
        threads: Int,
        isPart: Bool
    ) {
        self.init(preset, engine, seconds: seconds, width: plan.size.width, threads: threads)
        avoidAVX512()
        if isPart { makePart() }
    }

    /// Opens the encoder.
    func open(_ plan: VideoPlan, _ muxer: MuxerChoice, threads: Int) throws(FFmpegError) -> Encoder {
        var format = plan.format
        format.pixelFormat = pixelFormat
        return try Encoder.open(
            name,
            .video(format),
            timebase: plan.timebase,
            options: options,
            threads: threads,
            hasGlobalHeader: muxer.hasGlobalHeader
        )
    }

    /// What the muxer has to know of what the encoder makes.
    func track(_ encoder: borrowing Encoder, _ plan: VideoPlan, _ muxer: MuxerChoice) -> Muxer.Track {
        Muxer.Track(
            parameters: encoder.parameters,
            timebase: plan.timebase,
            frameRate: plan.frameRate,
            codecTag: muxer.format == "mp4" ? codecTag : nil
        )
    }

    /// Adds to what x264 is told under its own names.
    mutating func add(_ parameters: String) {
        let own = options["x264-params"].map { [$0] } ?? []
        options["x264-params"] = (own + [parameters]).joined(separator: ":")
    }

    /// Lets x264 repeat bit for bit.
    ///
    /// Its AVX-512 code (core 164) decides by memory that nobody wrote at some widths: pictures 320, 400 and 416
    /// wide gave other bytes with other contents of fresh memory, and the same without that code, at the same
    /// CPU time.
    private mutating func avoidAVX512() {
        guard name == "libx264", ProcessorFeatures.hasAVX512 else { return }
        // Every processor with AVX-512 has all of these.
        add("asm=MMX2,SSE2Fast,LZCNT,SSSE3,SSE4.2,AVX,FMA3,BMI2,AVX2")
    }
}
