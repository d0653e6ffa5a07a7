internal import Foundation
internal import Transcoding

/// Reads an input ahead in large pieces and keeps the last ones, so that small seeks cost nothing.
actor InputCache {
    /// Bytes of one piece.
    private static let pieceCount: Int64 = 4 << 20
    /// Pieces read ahead at most, all at the same time.
    private static let maxAhead = 3
    /// Pieces kept at most, those on their way included.
    private static let capacity = 8

    private let input: any AsyncInput
    private var pieces: [Int64: Task<Data, any Error>] = [:]
    /// The numbers of the pieces, the one used longest ago first.
    private var order: [Int64] = []
    private var last: Int64 = -1
    private var ahead = 0

    init(_ input: any AsyncInput) { self.input = input }

    /// The bytes of `range`, cut to the input's end, as parts of whole pieces.
    func read(_ range: Range<Int64>) async throws -> [Data] {
        var parts: [Data] = []
        var start = range.lowerBound
        let end = min(range.upperBound, input.byteCount)
        while start < end {
            let number = start / InputCache.pieceCount
            let piece = try await value(of: use(number))
            let first = number * InputCache.pieceCount
            let stop = min(end, first + InputCache.pieceCount)
            let from = piece.startIndex + Int(start - first)
            let to = piece.startIndex + Int(stop - first)
            guard to <= piece.endIndex else {
                throw TranscodingError(.engine, "the input has fewer bytes than it said")
            }
            parts.append(piece[from..<to])
            start = stop
        }
        return parts
    }

    /// Ends what is on its way, and waits until it has ended.
    func close() async {
        let pieces = Array(pieces.values)
        self.pieces = [:]
        order = []
        for piece in pieces { piece.cancel() }
        for piece in pieces { _ = await piece.result }
    }

    private func value(of piece: Task<Data, any Error>) async throws -> Data {
        try await withTaskCancellationHandler {
            try await piece.value
        } onCancel: {
            piece.cancel()
        }
    }

    /// The piece of that number, and after a step forward more and more of those behind it.
    private func use(_ number: Int64) -> Task<Data, any Error> {
        if number == last + 1 {
            ahead = min(max(1, ahead * 2), InputCache.maxAhead)
        } else if number != last {
            ahead = 0
        }
        last = number
        let piece = fetch(number)
        for next in 0..<Int64(ahead) { _ = fetch(number + 1 + next) }
        // What was asked for last is thrown away last.
        touch(number)
        while order.count > InputCache.capacity { pieces.removeValue(forKey: order.removeFirst())?.cancel() }
        return piece
    }

    private func touch(_ number: Int64) {
        order.removeAll { $0 == number }
        order.append(number)
    }

    @discardableResult
    private func fetch(_ number: Int64) -> Task<Data, any Error> {
        let first = number * InputCache.pieceCount
        let range = first..<max(first, min(first + InputCache.pieceCount, input.byteCount))
        touch(number)
        if let piece = pieces[number] { return piece }
        let input = input
        let piece = Task { range.isEmpty ? Data() : try await input.read(range) }
        pieces[number] = piece
        return piece
    }
}
