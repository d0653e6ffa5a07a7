import Testing

@testable import Transcoding

@Suite("AudioTimeline")
struct AudioTimelineTests {
    @Test("Blocks that follow on are appended, jitter included")
    func appends() {
        var timeline = AudioTimeline()
        #expect(timeline.place(start: 0, duration: 0.02) == .append)
        #expect(timeline.place(start: 0.021, duration: 0.02) == .append)
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

    @Test("What comes before the start is left out")
    func trims() {
        var timeline = AudioTimeline()
        #expect(timeline.place(start: -0.05, duration: 0.02) == .drop)
        #expect(timeline.place(start: -0.005, duration: 0.02) == .trim(0.005))
        #expect(abs(timeline.position - 0.015) < 1e-9)
    }
}
