import CFFmpeg
import Testing

@testable import FFmpeg

@Suite("Scaling to two thirds", .enabled(if: TwoThirdsScaler.isAvailable))
struct TwoThirdsScalerTests {
    private struct NoScaler: Error {}

    private func open(like picture: Frame, to output: Size) throws -> TwoThirdsScaler {
        guard let scaler = try TwoThirdsScaler.open(like: picture, to: output, color: .bt709) else {
            throw NoScaler()
        }
        return scaler
    }

    private func scale(_ picture: Frame, to output: Size) throws -> Frame {
        var scaler = try open(like: picture, to: output)
        return try scaler.scale(picture)
    }

    @Test(
        "Each sample is that of exact arithmetic, to one",
        arguments: [Size(6, 6), Size(12, 18), Size(60, 36), Size(102, 48), Size(306, 54), Size(1920, 36)]
    )
    func exact(input: Size) throws {
        for kind in Noise.allCases {
            let picture = try kind.picture(input)
            let output = Size(input.width / 3 * 2, input.height / 3 * 2)
            let scaled = try scale(picture, to: output)
            #expect(scaled.size == output)
            #expect(scaled.pts == 7)
            for plane in 0..<3 {
                let exact = ExactScaling(isChroma: plane > 0).scale(picture.samples(plane))
                let farthest = zip(scaled.samples(plane).joined(), exact.joined())
                    .map { abs(Double($0) - $1) }.max()
                let worst = try #require(farthest)
                // Half of it is rounding.
                #expect(worst < 1, "\(kind), plane \(plane): \(worst)")
            }
        }
    }

    @Test("What zimg makes of the same picture is the same, to one")
    func likeZimg() throws {
        // It cuts off values beyond black and white in between, which these do not reach.
        let picture = try Noise.soft.picture(Size(480, 270))
        let output = Size(320, 180)
        let scaled = try scale(picture, to: output)
        var graph = try FilterGraph.open(
            like: picture,
            timebase: Timebase(1, 30),
            filters: [.init("zscale", "w=320:h=180:filter=bicubic:param_a=0:param_b=0.6:c=left")],
            threads: 1
        )
        let made = try graph.filter(picture)
        let reference = try #require(made.first)
        for plane in 0..<3 {
            let pairs = zip(scaled.samples(plane).joined(), reference.samples(plane).joined())
            let farthest = try #require(pairs.map { abs(Int($0) - Int($1)) }.max())
            #expect(farthest <= 1, "plane \(plane): \(farthest)")
        }
    }

    @Test("A picture of another size is refused, whatever memory there is")
    func otherSize() throws {
        let picture = try Noise.mixed.picture(Size(60, 36))
        var scaler = try open(like: picture, to: Size(40, 24))
        let larger = try Noise.mixed.picture(Size(120, 36))
        let error = #expect(throws: FFmpegError.self) { try scaler.scale(larger) }
        #expect(error?.description.contains("120x36") == true)
    }

    @Test("It is for that ratio, for 8 bits in 4:2:0 and for chroma on the left alone")
    func refuses() throws {
        let picture = try Noise.mixed.picture(Size(60, 36))
        func opens(_ picture: Frame, _ output: Size) throws -> Bool {
            switch try TwoThirdsScaler.open(like: picture, to: output, color: .bt709) {
            case .some: true
            case nil: false
            }
        }
        #expect(try opens(picture, Size(40, 24)))
        for output in [Size(40, 36), Size(60, 24), Size(40, 22), Size(42, 24), Size(60, 36), Size(0, 0)] {
            #expect(try !opens(picture, output), "\(output)")
        }
        // Its chroma has no two thirds.
        #expect(try !opens(try Noise.mixed.picture(Size(63, 36)), Size(42, 24)))
        #expect(
            try !opens(
                try FramePool(Size(60, 36), PixelFormat(AV_PIX_FMT_YUV444P.rawValue)).frame(),
                Size(40, 24)
            )
        )
        #expect(
            try !opens(
                try FramePool(Size(60, 36), PixelFormat(AV_PIX_FMT_YUV420P10LE.rawValue)).frame(),
                Size(40, 24)
            )
        )
        picture.pointer.pointee.chroma_location = AVCHROMA_LOC_LEFT
        #expect(try opens(picture, Size(40, 24)))
        picture.pointer.pointee.chroma_location = AVCHROMA_LOC_TOPLEFT
        #expect(try !opens(picture, Size(40, 24)))
    }
}

