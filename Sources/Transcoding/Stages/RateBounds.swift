internal import FFmpeg

/// The bit rates that a preset's pictures may have.
struct RateBounds {
    /// A rate, and the decoder's buffer it is held against, in bits.
    struct Cap: Equatable {
        let rate: Int
        let buffer: Int

        var options: CodecOptions { ["maxrate": "\(rate)", "bufsize": "\(buffer)"] }
    }

    private let preset: Preset.Video
    private let level: H264Level?
    /// What is allowed where the preset says nothing.
    let most: Int

    init(_ preset: Preset.Video, level: H264Level?) {
        self.preset = preset
        self.level = level
        most = preset.maxBitsPerSecond ?? level?.bitsPerSecond ?? preset.expectedBitsPerSecond
    }

    /// The average to aim at; `nil` when a quality is aimed at.
    func average(_ engine: EngineOptions) -> Int? {
        engine.rateControl == .average ? preset.bitsPerSecond : nil
    }

    /// The most that an average of `rate` may vary.
    func cap(_ rate: Int) -> Cap {
        guard let limit = preset.maxBitsPerSecond else {
            let peak = max(level?.bitsPerSecond ?? 2 * rate, rate)
            return Cap(rate: peak, buffer: peak)
        }
        let peak = max(min(limit, level?.bitsPerSecond ?? limit), rate)
        let buffer = preset.bufferBits ?? 10 * limit
        return Cap(rate: peak, buffer: min(buffer, level?.bufferBits ?? buffer))
    }

    /// The most that a quality may take: the preset's rates are bounds then.
    func quality(_ engine: EngineOptions) -> Cap {
        let limit = min(preset.bitsPerSecond ?? most, most)
        guard preset.bitsPerSecond != nil || preset.maxBitsPerSecond != nil else {
            return Cap(rate: limit, buffer: level?.bufferBits ?? limit)
        }
        let buffer = preset.bufferBits ?? 2 * limit
        return Cap(rate: limit, buffer: min(buffer, level?.bufferBits ?? buffer))
    }
}

/// What a level of H.264 allows (ITU-T H.264 tables ).
struct H264Level {
    let bitsPerSecond: Int
    /// The coded picture buffer.
    let bufferBits: Int

    /// Kilobits a second, and kilobits, of baseline and main profile.
    private static let limits: [String: (rate: Int, buffer: Int)] = [
        "1": (64, 175), "1b": (128, 350), "1.1": (192, 500), "1.2": (384, 1000), "1.3": (768, 2000),
        "2": (2000, 2000), "2.1": (4000, 4000), "2.2": (4000, 4000), "3": (10_000, 10_000),
        "3.1": (14_000, 14_000), "3.2": (20_000, 20_000), "4": (20_000, 25_000), "4.1": (50_000, 62_500),
    ]

    init?(_ level: String, profile: String) {
        guard let limit = H264Level.limits[level] else { return nil }
        // High profile has a quarter more.
        let factor = profile == "high" ? 1250 : 1000
        bitsPerSecond = limit.rate * factor
        bufferBits = limit.buffer * factor
    }
}
