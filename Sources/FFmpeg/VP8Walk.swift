/// Reads a VP8 picture's symbols without making a picture of them (RFC 6386).
///
/// An arithmetic decoder that reads one wrong bit goes on reading nonsense without knowing it. But it rarely ends
/// where the encoder ended.
struct VP8Walk {
    private let header: VP8Header
    private let probabilities: VP8Probabilities
    private let columns: Int
    private let rows: Int
    private var modes: BoolReader
    private var partitions: [BoolReader]
    private var above: [VP8Macroblock]
    private var left = VP8Macroblock()
    private var aboveLeft = VP8Macroblock()

    init(
        _ header: VP8Header,
        _ probabilities: VP8Probabilities,
        columns: Int,
        rows: Int,
        modes: BoolReader,
        partitions: [BoolReader]
    ) {
        self.header = header
        self.probabilities = probabilities
        self.columns = columns
        self.rows = rows
        self.modes = modes
        self.partitions = partitions
        above = Array(repeating: VP8Macroblock(), count: columns)
    }

    /// Reads all macroblocks, and returns the partitions' decoders as they are then.
    consuming func run() -> [BoolReader] {
        for row in 0..<rows {
            left = VP8Macroblock()
            aboveLeft = VP8Macroblock()
            for column in 0..<columns {
                let next = macroblock(row, column)
                aboveLeft = above[column]
                above[column] = next
                left = next
            }
        }
        return [modes] + partitions
    }

    private mutating func macroblock(_ row: Int, _ column: Int) -> VP8Macroblock {
        var block = VP8Macroblock()
        if let tree = header.segmentTree { _ = modes.read(tree[modes.read(tree[0]) ? 2 : 1]) }
        let isSkipped = header.skipProbability.map { modes.read($0) } ?? false
        if header.isKeyframe {
            readKeyframeModes(&block, column)
        } else if modes.read(header.intraProbability) {
            readInterModes(&block, row, column)
        } else {
            readIntraModes(&block)
        }
        block.lowerCoefficients = above[column].lowerCoefficients
        block.rightCoefficients = left.rightCoefficients
        if isSkipped {
            for index in 0..<8 {
                block.lowerCoefficients[index] = false
                block.rightCoefficients[index] = false
            }
            if block.hasSecondOrder {
                block.lowerCoefficients[8] = false
                block.rightCoefficients[8] = false
            }
        } else {
            readCoefficients(&block, partition: row & (partitions.count - 1))
        }
        return block
    }
}

/// Modes and vectors.
extension VP8Walk {
    /// The numbers of a 4x4 block's modes, in RFC 6386's order (§8.1); other modes have these for neighbours.
    private enum Submode { static let (mean, motion, vertical, horizontal) = (0, 1, 2, 3) }

    private mutating func readKeyframeModes(_ block: inout VP8Macroblock, _ column: Int) {
        guard modes.read(145) else {
            block.hasSecondOrder = false
            var lower = above[column].lowerModes
            for row in 0..<4 {
                var last = left.rightModes[row]
                for place in 0..<4 {
                    last = submode(VP8Tables.keyframeSubmodes, (lower[place] * 10 + last) * 9)
                    lower[place] = last
                }
                block.rightModes[row] = last
            }
            block.lowerModes = lower
            readChroma(VP8Tables.keyframeChroma)
            return
        }
        let mode: Int =
            if modes.read(156) {
                modes.read(128) ? Submode.motion : Submode.horizontal
            } else {
                modes.read(163) ? Submode.vertical : Submode.mean
            }
        block.lowerModes = InlineArray(repeating: mode)
        block.rightModes = block.lowerModes
        readChroma(VP8Tables.keyframeChroma)
    }

    private mutating func readIntraModes(_ block: inout VP8Macroblock) {
        let luma = probabilities.lumaModes
        if modes.read(luma[0]) {
            if modes.read(luma[1]) {
                block.hasSecondOrder = !modes.read(luma[3])
            } else {
                _ = modes.read(luma[2])
            }
        }
        if !block.hasSecondOrder { for _ in 0..<16 { _ = submode(VP8Tables.submodes, 0) } }
        readChroma(probabilities.chromaModes)
    }

