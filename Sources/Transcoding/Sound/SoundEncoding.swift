internal import FFmpeg

/// What an output's sound is encoded as, decided by the preset and the first sound there is.
struct SoundEncoding: Sendable {
    let choice: AudioEncoderChoice
    let format: AudioFormat

    init(_ preset: Preset.Audio, like input: AudioFormat) {
        let sampleRate = preset.sampleRate ?? SoundEncoding.sampleRate(preset.codec, near: input.sampleRate)
        let channels = preset.channelCount ?? SoundEncoding.channelCount(preset.codec, of: input.channelCount)
        choice = AudioEncoderChoice(preset)
        format = AudioFormat(
            sampleRate: sampleRate,
            layout: SoundEncoding.layout(preset.codec, channels),
            sampleFormat: choice.sampleFormat
        )
    }

    /// The rate of the input where the codec has it, else the next higher one, else the codec's highest.
    static func sampleRate(_ codec: AudioCodec, near rate: Int) -> Int {
        guard let rates = sampleRates[codec] else { return min(max(rate, 8_000), 192_000) }
        return rates.first { $0 >= rate } ?? rates.last ?? rate
    }

    /// As many channels as the input has, but no more than the codec holds.
    static func channelCount(_ codec: AudioCodec, of count: Int) -> Int {
        min(max(count, 1), codec == .mp3 || codec == .mp2 ? 2 : 8)
    }

    /// The layout in which the codec's usual order of channels puts so many of them.
    static func layout(_ codec: AudioCodec, _ channelCount: Int) -> ChannelLayout {
        // AAC (ISO/IEC 14496-3, table 1.19) has a front and a back centre, the others two in the back.
        if channelCount == 4, codec != .aac {
            return ChannelLayout([.frontLeft, .frontRight, .backLeft, .backRight])
        }
        return .standard(channelCount)
    }

    /// Hz, in rising order; codecs that are not here take any.
    private static let sampleRates: [AudioCodec: [Int]] = [
        .aac: [
            8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000,
        ],
        .mp3: [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000],
        .mp2: [16_000, 22_050, 24_000, 32_000, 44_100, 48_000],
        .opus: [8_000, 12_000, 16_000, 24_000, 48_000],
    ]
}
