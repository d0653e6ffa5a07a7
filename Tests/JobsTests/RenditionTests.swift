import Foundation
import Testing
import Transcoding

@testable import Jobs

@Suite("Rendition")
struct RenditionTests {
    /// A result as the engine's process sends it.
    private func result(_ more: String) throws -> TranscodeResult {
        let json = """
            {"outputPath": "out", "byteCount": 1000, "duration": 2.5, "size": {"width": 640, "height": 360},
            "frameRate": {"numerator": 30, "denominator": 1}, "decodedFrameCount": 75, "frameCount": 75,
            "video": {"codec": "h264", "byteCount": 900, "bitsPerSecond": 2880},
            "input": {"container": "mov", "byteCount": 5000, "duration": 2.5, "frameRate": 30,
            "uprightSize": {"width": 640, "height": 360},
            "size": {"width": 640, "height": 360}, "videoCodec": "h264"},
            "wallSeconds": 1, "cpuSeconds": 2, "stages": [], "recipe": \(RecipeFixture.json)\(more)}
            """
        return try JSONDecoder().decode(TranscodeResult.self, from: Data(json.utf8))
    }

    @Test("It records the engine's SSIM, or that there is none")
    func recordsSSIM() throws {
        #expect(Rendition(try result(#", "ssim": 0.9875"#)).ssim == 0.9875)
        #expect(Rendition(try result("")).ssim == nil)
    }
}
