import FFmpeg
import Testing

@testable import Transcoding

@Suite("Sizing")
struct SizingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let sizing: Preset.SizingPolicy
        let padding: Preset.PaddingPolicy
        let input: Size
        let box: Size
        /// What is cut out of the input, and how large it becomes.
        let cut: Size
        let content: Size
        let canvas: Size

        init(
            _ sizing: Preset.SizingPolicy,
            _ padding: Preset.PaddingPolicy,
            _ input: Size,
            in box: Size,
            cut: Size,
            content: Size,
            canvas: Size
        ) {
            self.sizing = sizing
            self.padding = padding
            self.input = input
            self.box = box
            self.cut = cut
            self.content = content
            self.canvas = canvas
        }

        var testDescription: String { "\(sizing) \(padding) \(input) in \(box)" }
    }

    /// The guide's own numbers, and what follows from its words.
    static let guide: [Case] = {
        var cases: [Case] = []
        func add(
            _ sizing: Preset.SizingPolicy,
            _ input: Size,
            _ box: Size,
            cut: Size? = nil,
            content: Size,
            padded: Size
        ) {
            let cut = cut ?? input
            cases.append(Case(sizing, .noPad, input, in: box, cut: cut, content: content, canvas: content))
            cases.append(Case(sizing, .pad, input, in: box, cut: cut, content: content, canvas: padded))
        }
        let (square, wide, large) = (Size(200, 200), Size(400, 200), Size(400, 400))
        let box = Size(400, 300)
        add(.fit, square, box, content: Size(300, 300), padded: box)
        add(.fill, square, box, cut: Size(200, 150), content: box, padded: box)
        add(.stretch, square, box, content: box, padded: box)
        add(
            .keep,
            wide,
            Size(300, 300),
            cut: Size(300, 200),
            content: Size(300, 200),
            padded: Size(300, 300)
        )
        add(.shrinkToFit, large, Size(300, 200), content: square, padded: Size(300, 200))
        add(.shrinkToFit, square, box, content: square, padded: box)
        add(.shrinkToFill, wide, Size(200, 300), cut: square, content: square, padded: Size(200, 300))
        add(
            .shrinkToFill,
            large,
            Size(300, 200),
            cut: Size(400, 266),
            content: Size(300, 200),
            padded: Size(300, 200)
        )
        add(.fit, Size(1920, 1080), Size(640, 480), content: Size(640, 360), padded: Size(640, 480))
        add(
            .fill,
            Size(1920, 1080),
            Size(640, 480),
            cut: Size(1440, 1080),
            content: Size(640, 480),
            padded: Size(640, 480)
        )
        add(
            .keep,
            Size(100, 100),
            Size(128, 96),
            cut: Size(100, 96),
            content: Size(100, 96),
            padded: Size(128, 96)
        )
        return cases
    }()

    @Test("Each policy scales, cuts and pads as Elastic Transcoder's guide says", arguments: guide)
    func policies(expected: Case) {
        let rules = Sizing.Rules(expected.sizing, expected.padding, box: expected.box)
        let placement = Sizing.place(Sizing.Picture(expected.input), rules)
        #expect(placement.cut.size == expected.cut)
        #expect(placement.content.size == expected.content)
        #expect(placement.canvas == expected.canvas)
        #expect(abs(placement.content.x * 2 + expected.content.width - expected.canvas.width) <= 2)
        #expect(abs(placement.content.y * 2 + expected.content.height - expected.canvas.height) <= 2)
        #expect(abs(placement.cut.x * 2 + expected.cut.width - expected.input.width) <= 2)
        #expect(abs(placement.cut.y * 2 + expected.cut.height - expected.input.height) <= 2)
    }

    @Test(
        "Sides are rounded to the nearest even number, as recorded from Elastic Transcoder",
        arguments: [
            (Size(1920, 1080), Size(854, 480), Size(854, 480)),
            (Size(1920, 1080), Size(426, 240), Size(426, 240)),
            (Size(1080, 1920), Size(480, 360), Size(202, 360)),
            (Size(1920, 1080), Size(400, 288), Size(400, 224)),
            (Size(1080, 1440), Size(400, 288), Size(216, 288)),
            (Size(1080, 1440), Size(640, 432), Size(324, 432)),
            (Size(1080, 1920), Size(1280, 720), Size(404, 720)),
            (Size(853, 481), Size(1280, 720), Size(852, 480)),
            (Size(320, 240), Size(1280, 720), Size(320, 240)),
        ]
    )
    func rounds(input: Size, box: Size, output: Size) {
        let placement = Sizing.place(
            Sizing.Picture(input),
            Sizing.Rules(.shrinkToFit, .noPad, box: box)
        )
        #expect(placement.canvas == output)
        #expect(placement.cut.size == input, "nothing is cut, be the side odd or even")
    }

    @Test("Non-square pixels widen the display size, and a quarter turn swaps it")
    func display() {
        let picture = Sizing.Picture(Size(720, 576), aspect: Rational(16, 15), isTurned: true)
        let display = Sizing.display(picture)
        #expect(display.width == 576)
        #expect(display.height == 768)
    }

    @Test("A turned picture is cut along the axes it is stored in")
    func cutsTurned() {
        let picture = Sizing.Picture(Size(1920, 1080), isTurned: true)
        let placement = Sizing.place(picture, Sizing.Rules(.fill, .noPad, box: Size(400, 400)))
        #expect(placement.cut.size == Size(1080, 1080))
        #expect(placement.cut.x == 420 && placement.cut.y == 0)
        #expect(placement.content.size == Size(400, 400))
    }

    @Test(
        "A display aspect ratio makes pixels that fill the box without distortion",
        arguments: [
            (Size(1920, 1080), Size(720, 480), Size(720, 480)),
            (Size(1920, 1080), Size(720, 576), Size(720, 576)),
            (Size(1440, 1080), Size(720, 480), Size(720, 480)),
        ]
    )
    func anamorphic(input: Size, box: Size, content: Size) throws {
        let aspect = try #require(Sizing.pixelAspect(Rational(16, 9), box))
        #expect(abs(aspect.value * Double(box.width) / Double(box.height) - 16.0 / 9) < 1e-9)
        let rules = Sizing.Rules(.shrinkToFill, .pad, box: box, pixelAspect: aspect)
        let placement = Sizing.place(Sizing.Picture(input), rules)
        #expect(placement.canvas == box)
        #expect(placement.content.size == content)
        let isWide = input.width * 9 == input.height * 16
        #expect(placement.cut.size == (isWide ? input : Size(1440, 810)))
    }

    @Test("Every combination gives even sides inside the box, and a cut inside the input")
    func combinations() {
        let inputs = [
            Size(1, 1), Size(2, 8192), Size(8192, 16), Size(853, 481), Size(4320, 7680), Size(640, 360),
        ]
        for sizing in Preset.SizingPolicy.allCases {
            for padding in Preset.PaddingPolicy.allCases {
                for input in inputs {
                    for box in [Size(128, 96), Size(4096, 3072), Size(480, 320)] {
                        for aspect in [Rational(1, 1), Rational(0, 0), Rational(Int32.max, 1)] {
                            let picture = Sizing.Picture(input, aspect: aspect, isTurned: input.width == 853)
                            let placement = Sizing.place(picture, Sizing.Rules(sizing, padding, box: box))
                            let (cut, content) = (placement.cut, placement.content)
                            #expect(content.size.width % 2 == 0 && content.size.height % 2 == 0)
                            #expect(content.x % 2 == 0 && content.y % 2 == 0)
                            #expect(content.x + content.size.width <= placement.canvas.width)
                            #expect(content.y + content.size.height <= placement.canvas.height)
                            #expect(placement.canvas.width <= box.width)
                            #expect(placement.canvas.height <= box.height)
                            #expect(cut.size.width > 0 && cut.x >= 0)
                            #expect(cut.size.height > 0 && cut.y >= 0)
                            #expect(cut.x + cut.size.width <= input.width)
                            #expect(cut.y + cut.size.height <= input.height)
                        }
                    }
                }
            }
        }
    }

    @Test("A later picture of another shape gets bars, one of the same shape fills the picture")
    func follows() {
        let rules = Sizing.Rules(.shrinkToFit, .noPad, box: Size(1280, 720))
        let canvas = Size(1280, 720)
        let same = Sizing.place(Sizing.Picture(Size(640, 360)), rules, following: canvas)
        #expect(same.content.size == canvas && !same.isPadded)
        let narrow = Sizing.place(Sizing.Picture(Size(640, 480)), rules, following: canvas)
        #expect(narrow.content.size == Size(960, 720) && narrow.canvas == canvas)
        let rounded = Sizing.place(Sizing.Picture(Size(854, 480)), rules, following: canvas)
        #expect(rounded.content.size == canvas)
    }

    @Test(
        "The height of an interlaced picture is a multiple of four",
        arguments: [(352, 198, 200), (640, 358, 360)]
    )
    func roundsRows(width: Int, height: Int, rows: Int) {
        let rules = Sizing.Rules(.shrinkToFit, .noPad, box: Size(1280, 720), rowMultiple: 4)
        #expect(Sizing.place(Sizing.Picture(Size(width, height)), rules).canvas == Size(width, rows))
        let odd = Sizing.Rules(.fit, .pad, box: Size(640, 362), rowMultiple: 4)
        #expect(Sizing.place(Sizing.Picture(Size(width, height)), odd).canvas == Size(640, 360))
    }
}
