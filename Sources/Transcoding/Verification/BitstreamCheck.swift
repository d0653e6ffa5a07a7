internal import FFmpeg

/// What a stream's own packets tell of damage that no decoder complains of.
///
/// Whoever decodes an input asks the same questions: the transcode, `probe --deep` and `verify`.
struct BitstreamCheck {
    private let units: NALCheck?
    private var ends: VP8Check?
    private var illegalCount = 0

    init(_ stream: FFmpeg.Stream) {
        units = NALCheck(stream)
        ends = VP8Check(stream)
    }

    /// Takes the stream's next packet.
    mutating func take(_ packet: Packet) {
        if let units, !units.isLegal(packet) { illegalCount += 1 }
        ends?.take(packet)
    }

    /// Packets that are damaged, of which a decoder complained of `complaints`.
    ///
    /// What decoder and check find is mostly the same.
    func damagedCount(_ complaints: Int) -> Int { max(complaints, illegalCount) }

    /// The same once no packet follows: only then is it known how a stream's pictures end.
    func finalCount(_ complaints: Int) -> Int {
        max(complaints, illegalCount, ends?.damagedCount ?? 0)
    }
}
