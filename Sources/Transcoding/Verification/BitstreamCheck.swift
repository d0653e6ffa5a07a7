internal import FFmpeg

/// What a stream's own packets tell of damage that no decoder complains of.
///
/// Whoever decodes an input asks the same questions: the transcode, `probe --deep` and `verify`.
struct BitstreamCheck {
    private let units: NALCheck?
    private var ends: VP8Check?
    private var unread: UnreadCheck?
    private var illegalCount = 0

    init(_ stream: FFmpeg.Stream, _ limits: IngestLimits) {
        unread = UnreadCheck(stream, limits)
        units = NALCheck(stream)
        ends = VP8Check(stream)
    }

    /// Takes the stream's next packet, before it is decoded.
    mutating func take(_ packet: Packet) {
        if let units, !units.isLegal(packet) { illegalCount += 1 }
        ends?.take(packet)
        unread?.take(packet)
    }

    /// Takes the next picture, after which a decoder had complained so often.
    mutating func take(_ frame: Frame, complaints: Int) { unread?.take(frame, complaints: complaints) }

    /// No packet and no picture follows.
    mutating func finish() { unread?.finish() }

    /// Packets that are damaged so far, of which a decoder complained of `complaints`.
    ///
    /// What decoder and check find is mostly the same.
    func damagedCount(_ complaints: Int) -> Int { max(complaints, illegalCount) }

    /// The same once no packet follows: only then is it known how a stream's pictures end, and are all ends looked
    /// at that might be unread.
    func finalCount(_ complaints: Int) -> Int {
        max(complaints, illegalCount, ends?.damagedCount ?? 0) + (unread?.damagedCount ?? 0)
    }
}
