internal import FFmpeg

/// Which encoder a preset's pictures mean, and its settings.
struct VideoEncoderChoice: Equatable {
    /// libav's name.
    let name: String
    var options: CodecOptions
    /// What the encoder takes.
    let pixelFormat: PixelFormat
    /// libav's name of the codec.
    let codec: String
    /// How MP4 names the codec, where its usual name is not the one players know.
    var codecTag: String?

    /// Chooses for pictures of `width` pixels that last `seconds`, if anybody knows, and so many threads.
    init(_ preset: Preset.Video, _ engine: EngineOptions, seconds: Double?, width: Int, threads: Int) {
        switch preset.codec {
        case .h264:
            self = .h264(preset, engine, seconds)
        case .hevc:
            self = .hevc(preset, engine, threads)
        case .vp8, .vp9:
            self = .vpx(preset, engine, width)
        case .av1:
            self = .av1(preset, engine, threads)
        case .mpeg2:
            self = .mpeg2(preset)
        case .gif:
            self.init("gif", .pal8, "gif", [:])
        }
    }

    private init(_ name: String, _ pixelFormat: PixelFormat, _ codec: String, _ options: CodecOptions) {
        self.name = name
        self.pixelFormat = pixelFormat
        self.codec = codec
        self.options = options
    }
}

// MARK: - H.264 and HEVC

extension VideoEncoderChoice {
    private static func h264(
        _ preset: Preset.Video,
        _ engine: EngineOptions,
        _ seconds: Double?
    ) -> VideoEncoderChoice {
        let profile = preset.profile ?? "main"
        let level = preset.level ?? "3.1"
        let settings = X264Settings(engine.speed, maxReferenceFrames: preset.maxReferenceFrames)
        var options: CodecOptions = [
            "preset": settings.preset, "x264-params": settings.text, "profile": profile, "level": level,
            "g": "\(preset.maxKeyframeDistance)",
        ]
        if preset.hasFixedGOP { options["keyint_min"] = "\(preset.maxKeyframeDistance)" }
        if preset.hasFixedGOP { options["sc_threshold"] = "0" }
        let bounds = RateBounds(preset, level: H264Level(level, profile: profile))
        guard let rate = bounds.average(engine) else {
            options["crf"] = "\(engine.quality ?? 23)"
            options.merge(bounds.quality(engine).options) { $1 }
            return VideoEncoderChoice("libx264", .yuv420p, "h264", options)
        }
        options["b"] = "\(rate)"
        let cap = bounds.cap(rate)
        // What fits whole into a decoder's buffer, at twice the rate, cannot make it run empty. x264 starts
        // such clips a tenth too low once it has a buffer to think of.
        let fits = seconds.map { $0 * Double(rate) * 2 < Double(cap.buffer) * 0.9 } ?? false
        if !fits || preset.maxBitsPerSecond != nil { options.merge(cap.options) { $1 } }
        return VideoEncoderChoice("libx264", .yuv420p, "h264", options)
    }

    private static func hevc(
        _ preset: Preset.Video,
        _ engine: EngineOptions,
        _ threads: Int
    ) -> VideoEncoderChoice {
        // x265 writes its own lines to standard error unless told not to.
        var parameters = [
            "log-level=none", "open-gop=0", "pools=\(threads)", "frame-threads=\(min(3, threads))",
        ]
        if preset.hasFixedGOP { parameters.append("scenecut=0") }
        if let level = preset.level { parameters.append("level-idc=\(level)") }
        var options: CodecOptions = ["g": "\(preset.maxKeyframeDistance)"]
        if preset.hasFixedGOP { options["keyint_min"] = "\(preset.maxKeyframeDistance)" }
        switch engine.speed {
        case .fastest: options["preset"] = "ultrafast"
        case .fast: options["preset"] = "superfast"
        case .balanced: options["preset"] = "veryfast"
        case .best: options["preset"] = "medium"
        }
        options["x265-params"] = parameters.joined(separator: ":")
        let bounds = RateBounds(preset, level: nil)
        if let rate = bounds.average(engine) {
            options["b"] = "\(rate)"
            options.merge(bounds.cap(rate).options) { $1 }
        } else {
            options["crf"] = "\(engine.quality ?? 26)"
            options.merge(bounds.quality(engine).options) { $1 }
        }
        var choice = VideoEncoderChoice("libx265", .yuv420p, "hevc", options)
        choice.codecTag = "hvc1"
        return choice
    }
}

// MARK: - VP8, VP9 and AV1

