internal import CFFmpeg
internal import CTwoThirds

/// Scales 8-bit 4:2:0 pictures to two thirds of their width and height: 1920x1080 to 1280x720.
///
/// The kernel is zimg's bicubic one with b = 0 and c = 0.6 (Mitchell and Netravali, "Reconstruction filters in
/// computer graphics", 1988), and so are the places of the samples; for this one ratio it takes less than half of
/// zimg's time with AVX2. Samples differ from exact arithmetic by one at most.
public struct TwoThirdsScaler: ~Copyable {
    private let pool: FramePool
    private let input: Size
    private let color: ColorTags
    private let scratch: UnsafeMutablePointer<Int16>
    private let down = recast_weights(offset: 0.25, one: 1 << 15)
    private let luma = recast_weights(offset: 0.25, one: 1 << 14)
    /// The first samples of chroma lie on those of luma, which is a quarter of a sample from their middle.
    private let chroma = recast_weights(offset: 0.125, one: 1 << 14)

    private init(
        owning scratch: UnsafeMutablePointer<Int16>,
        pool: consuming FramePool,
        input: Size,
        color: ColorTags
    ) {
        self.scratch = scratch
        self.pool = pool
        self.input = input
        self.color = color
    }

    deinit { scratch.deallocate() }

    /// Whether this processor has what it takes, AVX2.
    static var isAvailable: Bool { recast_two_thirds_available() }

    /// Opens a scaler for pictures like `frame`, or returns `nil` where it has nothing to offer: for another ratio or
    /// format, and on a processor without AVX2.
    ///
    /// `color` is what the output carries; nothing is converted to it.
    public static func open(
        like frame: Frame,
        to output: Size,
        color: ColorTags
    ) throws(FFmpegError) -> TwoThirdsScaler? {
        let input = frame.size
        guard isAvailable, frame.pixelFormat == .yuv420p,
            output.width > 0, output.height > 0, output.width % 4 == 0, output.height % 4 == 0,
            input.width == output.width / 2 * 3, input.height == output.height / 2 * 3
        else { return nil }
        let location = frame.pointer.pointee.chroma_location
        guard location == AVCHROMA_LOC_UNSPECIFIED || location == AVCHROMA_LOC_LEFT else { return nil }
        let pool = try FramePool(output, .yuv420p)
        let scratch = UnsafeMutablePointer<Int16>.allocate(
            capacity: recast_two_thirds_scratch(Int32(input.width))
        )
        return TwoThirdsScaler(owning: scratch, pool: pool, input: input, color: color)
    }

    /// The scaled picture, with all that goes with the original.
    ///
    /// - Throws: when `frame` has another size or format than the one that the scaler was opened for.
    public mutating func scale(_ frame: Frame) throws(FFmpegError) -> Frame {
        guard frame.size == input, frame.pixelFormat == .yuv420p else {
            throw FFmpegError(
                status: recast_error_argument,
                action: "scale \(frame.pixelFormat) pictures of \(frame.size) as if they were of \(input)"
            )
        }
        let scaled = try pool.frame()
        let (from, to) = (frame.pointer, scaled.pointer)
        try check(av_frame_copy_props(to, from), "copy a picture's properties")
        color.apply(to: to)
        let (width, height) = (Int32(input.width), Int32(input.height))
        let (source, target) = (from.pointee, to.pointee)
        scale(source.data.0, source.linesize.0, width, height, luma, target.data.0, target.linesize.0)
        let (half, halfHeight) = (width / 2, height / 2)
        scale(source.data.1, source.linesize.1, half, halfHeight, chroma, target.data.1, target.linesize.1)
        scale(source.data.2, source.linesize.2, half, halfHeight, chroma, target.data.2, target.linesize.2)
        return scaled
    }

    private func scale(
        _ input: UnsafeMutablePointer<UInt8>?,
        _ inputStride: Int32,
        _ width: Int32,
        _ height: Int32,
        _ across: recast_weights,
        _ output: UnsafeMutablePointer<UInt8>?,
        _ outputStride: Int32
    ) {
        withUnsafePointer(to: across) { across in
            withUnsafePointer(to: down) { down in
                recast_two_thirds(
                    input,
                    Int(inputStride),
                    width,
                    height,
                    output,
                    Int(outputStride),
                    across,
                    down,
                    scratch
                )
            }
        }
    }
}

extension recast_weights {
    /// Whole numbers whose sum is `one`; the first of two samples lies `offset` after the first of three, the second
    /// 1.5 after that.
    fileprivate init(offset: Double, one: Int) {
        let first = Self.weights(offset, from: -2, one: one)
        let second = Self.weights(offset + 1.5, from: -1, one: one)
        self.init(
            first: (first[0], first[1], first[2], first[3], first[4], first[5]),
            second: (second[0], second[1], second[2], second[3], second[4], second[5])
        )
    }

    private static func weights(_ place: Double, from start: Int, one: Int) -> [Int16] {
        let exact = (0..<6).map { bicubic((Double(start + $0) - place) / 1.5) }
        let sum = exact.reduce(0, +)
        var whole = exact.map { Int(($0 / sum * Double(one)).rounded()) }
        // The largest takes what rounding left over.
        let largest = whole.indices.max { whole[$0] < whole[$1] } ?? 0
        whole[largest] += one - whole.reduce(0, +)
        return whole.map { Int16($0) }
    }

    /// Mitchell and Netravali's kernel with b = 0 and c = 0.6.
    private static func bicubic(_ distance: Double) -> Double {
        let x = abs(distance)
        if x < 1 { return (1.4 * x - 2.4) * x * x + 1 }
        return x < 2 ? ((3 - 0.6 * x) * x - 4.8) * x + 2.4 : 0
    }
}