/// What pictures of noise are made of.
private enum Noise: CaseIterable {
    case mixed
    /// Middle greys.
    case soft
    /// Black and white alone, which lead to values that have to be cut off.
    case extreme
    case white

    /// The same picture each time.
    func picture(_ size: Size) throws -> Frame {
        let frame = try FramePool(size, .yuv420p).frame()
        frame.pointer.pointee.pts = 7
        var state: UInt32 = 20_261_129
        for plane in 0..<3 {
            let (size, start, stride) = frame.plane(plane)
            for line in 0..<size.height {
                for column in 0..<size.width {
                    state = state &* 1_664_525 &+ 1_013_904_223
                    start[line * stride + column] =
                        switch self {
                        case .mixed: UInt8(state >> 24)
                        case .soft: 64 + UInt8(state >> 25)
                        case .extreme: state >> 31 == 0 ? 0 : 255
                        case .white: 255
                        }
                }
            }
        }
        return frame
    }
}

extension Frame {
    fileprivate func plane(_ number: Int) -> (size: Size, start: UnsafeMutablePointer<UInt8>, stride: Int) {
        let frame = pointer.pointee
        let half = Size((size.width + 1) / 2, (size.height + 1) / 2)
        let planes = [
            (size, frame.data.0, frame.linesize.0), (half, frame.data.1, frame.linesize.1),
            (half, frame.data.2, frame.linesize.2),
        ]
        return (planes[number].0, planes[number].1!, Int(planes[number].2))
    }

    fileprivate func samples(_ number: Int) -> [[UInt8]] {
        let (size, start, stride) = plane(number)
        return (0..<size.height).map { line in
            Array(UnsafeBufferPointer(start: start + line * stride, count: size.width))
        }
    }
}

/// The bicubic kernel in floating point, over a picture that is mirrored at its edges.
private struct ExactScaling {
    let isChroma: Bool

    func scale(_ plane: [[UInt8]]) -> [[Double]] {
        let narrow = plane.map { reduce($0.map(Double.init), first: isChroma ? 0.125 : 0.25) }
        let columns = narrow[0].indices.map { column in reduce(narrow.map { $0[column] }, first: 0.25) }
        return columns[0].indices.map { line in columns.map { min(max($0[line], 0), 255) } }
    }

    private func reduce(_ line: [Double], first: Double) -> [Double] {
        (0..<line.count / 3 * 2).map { number in
            let place = Double(number) * 1.5 + first
            var (sum, weights) = (0.0, 0.0)
            for near in Int(place.rounded(.down)) - 3...Int(place.rounded(.down)) + 3 {
                let weight = kernel((Double(near) - place) / 1.5)
                let inside = near < 0 ? -1 - near : near < line.count ? near : 2 * line.count - 1 - near
                guard weight != 0 else { continue }
                sum += weight * line[inside]
                weights += weight
            }
            return sum / weights
        }
    }

    /// Keys, "Cubic convolution interpolation for digital image processing" (1981), with a = -0.6.
    private func kernel(_ distance: Double) -> Double {
        let (x, a) = (abs(distance), -0.6)
        if x <= 1 { return (a + 2) * x * x * x - (a + 3) * x * x + 1 }
        return x < 2 ? a * (x * x * x - 5 * x * x + 8 * x - 4) : 0
    }
}
