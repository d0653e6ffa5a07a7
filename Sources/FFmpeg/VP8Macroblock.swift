/// A motion vector, in eighths of a pixel.
struct VP8Vector: Equatable {
    var row: Int16 = 0
    var column: Int16 = 0

    static let zero = VP8Vector()

    static func + (first: VP8Vector, second: VP8Vector) -> VP8Vector {
        VP8Vector(row: first.row &+ second.row, column: first.column &+ second.column)
    }

    static prefix func - (vector: VP8Vector) -> VP8Vector {
        VP8Vector(row: 0 &- vector.row, column: 0 &- vector.column)
    }

    /// Reads a vector (RFC 6386 §17.2).
    static func read(_ reader: inout BoolReader, _ probabilities: [UInt8]) -> VP8Vector {
        let row = component(&reader, probabilities[0..<19])
        let column = component(&reader, probabilities[19..<38])
        return VP8Vector(row: row, column: column)
    }

    private static func component(_ reader: inout BoolReader, _ probabilities: ArraySlice<UInt8>) -> Int16 {
        let start = probabilities.startIndex
        var size = 0
        if reader.read(probabilities[start]) {
            let bits = start + 9
            for bit in [0, 1, 2, 9, 8, 7, 6, 5, 4] where reader.read(probabilities[bits + bit]) {
                size |= 1 << bit
            }
            // A long vector that has none of the higher bits must have this one.
            if size & 0xfff0 == 0 || reader.read(probabilities[bits + 3]) { size |= 8 }
        } else {
            var node = 0
            let short = start + 2
            if reader.read(probabilities[short]) { node = 3 }
            let high = node
            if reader.read(probabilities[short + 1 + high]) {
                size = reader.read(probabilities[short + 3 + high]) ? 3 : 2
            } else {
                size = reader.read(probabilities[short + 2 + high]) ? 1 : 0
            }
            if high > 0 { size += 4 }
        }
        if size != 0, reader.read(probabilities[start + 1]) { size = -size }
        return Int16(truncatingIfNeeded: size * 2)
    }
}

/// What a VP8 macroblock leaves behind for those that follow it.
struct VP8Macroblock {
    /// 0 for none: it is predicted from its own picture; else the last, the golden, the alternative picture.
    var reference = 0
    var isSplit = false
    /// Whether the mean of its blocks is coded apart.
    var hasSecondOrder = true
    /// Of its last block.
    var vector = VP8Vector.zero
    /// Of its lowest 4 blocks, and of the 4 on its right.
    var lowerVectors = InlineArray<4, VP8Vector>(repeating: .zero)
    var rightVectors = InlineArray<4, VP8Vector>(repeating: .zero)
    /// The modes of its lowest 4 blocks and of the 4 on its right, in a keyframe.
    var lowerModes = InlineArray<4, Int>(repeating: 0)
    var rightModes = InlineArray<4, Int>(repeating: 0)
    /// Whether the lowest blocks, and those on the right, have coefficients: 4 of luma, 2 and 2 of chroma, means.
    var lowerCoefficients = InlineArray<9, Bool>(repeating: false)
    var rightCoefficients = InlineArray<9, Bool>(repeating: false)

    /// Gives all blocks one vector.
    mutating func set(_ vector: VP8Vector) {
        self.vector = vector
        lowerVectors = InlineArray(repeating: vector)
        rightVectors = lowerVectors
    }
}
