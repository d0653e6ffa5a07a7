internal import FFmpeg

/// How the cores are shared out between the stages.
struct CoreShare {
    private(set) var decoder: Int
    private(set) var filter: Int
    /// Threads of each rendition's encoder.
    private(set) var encoder: Int
    /// Pictures that wait before a stage.
    private(set) var slots: Int

    /// Inputs of up to so many seconds are short.
    ///
    /// Until the encoder has the pictures it looks ahead at, 40 of them, it has little to do, and a core waits for
    /// the decoder. That is a large part of their time.
    private static let shortSeconds = 5.0

    /// Shares `cores` out among a decoder that has `decoding` of the work, 0...1, and the encoders of so many
    /// renditions.
    ///
    /// Each thread of a decoder holds a picture of its own and costs time besides, so it gets half as many again as
    /// would keep up, and no more. Alone, an encoder has half as many threads again as there are cores; several
    /// have twice as many in all, or three each, because they seldom all have work. The decoder of an input of so few
    /// `seconds` that it is short has two at least.
    init(cores: Int, decoding: Double = 1, renditions: Int = 1, seconds: Double? = nil) {
        let enough = (Double(cores) * decoding * 1.5).rounded(.up)
        let least = (seconds ?? .infinity) <= CoreShare.shortSeconds ? min(cores, 2) : 1
        decoder = min(max(least, Int(enough)), cores + 1, 8)
        filter = min(cores, 4)
        let alone = max(1, min(cores * 3 / 2, 24))
        encoder = min(alone, max(3, 2 * alone / max(renditions, 1)))
        slots = min(max(cores, 2), 4)
    }

    /// Repeats `plan` where there is one.
    init(_ plan: Recipe.ThreadPlan?, cores: Int, decoding: Double, renditions: Int, seconds: Double?) {
        self.init(cores: cores, decoding: decoding, renditions: renditions, seconds: seconds)
        guard let plan else { return }
        decoder = min(max(plan.decoder, 1), 8)
        filter = min(max(plan.filter, 1), 4)
        encoder = min(max(plan.encoder, 1), 24)
    }

    /// How much of the work it is to decode an input for some renditions, 0...1.
    ///
    /// Per pixel, encoding takes so many times as long as decoding, everything else included: measured with H.264
    /// on both sides, 1080p at 16 Mbit/s to 720p.
    static func decoding(_ input: FFmpeg.Stream, for renditions: [Preset]) -> Double {
        let rate = min(max(input.averageFrameRate.value, 1), 240)
        let decoded = Double(input.size.width) * Double(input.size.height) * rate
        var encoded = 0.0
        for preset in renditions {
            guard let video = preset.video else { continue }
            let most = video.boundingSize
            let pixels = min(input.size.width * input.size.height, most.width * most.height)
            let factor =
                switch (video.codec, preset.engine.speed) {
                case (.mpeg2, _), (.gif, _), (_, .fastest): 2.0
                case (_, .fast): 4.0
                case (_, .balanced): 5.0
                case (_, .best): 10.0
                }
            encoded += Double(pixels) * min(rate, video.maxFrameRate.value) * factor
        }
        let work = decoded + encoded
        return work > 0 ? decoded / work : 1
    }
}
