import FFmpeg
import Foundation
import TestMedia
import Testing

@testable import Transcoding

@Suite("SegmentStore")
struct SegmentStoreTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func segment() throws -> EncodedSegment {
        var segment = EncodedSegment()
        segment.header = [1, 2, 3]
        segment.tally.frameCount = 7
        segment.packets = [
            try Packet([9, 8, 7], pts: 40, dts: -2, duration: 5, isKeyframe: true),
            try Packet([6], pts: 45, dts: 3, duration: 0, isKeyframe: false),
        ]
        return segment
    }

    @Test("A range comes back as it was, under its key and number only")
    func keeps() throws {
        let store = try SegmentStore(folder: workspace.path("kept"), key: "0123456789abcdef0123456789")
        try store.write(segment(), 2)
        let found = try #require(store.read(2))
        #expect(found.packets.map(\.bytes) == [[9, 8, 7], [6]])
        #expect(found.packets.map(\.pts) == [40, 45])
        #expect(found.packets.map(\.dts) == [-2, 3])
        #expect(found.packets.map(\.duration) == [5, 0])
        #expect(found.packets.map(\.isKeyframe) == [true, false])
        #expect(found.header == [1, 2, 3])
        #expect(found.tally.frameCount == 7)
        #expect(store.read(1) == nil)
        let name = try #require(contents(of: workspace.url("kept")).first)
        let other = try SegmentStore(folder: workspace.path("kept"), key: "0123456789abcdef0123456780")
        #expect(other.read(2) == nil)
        let moved = name.replacingOccurrences(of: "-2.", with: "-1.")
        try FileManager.default.copyItem(
            at: workspace.url("kept").appendingPathComponent(name),
            to: workspace.url("kept").appendingPathComponent(moved)
        )
        #expect(store.read(1) == nil)
        store.clear(count: 3)
        #expect(contents(of: workspace.url("kept")) == [])
    }

    @Test("A file that is altered or cut short anywhere is no range")
    func distrusts() throws {
        let store = try SegmentStore(folder: workspace.path("kept"), key: "0123456789abcdef0123456789")
        try store.write(segment(), 0)
        let name = try #require(contents(of: workspace.url("kept")).first)
        let url = workspace.url("kept").appendingPathComponent(name)
        let whole = try Data(contentsOf: url)
        for place in whole.indices {
            var altered = whole
            altered[place] ^= 0x41
            try altered.write(to: url)
            #expect(store.read(0) == nil)
            try whole.prefix(place).write(to: url)
            #expect(store.read(0) == nil)
        }
        try whole.write(to: url)
        #expect(store.read(0) != nil)
    }
}
