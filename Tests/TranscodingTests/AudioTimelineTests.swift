import Testing

@testable import Transcoding

@Suite("AudioTimeline")
struct AudioTimelineTests {
    @Test("Blocks that follow on are appended, jitter included")
    func appends() {
        var timeline = AudioTimeline()
        for number in 0..<1000 {
            let jitter = [0.0, 0.012, -0.006, -0.012, 0.006][number % 5]
            #expect(timeline.place(start: Double(number) * 0.02 + jitter, duration: 0.02) == .append)
            #expect(timeline.stretch == 0)
        }
        #expect(timeline.place(start: nil, duration: 0.02) == .append)
    }

    @Test("A late start and a gap become silence")
    func fillsGaps() {
        var timeline = AudioTimeline()
        #expect(timeline.place(start: 0.5, duration: 0.02) == .silence(0.5))
        guard case .silence(let gap) = timeline.place(start: 1.52, duration: 0.02) else {
            Issue.record("no silence in the gap")
            return
        }
        #expect(abs(gap - 1) < 1e-9)
        #expect(abs(timeline.position - 1.54) < 1e-9)
    }

    @Test("What comes before the start is left out, to the sample")
    func trims() {
        var timeline = AudioTimeline()
        #expect(timeline.place(start: -0.05, duration: 0.02) == .drop)
        #expect(timeline.place(start: -0.005, duration: 0.02) == .trim(0.005))
        #expect(abs(timeline.position - 0.015) < 1e-9)
    }

    @Test("What is there twice is left out once")
    func overlaps() {
        var timeline = AudioTimeline()
        #expect(timeline.place(start: 0, duration: 1) == .append)
        #expect(timeline.place(start: 0.5, duration: 0.25) == .drop)
        #expect(timeline.place(start: 0.75, duration: 1) == .trim(0.25))
    }

    @Test(
        "A clock that runs wrong is followed by stretching, never by cutting, and within 15 ms",
        arguments: [0.001, -0.001, 0.0002, 0.003, -0.003]
    )
    func followsDrift(drift: Double) {
        var timeline = AudioTimeline()
        var time = 0.0
        var furthest = 0.0
        for _ in 0..<Int(3600 / 0.02) {
            #expect(timeline.place(start: time, duration: 0.02) == .append)
            time += 0.02 * (1 + drift)
            furthest = max(furthest, abs(time - timeline.position))
        }
        #expect(furthest < 0.015 + abs(drift) * 4, "\(furthest)")
        #expect(abs(timeline.stretch - drift) < 1e-6)
    }

    @Test("Stretching changes slowly, and not with the jitter of a coarse clock")
    func isSmooth() {
        var timeline = AudioTimeline()
        var last = 0.0
        for number in 0..<20_000 {
            // Milliseconds, as Matroska counts.
            let start = (Double(number) * 0.0213333 * 1.0008 * 1000).rounded() / 1000
            #expect(timeline.place(start: start, duration: 0.0213333) == .append)
            if number > 2000 { #expect(abs(timeline.stretch - last) < 5e-6) }
            last = timeline.stretch
        }
    }
}
