import Testing

@testable import Transcoding

@Suite("SampledQuality")
struct SampledQualityTests {
    private func mean(_ windows: [(Double, Double)], until end: Double) -> Double? {
        var quality = SampledQuality()
        for (seconds, ssim) in windows { quality.add(ssim, at: seconds) }
        return quality.mean(until: end)
    }

    @Test("A window counts for the time to which it is the nearest")
    func weighs() throws {
        // 1.5 s, 1.5 + 4.5 s and 4.5 + 8 s of 20.
        let found = try #require(mean([(0, 1), (3, 0.5), (12, 0.25)], until: 20))
        #expect(abs(found - (1.5 * 1 + 6 * 0.5 + 12.5 * 0.25) / 20) < 1e-12)
    }

    @Test("A window that is alone counts for everything", arguments: [0.0, 2.0])
    func isAlone(seconds: Double) throws {
        #expect(abs(try #require(mean([(seconds, 0.75)], until: 9)) - 0.75) < 1e-12)
    }

    @Test("A single picture, which lasts no time, has its own SSIM")
    func lastsNoTime() { #expect(mean([(0, 0.9)], until: 0) == 0.9) }

    @Test("Without windows there is no SSIM")
    func isEmpty() { #expect(mean([], until: 9) == nil) }
}
