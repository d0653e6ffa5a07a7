internal import FFmpeg

/// Which colours an input has and its rendition gets, as rules on H.273's numbers.
enum ColorRules {
    /// White of SDR in HDR: the brightness of a sheet of paper (ITU-R BT.2408 §2.1), in cd/m².
    static let referenceWhite = 203.0
    /// The nominal peak of HLG (ITU-R BT.2100), and of PQ that does not say.
    static let nominalPeak = 1000.0

    private static let standardPrimaries: Set = [5, 6, 7]
    private static let standardMatrices: Set = [5, 6]

    /// What the picture says, else what the container says, else what its size suggests.
    static func input(_ frame: Frame, _ stream: FFmpeg.Stream) -> ColorTags {
        completed(frame.color, by: stream.color, isRGB: frame.pixelFormat.isRGB, size: frame.size)
    }

    /// Tags in which nothing is left unspecified: one says something of the others, and so does the size.
    static func completed(_ first: ColorTags, by second: ColorTags, isRGB: Bool, size: Size) -> ColorTags {
        func known(_ value: Int, _ other: Int) -> Int? {
            if value != ColorTags.unspecified, value > 0 { return value }
            return other != ColorTags.unspecified && other > 0 ? other : nil
        }
        let transfer = known(first.transfer, second.transfer)
        let primaries = known(first.primaries, second.primaries)
        let matrix = isRGB ? nil : known(first.matrix, second.matrix)
        let isWide = transfer == 16 || transfer == 18
        // HD began with 720 lines; what has fewer and says nothing is from SD's time.
        let isHD = max(size.width, size.height) >= 1280 || min(size.width, size.height) > 576
        let guess: ColorTags = isHD ? .bt709 : .bt601
        let guessedPrimaries =
            switch matrix {
            case 1: 1
            case 5, 6: matrix ?? guess.primaries
            case 9, 10, 14: 9
            default: isWide ? 9 : guess.primaries
            }
        let guessedMatrix =
            switch primaries ?? guessedPrimaries {
            case 1: 1
            case 5, 6, 7: 6
            case 9: 9
            default: guess.matrix
            }
        return ColorTags(
            primaries: primaries ?? guessedPrimaries,
            transfer: transfer ?? guess.transfer,
            matrix: matrix ?? guessedMatrix,
            isFullRange: first.isFullRange || second.isFullRange
        )
    }

    /// BT.601 and BT.709 stay what they are unless they are to be converted; all else becomes BT.709.
    ///
    /// The range is always limited.
    static func output(_ input: ColorTags, _ conversion: Preset.ColorConversion) -> ColorTags {
        if conversion == .bt709ToBt601 { return .bt601 }
        guard !input.isHDR, conversion == .none else { return .bt709 }
        let primaries = input.primaries == 7 ? 6 : input.primaries
        guard primaries == 1 || standardPrimaries.contains(primaries) else { return .bt709 }
        let isStandard = standardMatrices.contains(input.matrix)
        return ColorTags(
            primaries: primaries,
            transfer: isStandard ? 6 : 1,
            matrix: isStandard ? 6 : 1,
            isFullRange: false
        )
    }

    /// Whether the scaler, which knows matrices and ranges alone, cannot make `output` from `input`.
    static func needsManagement(_ input: ColorTags, _ output: ColorTags) -> Bool {
        func group(_ primaries: Int) -> Int { standardPrimaries.contains(primaries) ? 6 : primaries }
        // swscale takes YCgCo, BT.2020 of constant luminance and the like for BT.601.
        let isForeign = [8, 10, 11, 12, 13, 14].contains(input.matrix)
        return input.isHDR || isForeign || group(input.primaries) != group(output.primaries)
    }

    /// The conversion that Elastic Transcoder's ColorSpaceConversionMode means for an input.
    ///
    /// `auto` converts only in interlaced outputs of a broadcast rate whose size goes from SD to HD or back.
    static func conversion(
        _ mode: Preset.ColorConversion,
        input: ColorTags,
        from: Size,
        to: Size,
        isInterlaced: Bool,
        frameRate: Rational
    ) -> Preset.ColorConversion {
        let isStandard = standardMatrices.contains(input.matrix) && !input.isHDR
        switch mode {
        case .none: return .none
        case .bt709ToBt601: return isStandard ? .none : .bt709ToBt601
        case .bt601ToBt709: return isStandard ? .bt601ToBt709 : .none
        case .auto:
            let rates = [24_000.0 / 1001, 24, 25, 30_000.0 / 1001, 50, 60]
            let isBroadcast = rates.contains { abs($0 - frameRate.value) < 0.001 }
            let small: Set = [Size(720, 480), Size(720, 576)]
            let large = Size(1920, 1080)
            guard isInterlaced, isBroadcast else { return .none }
            if small.contains(from), to == large { return isStandard ? .bt601ToBt709 : .none }
            if from == large, small.contains(to) { return isStandard ? .none : .bt709ToBt601 }
            return .none
        }
    }

    /// The brightness that becomes the output's white, in cd/m².
    ///
    /// PQ says how bright it gets; figures that cannot be true, as some phones write, are passed over.
    static func peak(_ input: ColorTags, _ levels: LightLevels) -> Double {
        guard input.transfer == 16 else { return nominalPeak }
        let said = [levels.maxContent, levels.maxMastering].compactMap { $0 }.filter { $0 >= 200 }
        return min(max(said.min() ?? nominalPeak, 300), 4000)
    }
}
