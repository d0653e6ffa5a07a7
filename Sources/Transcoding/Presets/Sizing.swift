public import FFmpeg

/// A part of a picture, in pixels from its upper left corner.
public struct Area: Sendable, Hashable {
    /// Pixels from the left.
    public let x: Int
    /// Pixels from the top.
    public let y: Int
    /// Pixels.
    public let size: Size

    /// Makes a rectangle.
    public init(x: Int, y: Int, size: Size) {
        self.x = x
        self.y = y
        self.size = size
    }
}

/// How a picture gets into a rendition's: what is cut out of it, how large that becomes, and where it goes.
public struct Placement: Sendable, Hashable {
    /// The part that is used, in pixels of the stored picture, before it is turned.
    public let cut: Area
    /// Where that part goes, upright, in pixels of the rendition; sides and offsets are even.
    public let content: Area
    /// The rendition's pictures, upright; black where `content` does not reach.
    public let canvas: Size

    /// Whether bars surround the picture.
    public var isPadded: Bool { content.size != canvas }
}

/// Rules for the size of a rendition's picture, free of I/O.
///
/// They are Elastic Transcoder's: sides are rounded to the nearest even number, ties to a multiple of four.
/// A side has 16 pixels at least, the fewest that players agree on.
public enum Sizing {
    /// A stored picture's size, the shape of its pixels, and whether a quarter turn makes it upright.
    public struct Picture: Sendable, Hashable {
        /// Pixels, as coded.
        public let size: Size
        /// Width to height of one pixel.
        public let aspect: Rational
        /// Whether it is shown turned by a quarter.
        public let isTurned: Bool

        /// Describes a source; its pixels are square and upright unless told.
        public init(_ size: Size, aspect: Rational = Rational(1, 1), isTurned: Bool = false) {
            self.size = size
            self.aspect = aspect
            self.isTurned = isTurned
        }
    }

    /// What a preset asks of a picture's size.
    public struct Rules: Sendable, Hashable {
        /// How the picture is fitted into the box.
        public let sizing: Preset.SizingPolicy
        /// Whether black bars fill what is left of the box.
        public let padding: Preset.PaddingPolicy
        /// The size that the preset names.
        public let box: Size
        /// The shape of the rendition's pixels, width to height.
        public let pixelAspect: Rational
        /// The rendition's height is a multiple of this, 2 or 4.
        public let rowMultiple: Int

        /// Makes a rule of a preset's values.
        public init(
            _ sizing: Preset.SizingPolicy,
            _ padding: Preset.PaddingPolicy,
            box: Size,
            pixelAspect: Rational = Rational(1, 1),
            rowMultiple: Int = 2
        ) {
            self.rowMultiple = rowMultiple
            self.sizing = sizing
            self.padding = padding
            self.box = box
            self.pixelAspect = pixelAspect
        }

        /// The rules of a preset: a display aspect ratio is that of its whole `boundingSize`.
        init(_ preset: Preset.Video) {
            let box = preset.boundingSize
            let aspect = preset.displayAspectRatio.flatMap { Sizing.pixelAspect($0, box) }
            self.init(
                preset.sizing,
                preset.padding,
                box: box,
                pixelAspect: aspect ?? Rational(1, 1),
                // Each field of 4:2:0 has whole samples of colour.
                rowMultiple: preset.scan == .progressive ? 2 : 4
            )
        }

        /// The rules for pictures that come later in another shape, into pictures of the size found.
        func following(_ canvas: Size) -> Rules {
            let isFixed = padding == .pad || sizing == .fill || sizing == .stretch
            if isFixed { return self }
            let isFilled = sizing == .shrinkToFill
            return Rules(isFilled ? .fill : .fit, .pad, box: canvas, pixelAspect: pixelAspect)
        }
    }

    /// The upright size of a picture in square pixels, before scaling; width and height may be odd.
    public static func display(_ picture: Picture) -> (width: Double, height: Double) {
        var width = Double(picture.size.width)
        let height = Double(picture.size.height)
        let aspect = picture.aspect
        if aspect.isPositive, (0.05...20).contains(aspect.value) { width *= aspect.value }
        return picture.isTurned ? (height, width) : (width, height)
    }