    private mutating func readChroma(_ tree: [UInt8]) {
        if modes.read(tree[0]), modes.read(tree[1]) { _ = modes.read(tree[2]) }
    }

    private mutating func submode(_ table: [UInt8], _ start: Int) -> Int {
        guard modes.read(table[start]) else { return 0 }
        guard modes.read(table[start + 1]) else { return 1 }
        guard modes.read(table[start + 2]) else { return 2 }
        guard modes.read(table[start + 3]) else {
            guard modes.read(table[start + 4]) else { return 3 }
            return modes.read(table[start + 5]) ? 6 : 5
        }
        guard modes.read(table[start + 6]) else { return 4 }
        guard modes.read(table[start + 7]) else { return 7 }
        return modes.read(table[start + 8]) ? 9 : 8
    }

    private mutating func readInterModes(_ block: inout VP8Macroblock, _ row: Int, _ column: Int) {
        block.reference = 1
        if modes.read(header.lastProbability) {
            block.reference = modes.read(header.goldenProbability) ? 3 : 2
        }
        let near = neighbours(block.reference, column)
        let contexts = VP8Tables.modeContexts
        guard modes.read(contexts[near.weights[0]][0]) else { return block.set(.zero) }
        guard modes.read(contexts[near.weights[1]][1]) else {
            return block.set(clamped(near.vectors[1], row, column))
        }
        guard modes.read(contexts[near.weights[2]][2]) else {
            return block.set(clamped(near.vectors[2], row, column))
        }
        let best = clamped(near.vectors[0], row, column)
        guard modes.read(contexts[near.weights[3]][3]) else {
            return block.set(VP8Vector.read(&modes, probabilities.vectors) + best)
        }
        readSplit(&block, best, column)
    }

    /// The best, the nearest and the near vector, and what weighs for each way of prediction.
    private struct Neighbours {
        let vectors: InlineArray<4, VP8Vector>
        let weights: InlineArray<4, Int>
    }

    /// The vectors around a macroblock, and their weights (§16.3).
    private func neighbours(_ reference: Int, _ column: Int) -> Neighbours {
        var vectors = InlineArray<4, VP8Vector>(repeating: .zero)
        var weights = InlineArray<4, Int>(repeating: 0)
        var last = 0
        func weigh(_ neighbour: borrowing VP8Macroblock, _ weight: Int) {
            guard neighbour.reference > 0 else { return }
            guard neighbour.vector != .zero else {
                weights[0] += weight
                return
            }
            let isTurned = turned(neighbour.reference) != turned(reference)
            let vector = isTurned ? -neighbour.vector : neighbour.vector
            if last == 0 || vector != vectors[last] {
                last += 1
                vectors[last] = vector
            }
            weights[last] += weight
        }
        weigh(above[column], 2)
        weigh(left, 2)
        weigh(aboveLeft, 1)
        if weights[3] > 0, vectors[last] == vectors[1] { weights[1] += 1 }
        weights[3] =
            (above[column].isSplit ? 2 : 0) + (left.isSplit ? 2 : 0) + (aboveLeft.isSplit ? 1 : 0)
        if weights[2] > weights[1] {
            (weights[1], weights[2]) = (weights[2], weights[1])
            (vectors[1], vectors[2]) = (vectors[2], vectors[1])
        }
        if weights[1] >= weights[0] { vectors[0] = vectors[1] }
        return Neighbours(vectors: vectors, weights: weights)
    }

    private func turned(_ reference: Int) -> Bool {
        switch reference {
        case 2: header.isGoldenTurned
        case 3: header.isAlternativeTurned
        default: false
        }
    }

    /// A vector that leads no further than 16 pixels out of the picture.
    private func clamped(_ vector: VP8Vector, _ row: Int, _ column: Int) -> VP8Vector {
        func limited(_ value: Int16, _ place: Int, _ count: Int) -> Int16 {
            let least = -(place * 128) - 128
            let most = (count - 1 - place) * 128 + 128
            return Int16(clamping: min(max(Int(value), least), most))
        }
        return VP8Vector(
            row: limited(vector.row, row, rows),
            column: limited(vector.column, column, columns)
        )
    }

