/// Checks what a container promises of its own bytes, while they are read in whatever order.
///
/// Bytes count as far as they follow those that have come.
struct StructureCheck: Sendable {
    private enum Kind: Sendable {
        case ebml(EBMLCheck)
        case riff(RIFFCheck)
        case other
    }

    private var kind: Kind?
    private var taken = SequentialBytes()

    /// Elements whose checksum is wrong, and places where one does not lead to the next.
    var errorCount: Int {
        switch kind {
        case .ebml(let check): check.errorCount
        case .riff(let check): check.errorCount
        case .other, nil: 0
        }
    }

    /// Takes bytes that were read at `offset`.
    mutating func take(_ bytes: UnsafeRawBufferPointer, at offset: Int64) {
        guard let fresh = taken.fresh(bytes, at: offset) else { return }
        switch kind ?? StructureCheck.kind(fresh) {
        case .ebml(var check):
            check.take(fresh)
            kind = .ebml(check)
        case .riff(var check):
            check.take(fresh)
            kind = .riff(check)
        case .other: kind = .other
        }
    }

    private static func kind(_ head: UnsafeRawBufferPointer) -> Kind {
        if EBMLCheck.takes(head) { return .ebml(EBMLCheck()) }
        return RIFFCheck.takes(head) ? .riff(RIFFCheck()) : .other
    }
}
