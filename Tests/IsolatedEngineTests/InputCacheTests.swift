import FFmpeg
import Foundation
import Testing

@testable import IsolatedEngine

@Suite("The input's cache")
struct InputCacheTests {
    private static let mebibyte: Int64 = 1 << 20

    /// Bytes that say where they are, and a record of who asked.
    private final class Source: AsyncInput {
        private struct State {
            var ranges: [Range<Int64>] = []
            var running = 0
            var mostRunning = 0
        }

        let byteCount: Int64
        private let state = Lock(State())

        init(byteCount: Int64) { self.byteCount = byteCount }

        var ranges: [Range<Int64>] { state.withLock { $0.ranges } }
        var mostRunning: Int { state.withLock { $0.mostRunning } }

        func read(_ range: Range<Int64>) async throws -> Data {
            state.withLock { state in
                state.ranges.append(range)
                state.running += 1
                state.mostRunning = max(state.mostRunning, state.running)
            }
            await Task.yield()
            defer { state.withLock { $0.running -= 1 } }
            return Source.bytes(range)
        }

        /// Every 4096 bytes carry the number of their block.
        static func bytes(_ range: Range<Int64>) -> Data {
            var data = Data(capacity: range.count)
            var start = range.lowerBound
            while start < range.upperBound {
                let block = start >> 12
                let end = min(range.upperBound, (block + 1) << 12)
                data.append(Data(repeating: UInt8(truncatingIfNeeded: block % 251), count: Int(end - start)))
                start = end
            }
            return data
        }
    }

    private func expect(_ parts: [Data], are range: Range<Int64>) {
        #expect(parts.reduce(Data(), +) == Source.bytes(range))
    }

    @Test("Small reads in order ask for each piece once, and for up to three ahead of time")
    func readsAhead() async throws {
        let source = Source(byteCount: 13 * Self.mebibyte + 5)
        let cache = InputCache(source)
        for offset in stride(from: 0, to: source.byteCount, by: 1 << 18) {
            let end = min(offset + 1 << 18, source.byteCount)
            expect(try await cache.read(offset..<offset + 1 << 18), are: offset..<end)
        }
        await cache.close()
        #expect(source.ranges.filter { !$0.isEmpty }.count == 4)
        #expect(source.ranges.map(\.upperBound).max() == source.byteCount)
        #expect(source.mostRunning <= 4)
    }

    @Test("Reads all over an input of a few pieces ask for each of them once")
    func keepsPieces() async throws {
        let source = Source(byteCount: 20 * Self.mebibyte)
        let cache = InputCache(source)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let offset = Int64.random(in: 0..<source.byteCount - 1 << 16, using: &generator)
            expect(try await cache.read(offset..<offset + 1 << 16), are: offset..<offset + 1 << 16)
        }
        await cache.close()
        #expect(source.ranges.filter { !$0.isEmpty }.count == 5)
    }

    @Test("A seek reads only the piece it needs")
    func seeksCheaply() async throws {
        let source = Source(byteCount: 40 * Self.mebibyte)
        let cache = InputCache(source)
        let range = 36 * Self.mebibyte..<36 * Self.mebibyte + 10
        expect(try await cache.read(range), are: range)
        await cache.close()
        #expect(source.ranges == [36 * Self.mebibyte..<40 * Self.mebibyte])
    }
}

@Suite("The order of an output's writes")
struct OutputOrderTests {
    @Test("The rest in order, then the head in order, is what is promised")
    func accepts() throws {
        var order = OutputOrder(limit: 1000)
        for range in [100..<200, 200..<300, 0..<60, 60..<100] as [Range<Int64>] { try order.take(range) }
        try order.finish(300)
        var short = OutputOrder(limit: 1000)
        try short.take(0..<80)
        try short.finish(80)
    }

    @Test(
        "Anything else breaks the promise",
        arguments: [
            // A gap, a step back, a head that is too long, one written twice, more after the head, too much.
            [100..<200, 201..<300], [100..<200, 150..<250], [100..<200, 0..<101],
            [100..<200, 0..<100, 0..<100], [100..<200, 0..<50, 200..<300], [100..<1001],
        ] as [[Range<Int64>]]
    )
    func refuses(ranges: [Range<Int64>]) throws {
        var order = OutputOrder(limit: 1000)
        for range in ranges.dropLast() { try order.take(range) }
        let last = try #require(ranges.last)
        #expect(throws: BrokenProtocol.self) { try order.take(last) }
    }

    @Test("An output without its whole head, or of another length, is not finished")
    func refusesToFinish() throws {
        var order = OutputOrder(limit: 1000)
        #expect(throws: BrokenProtocol.self) { try order.finish(0) }
        try order.take(100..<200)
        try order.take(0..<99)
        #expect(throws: BrokenProtocol.self) { try order.finish(200) }
        try order.take(99..<100)
        #expect(throws: BrokenProtocol.self) { try order.finish(201) }
        try order.finish(200)
    }
}

@Suite("The head of a message")
struct FrameHeadTests {
    @Test("It is read back as it was written")
    func survives() {
        let head = FrameHead(.write, count: 1 << 20, offset: .max)
        #expect(head.bytes.withUnsafeBytes { FrameHead($0) } == head)
    }

    @Test("A kind, a length or an offset that nobody sends is refused")
    func refuses() {
        var unknown = FrameHead(.read, count: 1).bytes
        unknown[0] = 99
        #expect(unknown.withUnsafeBytes { FrameHead($0) } == nil)
        let long = FrameHead(.write, count: 1 << 20 + 1).bytes
        #expect(long.withUnsafeBytes { FrameHead($0) } == nil)
        let negative = FrameHead(.read, count: 1, offset: -1).bytes
        #expect(negative.withUnsafeBytes { FrameHead($0) } == nil)
    }
}