    /// Where a picture goes in a rendition.
    public static func place(_ picture: Picture, _ rules: Rules) -> Placement {
        let rows = rules.rowMultiple
        let box = Size(rules.box.width, rules.box.height / rows * rows)
        var display = display(picture)
        display.width /= rules.pixelAspect.isPositive ? rules.pixelAspect.value : 1
        let across = Double(box.width) / max(display.width, 1e-6)
        let down = Double(box.height) / max(display.height, 1e-6)
        var (horizontal, vertical) = (across, down)
        switch rules.sizing {
        case .fit: horizontal = min(across, down)
        case .shrinkToFit: horizontal = min(1, across, down)
        case .fill: horizontal = max(across, down)
        case .shrinkToFill: horizontal = min(1, max(across, down))
        case .keep: horizontal = 1
        case .stretch: break
        }
        if rules.sizing != .stretch { vertical = horizontal }
        let wide = display.width * horizontal
        let high = display.height * vertical
        let size = Size(rounded(wide, box.width), rounded(high, box.height, to: rows))
        let isPadded = rules.padding == .pad && rules.sizing != .fill && rules.sizing != .stretch
        let canvas = isPadded ? box : size
        return Placement(
            cut: cut(
                picture,
                across: min(1, Double(box.width) / max(wide, 1e-6)),
                down: min(1, Double(box.height) / max(high, 1e-6))
            ),
            content: centred(size, in: canvas),
            canvas: canvas
        )
    }

    /// A later picture's place in pictures of the size that the first one led to.
    ///
    /// One that differs from it by the rounding of sides alone gets no bars.
    static func place(_ picture: Picture, _ rules: Rules, following canvas: Size) -> Placement {
        let placement = place(picture, rules.following(canvas))
        let content = placement.content.size
        guard abs(content.width - canvas.width) <= 2, abs(content.height - canvas.height) <= 2 else {
            return placement
        }
        return Placement(
            cut: placement.cut,
            content: Area(x: 0, y: 0, size: canvas),
            canvas: canvas
        )
    }

    /// The middle of a picture that is `across` and `down` of its upright width and height.
    private static func cut(_ picture: Picture, across: Double, down: Double) -> Area {
        let stored = picture.size
        let (x, y) = picture.isTurned ? (down, across) : (across, down)
        let width = part(stored.width, x)
        let height = part(stored.height, y)
        return Area(
            x: (stored.width - width) / 4 * 2,
            y: (stored.height - height) / 4 * 2,
            size: Size(width, height)
        )
    }

    /// A whole side stays as it is, odd or not.
    private static func part(_ side: Int, _ fraction: Double) -> Int {
        let wanted = 2 * Int((Double(side) * fraction / 2).rounded(.toNearestOrEven))
        return fraction > 1 - 1e-9 || wanted >= side ? side : max(min(side, 2), wanted)
    }

    private static func centred(_ size: Size, in canvas: Size) -> Area {
        Area(
            x: max(0, canvas.width - size.width) / 4 * 2,
            y: max(0, canvas.height - size.height) / 4 * 2,
            size: size
        )
    }

    private static func rounded(_ value: Double, _ limit: Int, to multiple: Int = 2) -> Int {
        // What is larger is cut to the limit; the comparison also keeps `Int` from overflowing.
        guard value < Double(limit) else { return limit }
        let count = Int((value / Double(multiple)).rounded(.toNearestOrEven))
        return min(max(16, multiple * count), limit)
    }

    /// The shape of pixels that shows a picture of `size` with the ratio `display`, in lowest terms.
    static func pixelAspect(_ display: Rational, _ size: Size) -> Rational? {
        guard display.isPositive, size.width > 0, size.height > 0 else { return nil }
        let (above, tooHigh) = Int(display.numerator).multipliedReportingOverflow(by: size.height)
        let (below, tooLow) = Int(display.denominator).multipliedReportingOverflow(by: size.width)
        guard !tooHigh, !tooLow else { return nil }
        var (divisor, rest) = (above, below)
        while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
        guard let numerator = Int32(exactly: above / divisor),
            let denominator = Int32(exactly: below / divisor)
        else { return nil }
        return Rational(numerator, denominator)
    }
}
