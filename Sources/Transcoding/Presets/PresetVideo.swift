public import FFmpeg

extension Preset {
    /// How pictures are made.
    public struct Video: Sendable, Equatable, Codable {
        /// How the pictures are encoded.
        public var codec: VideoCodec
        /// As the codec's standard calls it; `nil` where the encoder is to choose.
        public var profile: String?
        /// Such as `3.1`; `nil` where the encoder is to choose.
        public var level: String?
        /// 0...16.
        public var maxReferenceFrames: Int
        /// Frames.
        public var maxKeyframeDistance: Int
        /// Whether every GOP is as long as the longest.
        public var hasFixedGOP: Bool
        /// The average aimed at; `nil` leaves it to a quality.
        public var bitsPerSecond: Int?
        /// What no stretch as long as the buffer may exceed; `nil` leaves it to the level.
        public var maxBitsPerSecond: Int?
        /// The decoder's buffer in bits; `nil` leaves it to the level, or means ten seconds of the maximum.
        public var bufferBits: Int?
        /// How many pictures a second.
        public var frameRate: FrameRate
        /// Pixels; `nil` means `defaultMaxSize`.
        public var maxSize: Size?
        /// Width to height as shown; `nil` means square pixels.
        public var displayAspectRatio: Rational?
        /// How a picture is fitted into the size.
        public var sizing: SizingPolicy
        /// Whether black bars fill what is left of the size.
        public var padding: PaddingPolicy
        /// Whether pictures are coded as frames or as fields.
        public var scan: ScanMode
        /// Between which matrices colours are converted.
        public var colorConversion: ColorConversion
        /// How densely colour is sampled.
        public var chroma: Chroma
        /// How often an animation is repeated; `nil` means for ever.
        public var loopCount: Int?

        /// The size that `auto` means.
        public static let defaultMaxSize = Size(1920, 1080)

        /// The size that no picture exceeds.
        public var boundingSize: Size { maxSize ?? Video.defaultMaxSize }

        /// Whether pictures are made of two fields; the baseline profile and newer codecs know none.
        var isInterlaced: Bool {
            let isPossible = codec == .mpeg2 || codec == .h264 && profile != "baseline"
            return isPossible && scan != .progressive
        }

        /// Frames per second that are never exceeded.
        public var maxFrameRate: Rational {
            switch frameRate {
            case .auto(let max): max
            case .fixed(let rate): rate
            }
        }
    }

    /// The pictures per second of a rendition.
    public enum FrameRate: Sendable, Equatable, Codable {
        /// The input's rate or an even part of it, `max` at most.
        case auto(max: Rational)
        /// An upper bound, unless `EngineOptions.exactFrameRate`.
        case fixed(Rational)
    }

    /// How a picture gets to the preset's size.
    public enum SizingPolicy: String, Sendable, Codable, CaseIterable {
        case fit
        case fill
        case stretch
        case keep
        case shrinkToFit
        case shrinkToFill
    }

    /// Whether black bars fill the preset's size up.
    public enum PaddingPolicy: String, Sendable, Codable, CaseIterable {
        case pad
        case noPad
    }

    /// In which order a picture's lines are made.
    public enum ScanMode: String, Sendable, Codable, CaseIterable {
        case progressive
        case topFirst
        case bottomFirst
        /// Interlaced, as the input is.
        case auto
    }

    /// Which colours are converted to which.
    public enum ColorConversion: String, Sendable, Codable, CaseIterable {
        case none
        case bt709ToBt601
        case bt601ToBt709
        /// By the sizes of the input and the output.
        case auto
    }

    /// How many samples of colour there are.
    public enum Chroma: String, Sendable, Codable, CaseIterable {
        case yuv420p
        case yuv422p
    }
}

extension Preset.Video {
    /// The rate over some seconds that the settings lead to at most.
    var expectedBitsPerSecond: Int {
        // An animation's pictures are compressed without knowing of any rate; a byte a pixel is the most.
        let pixels = Double(boundingSize.pixelCount) * min(max(maxFrameRate.value, 1), 240)
        guard codec != .gif else { return Int(min(pixels * 8, 1e12)) }
        if let rate = bitsPerSecond ?? maxBitsPerSecond { return rate }
        // A third of a bit a pixel is ample for every codec at a quality one would choose.
        return Int(min(max(pixels / 3, 500_000), 1e12))
    }
}
