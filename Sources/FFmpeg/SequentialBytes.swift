/// How far the bytes of a body have come in order, while they are read in whatever order.
struct SequentialBytes: Sendable {
    /// Bytes that have come.
    private(set) var position: Int64 = 0

    /// What of bytes that were read at `offset` follows those that have come; `nil` where nothing does.
    mutating func fresh(_ bytes: UnsafeRawBufferPointer, at offset: Int64) -> UnsafeRawBufferPointer? {
        let skipped = position - offset
        guard skipped >= 0, skipped < Int64(bytes.count) else { return nil }
        position = offset + Int64(bytes.count)
        return UnsafeRawBufferPointer(rebasing: bytes[Int(skipped)...])
    }
}
