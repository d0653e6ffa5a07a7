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
        isPart: Bool,
        quality: Double? = nil
    ) {
        self.init(preset, engine, seconds: seconds, width: plan.size.width, threads: threads)
        avoidAVX512(width: plan.size.width)
        if isPart { makePart(quality: quality) }
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
    /// Its AVX-512 code (core 164) decides by memory that nobody wrote where the picture's width is no multiple of
    /// 128: pictures 320, 400, 416, 854 and 960 wide gave other bytes with other contents of fresh memory, and the
    /// same without that code; of 384, 512, 640, 768, 896, 1024, 1152, 1280, 1408 and 1920 none did. Without it
    /// x264 takes about 1 % longer.
    private mutating func avoidAVX512(width: Int) {
        guard name == "libx264", !width.isMultiple(of: 128), ProcessorFeatures.hasAVX512 else { return }
        // Every processor with AVX-512 has all of these.
        add("asm=MMX2,SSE2Fast,LZCNT,SSSE3,SSE4.2,AVX,FMA3,BMI2,AVX2")
    }
}
