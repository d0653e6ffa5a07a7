/// The probabilities that VP8's pictures change for those that follow (RFC 6386 §9.11, §19.2).
struct VP8Probabilities {
    var coefficients = VP8Tables.coefficients
    var vectors = VP8Tables.vectors
    var lumaModes: [UInt8] = [112, 86, 140, 37]
    var chromaModes: [UInt8] = [162, 101, 204]
}

/// What one VP8 picture's header says, as far as reading the rest depends on it (RFC 6386 §9 and §19.2).
struct VP8Header {
    let isKeyframe: Bool
    /// Whether the golden and the alternative picture's vectors point the other way.
    private(set) var isGoldenTurned = false
    private(set) var isAlternativeTurned = false
    /// The 3 probabilities of a macroblock's segment, where the picture assigns segments.
    private(set) var segmentTree: [UInt8]?
    private(set) var partitionCount = 1
    /// Whether the probabilities count for later pictures.
    private(set) var isLasting = true
    /// The probability that a macroblock has coefficients, where that is told.
    private(set) var skipProbability: UInt8?
    private(set) var intraProbability: UInt8 = 0
    private(set) var lastProbability: UInt8 = 0
    private(set) var goldenProbability: UInt8 = 0

    /// Reads the header, and changes the probabilities; `lasting` gets those that were there before.
    init(
        _ reader: inout BoolReader,
        isKeyframe: Bool,
        _ probabilities: inout VP8Probabilities,
        before: inout VP8Probabilities
    ) {
        self.isKeyframe = isKeyframe
        if isKeyframe { _ = reader.literal(2) }
        if reader.flag() { readSegments(&reader) }
        _ = reader.literal(1 + 6 + 3)
        if reader.flag(), reader.flag() {
            for _ in 0..<8 where reader.flag() { _ = reader.literal(7) }
        }
        partitionCount = 1 << reader.literal(2)
        _ = reader.literal(7)
        for _ in 0..<5 where reader.flag() { _ = reader.literal(5) }
        if isKeyframe {
            probabilities = VP8Probabilities()
            isLasting = reader.flag()
        } else {
            readReferences(&reader)
        }
        before = probabilities
        for index in 0..<probabilities.coefficients.count
        where reader.read(VP8Tables.coefficientUpdates[index]) {
            probabilities.coefficients[index] = UInt8(reader.literal(8))
        }
        if reader.flag() { skipProbability = UInt8(reader.literal(8)) }
        if !isKeyframe { readInter(&reader, &probabilities) }
    }

    private mutating func readSegments(_ reader: inout BoolReader) {
        let hasMap = reader.flag()
        if reader.flag() {
            _ = reader.flag()
            for _ in 0..<4 where reader.flag() { _ = reader.literal(8) }
            for _ in 0..<4 where reader.flag() { _ = reader.literal(7) }
        }
        guard hasMap else { return }
        segmentTree = (0..<3).map { _ in reader.flag() ? UInt8(reader.literal(8)) : 255 }
    }

    private mutating func readReferences(_ reader: inout BoolReader) {
        let (isGoldenNew, isAlternativeNew) = (reader.flag(), reader.flag())
        if !isGoldenNew { _ = reader.literal(2) }
        if !isAlternativeNew { _ = reader.literal(2) }
        isGoldenTurned = reader.flag()
        isAlternativeTurned = reader.flag()
        isLasting = reader.flag()
        _ = reader.flag()
    }

    private mutating func readInter(_ reader: inout BoolReader, _ probabilities: inout VP8Probabilities) {
        intraProbability = UInt8(reader.literal(8))
        lastProbability = UInt8(reader.literal(8))
        goldenProbability = UInt8(reader.literal(8))
        if reader.flag() {
            for index in 0..<4 { probabilities.lumaModes[index] = UInt8(reader.literal(8)) }
        }
        if reader.flag() {
            for index in 0..<3 { probabilities.chromaModes[index] = UInt8(reader.literal(8)) }
        }
        for index in 0..<probabilities.vectors.count where reader.read(VP8Tables.vectorUpdates[index]) {
            let bits = reader.literal(7)
            probabilities.vectors[index] = bits == 0 ? 1 : UInt8(bits << 1)
        }
    }
}
