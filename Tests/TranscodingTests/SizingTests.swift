import FFmpeg
import Testing

@testable import Transcoding

@Suite("Sizing")
struct SizingTests {
    @Test(
        "ShrinkToFit rounds to the nearest even number, as recorded from Elastic Transcoder",
        arguments: [
            (Size(1920, 1080), Size(854, 480), Size(854, 480)),
            (Size(1920, 1080), Size(426, 240), Size(426, 240)),
            (Size(1080, 1920), Size(480, 360), Size(202, 360)),
            (Size(1920, 1080), Size(400, 288), Size(400, 224)),
            (Size(1080, 1440), Size(400, 288), Size(216, 288)),
            (Size(1080, 1440), Size(640, 432), Size(324, 432)),
            (Size(1080, 1920), Size(1280, 720), Size(404, 720)),
            (Size(853, 481), Size(1280, 720), Size(852, 480)),
        ]
    )
    func shrinkToFit(input: Size, limit: Size, output: Size) {
        let display = Sizing.display(input, aspect: Rational(1, 1), turned: false)
        #expect(Sizing.shrinkToFit(display, limit: limit) == output)
    }

    @Test("A small picture is not enlarged")
    func neverEnlarges() {
        #expect(Sizing.shrinkToFit((320, 240), limit: Size(1280, 720)) == Size(320, 240))
    }

    @Test("Non-square pixels widen the display size, and a quarter turn swaps it")
    func display() {
        let display = Sizing.display(Size(720, 576), aspect: Rational(16, 15), turned: true)
        #expect(display.width == 576)
        #expect(display.height == 768)
    }
}
