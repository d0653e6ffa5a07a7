import FFmpeg
import Testing

@testable import Transcoding

@Suite("ColorRules")
struct ColorRulesTests {
    private static func tags(_ primaries: Int, _ transfer: Int, _ matrix: Int) -> ColorTags {
        ColorTags(primaries: primaries, transfer: transfer, matrix: matrix, isFullRange: false)
    }

    @Test(
        "What a stream leaves open follows from what it says, else from the size",
        arguments: [
            (tags(2, 2, 2), Size(1920, 1080), tags(1, 1, 1)), (tags(2, 2, 2), Size(720, 1280), tags(1, 1, 1)),
            (tags(2, 2, 2), Size(640, 480), tags(6, 6, 6)), (tags(2, 2, 2), Size(960, 720), tags(1, 1, 1)),
            (tags(2, 2, 5), Size(720, 576), tags(5, 6, 5)), (tags(9, 2, 2), Size(1920, 1080), tags(9, 1, 9)),
            (tags(2, 16, 2), Size(1920, 1080), tags(9, 16, 9)),
            (tags(0, 0, 0), Size(640, 480), tags(6, 6, 6)),
            (tags(1, 1, 6), Size(1920, 1080), tags(1, 1, 6)), (tags(2, 2, 1), Size(320, 240), tags(1, 6, 1)),
        ]
    )
    func completes(said: ColorTags, size: Size, expected: ColorTags) {
        let nothing = Self.tags(2, 2, 2)
        #expect(ColorRules.completed(said, by: nothing, isRGB: false, size: size) == expected)
        #expect(ColorRules.completed(nothing, by: said, isRGB: false, size: size) == expected)
    }

    @Test(
        "BT.601 and BT.709 stay, all else becomes BT.709",
        arguments: [
            (tags(1, 1, 1), tags(1, 1, 1)), (tags(5, 6, 5), tags(5, 6, 6)), (tags(6, 6, 6), tags(6, 6, 6)),
            (tags(1, 1, 6), tags(1, 6, 6)), (tags(9, 1, 9), tags(1, 1, 1)), (tags(9, 16, 9), tags(1, 1, 1)),
            (tags(9, 18, 9), tags(1, 1, 1)), (tags(12, 13, 1), tags(1, 1, 1)), (tags(7, 7, 7), tags(6, 1, 1)),
        ]
    )
    func outputs(input: ColorTags, output: ColorTags) {
        #expect(ColorRules.output(input, .none) == output)
        let needsMore = ![1, 5, 6, 7].contains(input.primaries) || input.isHDR
        #expect(ColorRules.needsManagement(input, output) == needsMore)
    }

    @Test("Conversion by sizes happens only between SD and HD, interlaced, at a broadcast rate")
    func automatic() {
        func conversion(
            _ input: ColorTags,
            _ from: Size,
            _ to: Size,
            interlaced: Bool = true,
            rate: Int32 = 25
        )
            -> Preset.ColorConversion
        {
            ColorRules.conversion(
                .auto,
                input: input,
                from: from,
                to: to,
                isInterlaced: interlaced,
                frameRate: Rational(rate, 1)
            )
        }
        let (small, large) = (Size(720, 576), Size(1920, 1080))
        #expect(conversion(.bt709, large, small) == .bt709ToBt601)
        #expect(conversion(.bt601, small, large) == .bt601ToBt709)
        #expect(conversion(.bt601, large, small) == .none)
        #expect(conversion(.bt709, Size(1280, 720), small) == .none)
        #expect(conversion(.bt709, large, small, interlaced: false) == .none)
        #expect(conversion(.bt709, large, small, rate: 15) == .none)
    }

    @Test(
        "The peak is what the input says, unless that cannot be true",
        arguments: [
            (nil, nil, 1000.0), (600.0, nil, 600.0), (nil, 4000.0, 4000.0), (4000.0, 1000.0, 1000.0),
            (1000.0, 0.1, 1000.0), (250.0, nil, 300.0), (10_000.0, nil, 4000.0),
        ] as [(Double?, Double?, Double)]
    )
    func peak(content: Double?, mastering: Double?, expected: Double) {
        let levels = LightLevels(maxContent: content, maxMastering: mastering)
        #expect(ColorRules.peak(Self.tags(9, 16, 9), levels) == expected)
        #expect(ColorRules.peak(Self.tags(9, 18, 9), levels) == 1000, "HLG is relative to its display")
    }

    @Test(
        "Dolby Vision needs its own decoder in profile 5, and in profile 10 without a base",
        arguments: [
            (5, 0, false), (10, 0, false), (10, 1, true), (8, 1, true), (8, 4, true), (7, 6, true),
            (9, 2, true),
        ]
    )
    func dolbyVision(profile: Int, compatibility: Int, isShown: Bool) {
        let vision = DolbyVision(profile: profile, baseCompatibility: compatibility)
        #expect(vision.hasCompatibleBase == isShown)
    }
}