extension VideoEncoderChoice {
    private static func vpx(
        _ preset: Preset.Video,
        _ engine: EngineOptions,
        _ width: Int
    ) -> VideoEncoderChoice {
        let isVP9 = preset.codec == .vp9
        var options: CodecOptions = ["deadline": "good", "g": "\(preset.maxKeyframeDistance)"]
        if let profile = preset.profile { options["profile"] = profile }
        if preset.hasFixedGOP { options["keyint_min"] = "\(preset.maxKeyframeDistance)" }
        if isVP9 {
            // Columns are at least 256 pixels wide (VP9 bitstream specification §7.2).
            var columns = 0
            while columns < 2, width >> (columns + 1) >= 256 { columns += 1 }
            options.merge([
                "row-mt": "1", "auto-alt-ref": "1", "lag-in-frames": "25", "tile-columns": "\(columns)",
            ]) { $1 }
        } else {
            options["slices"] = "4"
        }
        switch engine.speed {
        // Beyond 5 libvpx has only its realtime mode, which looks at no later picture.
        case .fastest, .fast: options["cpu-used"] = "5"
        case .balanced: options["cpu-used"] = isVP9 ? "4" : "5"
        case .best: options["cpu-used"] = "2"
        }
        let bounds = RateBounds(preset, level: nil)
        if let rate = bounds.average(engine) {
            options["b"] = "\(rate)"
            if preset.maxBitsPerSecond != nil { options.merge(bounds.cap(rate).options) { $1 } }
        } else {
            // In libvpx a quality goes with the most that may be spent on it.
            options["crf"] = "\(engine.quality ?? (isVP9 ? 33 : 12))"
            options["b"] = "\(bounds.quality(engine).rate)"
        }
        let name = isVP9 ? "libvpx-vp9" : "libvpx"
        return VideoEncoderChoice(name, .yuv420p, isVP9 ? "vp9" : "vp8", options)
    }

    private static func av1(
        _ preset: Preset.Video,
        _ engine: EngineOptions,
        _ threads: Int
    ) -> VideoEncoderChoice {
        var options: CodecOptions = [
            "g": "\(preset.maxKeyframeDistance)",
            "svtav1-params": "lp=\(threads):scd=\(preset.hasFixedGOP ? 0 : 1):lookahead=40",
        ]
        switch engine.speed {
        case .fastest: options["preset"] = "12"
        case .fast: options["preset"] = "11"
        case .balanced: options["preset"] = "9"
        case .best: options["preset"] = "6"
        }
        let bounds = RateBounds(preset, level: nil)
        if let rate = bounds.average(engine) {
            options["b"] = "\(rate)"
        } else {
            options["crf"] = "\(engine.quality ?? 35)"
            options["maxrate"] = "\(bounds.quality(engine).rate)"
        }
        return VideoEncoderChoice("libsvtav1", .yuv420p, "av1", options)
    }
}

// MARK: - MPEG-2

extension VideoEncoderChoice {
    /// 4:2:2 is made as XDCAM HD422 has it, at a constant rate.
    private static func mpeg2(_ preset: Preset.Video) -> VideoEncoderChoice {
        let isXDCAM = preset.chroma == .yuv422p
        // No picture refers across a keyframe; libavcodec has that only without keyframes at cuts.
        var options: CodecOptions = [
            "g": "\(preset.maxKeyframeDistance)", "bf": "2", "flags": "+cgop", "sc_threshold": "1000000000",
        ]
        // At XDCAM's constant rate a search by distortion and trellis cost 3 to 5 times as much and gain
        // nothing; the latter even leaves bits unused.
        let search: CodecOptions =
            isXDCAM ? ["mbd": "bits"] : ["trellis": "1", "cmp": "satd", "subcmp": "satd", "mbd": "rd"]
        options.merge(search) { $1 }
        if preset.hasFixedGOP { options["mpv_flags"] = "+strict_gop" }
        let bounds = RateBounds(preset, level: nil)
        let rate = preset.bitsPerSecond ?? bounds.most
        let cap = bounds.cap(rate)
        // The buffers of Main Level, of High Level, and of XDCAM (ISO/IEC 13818-2 table 8-14).
        let size = preset.boundingSize
        let buffer = isXDCAM ? 36_408_333 : size.width <= 720 ? 1_835_008 : 9_781_248
        options["b"] = "\(rate)"
        options["maxrate"] = "\(cap.rate)"
        options["bufsize"] = "\(min(cap.buffer, buffer))"
        if isXDCAM {
            options.merge(
                [
                    "minrate": "\(rate)", "dc": "10", "intra_vlc": "1", "non_linear_quant": "1", "qmin": "1",
                    "qmax": "12", "lmin": "118",
                ]
            ) { $1 }
        }
        return VideoEncoderChoice(
            "mpeg2video",
            isXDCAM ? .yuv422p : .yuv420p,
            "mpeg2video",
            options
        )
    }
}
