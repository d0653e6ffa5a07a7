/// What an encoder's pictures are.
public struct PictureFormat: Sendable, Hashable {
    public var size: Size
    public var frameRate: Rational
    public var color: ColorTags
    public var pixelFormat = PixelFormat.yuv420p
    /// Width to height of one pixel.
    public var sampleAspectRatio = Rational(1, 1)
    public var fieldOrder = FieldOrder.progressive

    public init(size: Size, frameRate: Rational, color: ColorTags) {
        self.size = size
        self.frameRate = frameRate
        self.color = color
    }
}

/// Which of a picture's fields is the earlier.
public enum FieldOrder: Sendable, Hashable {
    case progressive
    case topFirst
    case bottomFirst
}