    /// Which part each of the 16 blocks belongs to: halves, quarters, sixteenths.
    private static let splits: [[Int]] = [
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1], [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1],
        [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3], Array(0..<16),
    ]

    private mutating func readSplit(_ block: inout VP8Macroblock, _ best: VP8Vector, _ column: Int) {
        block.isSplit = true
        block.hasSecondOrder = false
        var kind = 3
        if modes.read(110) { kind = modes.read(111) ? (modes.read(150) ? 1 : 0) : 2 }
        let parts = VP8Walk.splits[kind]
        var vectors = InlineArray<16, VP8Vector>(repeating: .zero)
        for part in 0...(parts.max() ?? 0) {
            let first = parts.firstIndex(of: part) ?? 0
            let west = first % 4 == 0 ? left.rightVectors[first / 4] : vectors[first - 1]
            let north = first < 4 ? above[column].lowerVectors[first] : vectors[first - 4]
            let vector = partVector(west, north, best)
            for place in 0..<16 where parts[place] == part { vectors[place] = vector }
        }
        block.vector = vectors[15]
        block.lowerVectors = [vectors[12], vectors[13], vectors[14], vectors[15]]
        block.rightVectors = [vectors[3], vectors[7], vectors[11], vectors[15]]
    }

    private mutating func partVector(_ west: VP8Vector, _ north: VP8Vector, _ best: VP8Vector) -> VP8Vector {
        let context: Int =
            if west == north { north == .zero ? 4 : 3 } else if north == .zero { 2 } else {
                west == .zero ? 1 : 0
            }
        let tree = VP8Tables.partVectors[context]
        guard modes.read(tree[0]) else { return west }
        guard modes.read(tree[1]) else { return north }
        guard modes.read(tree[2]) else { return .zero }
        return VP8Vector.read(&modes, probabilities.vectors) + best
    }
}

/// Coefficients.
extension VP8Walk {
    private mutating func readCoefficients(_ block: inout VP8Macroblock, partition: Int) {
        var type = 3
        if block.hasSecondOrder {
            read(type: 1, from: 0, lower: 8, right: 8, &block, partition)
            type = 0
        }
        for row in 0..<4 {
            for column in 0..<4 {
                read(type: type, from: type == 0 ? 1 : 0, lower: column, right: row, &block, partition)
            }
        }
        for plane in [4, 6] {
            for row in 0..<2 {
                for column in 0..<2 {
                    read(type: 2, from: 0, lower: plane + column, right: plane + row, &block, partition)
                }
            }
        }
    }

    private mutating func read(
        type: Int,
        from start: Int,
        lower: Int,
        right: Int,
        _ block: inout VP8Macroblock,
        _ partition: Int
    ) {
        var context = (block.lowerCoefficients[lower] ? 1 : 0) + (block.rightCoefficients[right] ? 1 : 0)
        var position = start
        var mayEnd = true
        while position < 16 {
            let tree = ((type * 8 + VP8Tables.bands[position]) * 3 + context) * 11
            if mayEnd, !decide(tree, partition) { break }
            position += 1
            mayEnd = decide(tree + 1, partition)
            guard mayEnd else {
                context = 0
                continue
            }
            context = decide(tree + 2, partition) ? 2 : 1
            if context == 2 { readSize(tree, partition) }
            _ = partitions[partition].flag()
        }
        let hasAny = position > start
        block.lowerCoefficients[lower] = hasAny
        block.rightCoefficients[right] = hasAny
    }

    private mutating func decide(_ index: Int, _ partition: Int) -> Bool {
        partitions[partition].read(probabilities.coefficients[index])
    }

    /// Reads how large a coefficient over 1 is (§13.2).
    private mutating func readSize(_ tree: Int, _ partition: Int) {
        guard decide(tree + 3, partition) else {
            if decide(tree + 4, partition) { _ = decide(tree + 5, partition) }
            return
        }
        let category: Int
        if !decide(tree + 6, partition) {
            category = decide(tree + 7, partition) ? 1 : 0
        } else if decide(tree + 8, partition) {
            category = decide(tree + 10, partition) ? 5 : 4
        } else {
            category = decide(tree + 9, partition) ? 3 : 2
        }
        for probability in VP8Tables.extraBits[category] { _ = partitions[partition].read(probability) }
    }
}
