public import FFmpeg

/// Rules for the size of a rendition's picture, free of I/O.
public enum Sizing {
    /// The upright size of a picture in square pixels, before scaling; width and height may be odd.
    public static func display(_ size: Size, aspect: Rational, turned: Bool) -> (
        width: Double, height: Double
    ) {
        var width = Double(size.width)
        let height = Double(size.height)
        if aspect.isPositive, (0.05...20).contains(aspect.value) { width *= aspect.value }
        return turned ? (height, width) : (width, height)
    }

    /// ShrinkToFit without padding: inside `limit`, never enlarged, aspect ratio kept.
    ///
    /// Each side is rounded to the nearest even number, ties to a multiple of four, as Elastic Transcoder
    /// did; at least 16, the smallest picture players agree on.
    public static func shrinkToFit(_ display: (width: Double, height: Double), limit: Size) -> Size {
        let scale = min(1, Double(limit.width) / display.width, Double(limit.height) / display.height)
        func even(_ value: Double, _ limit: Int) -> Int {
            min(max(16, 2 * Int((value * scale / 2).rounded(.toNearestOrEven))), limit)
        }
        return Size(even(display.width, limit.width), even(display.height, limit.height))
    }
}
