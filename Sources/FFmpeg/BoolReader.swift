/// VP8's arithmetic decoder (RFC 6386 §7), which knows how many bits it has used up.
struct BoolReader {
    private var bytes: UnsafeBufferPointer<UInt8>
    private var next = 0
    private var value: UInt64 = 0
    /// Bits of `value` that are there beyond the first 8.
    private var spare = -8
    private var range: UInt64 = 255
    /// Bits that were used up.
    private(set) var usedBits = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        fill()
    }

    /// Bits of the partition that were not used up; below 0 when it is too short.
    var unusedBits: Int { bytes.count * 8 - usedBits }

    private mutating func fill() {
        while spare <= 40 {
            value = value << 8 | UInt64(next < bytes.count ? bytes[next] : 0)
            next += 1
            spare += 8
        }
    }

    /// Decides a question whose answer is no with a probability of `probability` in 256.
    mutating func read(_ probability: UInt8) -> Bool {
        let split = 1 + (((range - 1) * UInt64(probability)) >> 8)
        let bound = split << UInt64(spare)
        let answer = value >= bound
        if answer {
            range -= split
            value -= bound
        } else {
            range = split
        }
        guard range < 128 else { return answer }
        let shift = range.leadingZeroBitCount - 56
        range <<= UInt64(shift)
        spare -= shift
        usedBits += shift
        if spare < 0 { fill() }
        return answer
    }

    mutating func flag() -> Bool { read(128) }

    mutating func literal(_ count: Int) -> Int {
        var value = 0
        for _ in 0..<count { value = value << 1 | (flag() ? 1 : 0) }
        return value
    }
}
