public import FFmpeg

/// The settings of one rendition, as values.
public struct Preset: Sendable, Equatable, Codable {
    public struct Video: Sendable, Equatable, Codable {
        public var profile: String
        public var level: String
        public var maxReferenceFrames: Int
        /// Frames.
        public var maxKeyframeDistance: Int
        public var bitsPerSecond: Int
        /// Frames per second; an upper bound.
        public var maxFrameRate: Rational
        public var maxSize: Size
    }

    public struct Audio: Sendable, Equatable, Codable {
        public var bitsPerSecond: Int
        public var sampleRate: Int
        public var channelCount: Int
    }

    public let id: String
    public let name: String
    public let video: Video
    public let audio: Audio
}
