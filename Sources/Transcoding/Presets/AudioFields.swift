/// What a preset document says of sound.
extension FieldChecker {
    private static let packings: [(String, Preset.AudioPacking)] = [
        ("SingleTrack", .singleTrack), ("OneChannelPerTrack", .oneChannelPerTrack),
        ("OneChannelPerTrackWithMosTo8Tracks", .oneChannelPerTrackUpTo8),
    ]
    private static let profiles: [(String, Preset.AACProfile)] = [
        ("auto", .auto), ("AAC-LC", .lc), ("HE-AAC", .he), ("HE-AACv2", .heV2),
    ]

    /// Hertz that a codec has a code for.
    private static func sampleRates(_ codec: AudioCodec) -> [Int] {
        switch codec {
        case .mp3, .mp2: [22_050, 32_000, 44_100, 48_000]
        case .aac, .vorbis: [22_050, 32_000, 44_100, 48_000, 96_000]
        case .opus: [48_000]
        case .flac, .pcm: [22_050, 32_000, 44_100, 48_000, 96_000, 192_000]
        }
    }

    private static func names(_ codec: AudioCodec) -> [String] {
        switch codec {
        case .aac: ["Profile"]
        case .flac: ["BitDepth"]
        case .pcm: ["BitDepth", "BitOrder", "Signed"]
        case .mp3, .mp2, .vorbis, .opus: []
        }
    }

    mutating func audio(_ document: PresetFields, _ container: Container?) -> Preset.Audio? {
        let known = ["Codec", "CodecOptions", "SampleRate", "BitRate", "Channels", "AudioPackingMode"]
        guard let fields = object("Audio", of: document, known: known) else { return nil }
        let channels = choice(
            "Channels",
            of: fields,
            [("auto", nil), ("0", 0), ("1", 1), ("2", 2)],
            otherwise: nil,
            isRequired: true
        )
        if channels == 0 { return nil }
        let codecs = PresetDocument.audioCodecs.filter { container?.audioCodecs.contains($0.1) ?? true }
        let found: AudioCodec? = choice(
            "Codec",
            of: fields,
            codecs.map { ($0.0, Optional($0.1)) },
            otherwise: nil,
            isRequired: true
        )
        // A codec that is wrong is told with what else is, so far as that does not depend on it.
        let codec = found ?? container?.audioCodecs.first ?? .aac
        let rates = container == .flv && codec == .mp3 ? [22_050, 44_100] : FieldChecker.sampleRates(codec)
        let hasRate = codec != .flac && codec != .pcm
        let kilobits = number(
            "BitRate",
            of: fields,
            in: codec == .opus ? 16...510 : 64...320,
            isRequired: hasRate
        )
        var audio = Preset.Audio(
            codec: codec,
            profile: .lc,
            sampleRate: choice(
                "SampleRate",
                of: fields,
                [("auto", nil)] + rates.map { ("\($0)", $0) },
                otherwise: nil,
                isRequired: true
            ),
            bitsPerSecond: hasRate ? kilobits.map { $0 * 1000 } : nil,
            channelCount: channels,
            bitDepth: 16,
            isSigned: true,
            packing: choice(
                "AudioPackingMode",
                of: fields,
                container == .mxf ? FieldChecker.packings : Array(FieldChecker.packings.prefix(1)),
                otherwise: .singleTrack
            )
        )
        if found != nil { options(fields, container, &audio) }
        return audio
    }

    private mutating func options(
        _ fields: PresetFields,
        _ container: Container?,
        _ audio: inout Preset.Audio
    ) {
        guard
            let options = object("CodecOptions", of: fields, known: FieldChecker.names(audio.codec))
        else { return }
        audio.profile = choice("Profile", of: options, FieldChecker.profiles, otherwise: .lc)
        let depths = audio.codec == .flac || container == .mxf ? [16, 24] : [8, 16, 24, 32]
        audio.bitDepth = choice(
            "BitDepth",
            of: options,
            depths.map { ("\($0)", $0) },
            otherwise: 16
        )
        _ = choice("BitOrder", of: options, [("LittleEndian", true)], otherwise: true)
        // RIFF WAVE counts samples of up to 8 bits from 0, and all others from the middle.
        let isSigned = container != .wav || audio.bitDepth > 8
        audio.isSigned = choice(
            "Signed",
            of: options,
            isSigned ? [("Signed", true)] : [("Unsigned", false)],
            otherwise: isSigned
        )
    }
}
