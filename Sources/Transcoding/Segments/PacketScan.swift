internal import FFmpeg

/// The packets of an input's pictures, as reading all of them shows, whatever its index says.
struct PacketScan {
    /// One packet, in ticks of the stream's timebase.
    struct Entry: Equatable, Sendable {
        let pts: Int64
        /// For finding it again.
        let dts: Int64
        let byteCount: Int32
        let isKeyframe: Bool
        /// Not to be shown, as an edit list says.
        let isDiscarded: Bool
    }

    /// More are not kept in memory.
    static let mostEntries = 1_500_000

    /// In decoding order.
    private(set) var entries: [Entry] = []
    /// Of the whole input, in hexadecimal; `nil` when it was not asked for.
    private(set) var sha256: String?

    /// Reads an input to its end; `begun` is called now and then.
    ///
    /// - Throws: `SegmentPlan.Unsuited` where its packets do not tell when each picture is shown.
    static func run(
        _ body: InputBody,
        _ stream: FFmpeg.Stream,
        limits: IngestLimits,
        name: String,
        isHashed: Bool,
        check: () throws -> Void
    ) throws -> PacketScan {
        if isHashed { body.beginHash() }
        var demuxer = try InputOpening.demuxer(body, limits, name)
        // Sound is read as well, so that the bytes come in order and are hashed on the way.
        demuxer.select(demuxer.streams.map(\.index))
        var scan = PacketScan()
        while true {
            let packet: Packet?
            do { packet = try demuxer.read() } catch { throw SegmentPlan.Unsuited("it cannot be read whole") }
            guard let packet else { break }
            guard packet.streamIndex == stream.index else { continue }
            guard !packet.isCorrupt else { throw SegmentPlan.Unsuited("it is damaged") }
            guard let pts = packet.pts else { throw SegmentPlan.Unsuited("pictures have no times") }
            guard scan.entries.count < mostEntries else { throw SegmentPlan.Unsuited("it is too long") }
            scan.entries.append(
                Entry(
                    pts: pts,
                    dts: packet.dts ?? pts,
                    byteCount: Int32(clamping: packet.byteCount),
                    isKeyframe: packet.isKeyframe,
                    isDiscarded: packet.isDiscarded
                )
            )
            if scan.entries.count % 256 == 0 { try check() }
        }
        _ = consume demuxer
        scan.sha256 = try body.finishHash()
        return scan
    }
}

/// A checksum over packets (FNV-1a), by which a range that is read again is known to be the same.
struct PacketChecksum: Equatable, Sendable {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(pts: Int64, byteCount: Int32, isKeyframe: Bool) {
        add(UInt64(bitPattern: pts))
        add(UInt64(UInt32(bitPattern: byteCount)) << 1 | (isKeyframe ? 1 : 0))
    }

    private mutating func add(_ word: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            value = (value ^ (word >> shift & 0xff)) &* 0x100_0000_01b3
        }
    }
}
