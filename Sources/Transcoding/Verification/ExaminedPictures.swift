internal import FFmpeg

/// What was decoded of an output's pictures beside the encoder, and what their packets were.
struct ExaminedPictures {
    var finding: MediaExamination.StreamFinding
    var packets: PacketRecord
}

/// A stream's packets in decoding order: few bytes of each, to know them again by.
struct PacketRecord {
    private let checksum: UnitChecksum
    /// In which the pts count.
    let timebase: Timebase
    private(set) var sums: [UInt32] = []
    private(set) var pts: [Int64] = []

    init(_ track: Muxer.Track) {
        checksum = UnitChecksum(track)
        timebase = track.timebase
    }

    mutating func add(_ packet: Packet) {
        sums.append(checksum.sum(packet))
        pts.append(packet.pts ?? 0)
    }

    /// Whether a container gives back the packets that were put into it, but for how NAL units are separated.
    static func isComparable(_ codec: VideoCodec, in container: Container) -> Bool {
        switch (codec, container) {
        case (.h264, .mp4), (.h264, .fmp4), (.h264, .ts), (.h264, .flv): true
        case (.hevc, .mp4), (.hevc, .fmp4), (.vp8, .webm), (.vp9, .webm): true
        default: false
        }
    }
}

/// Compares the packets of a finished output with those that were examined on their way to it.
///
/// Instead of decoding them again, only the first is decoded, to see that the container's header fits.
struct PictureReadback: ~Copyable {
    private let examined: ExaminedPictures
    private let checksum: UnitChecksum
    private let stream: FFmpeg.Stream
    private let limits: IngestLimits
    private var finding: MediaExamination.StreamFinding
    /// The pts of the first packet, in the container.
    private var origin: Int64 = 0
    private var lastDTS: Int64?
    private var starts: (first: Int64, last: Int64, end: Int64)?

    init(_ stream: FFmpeg.Stream, _ examined: ExaminedPictures, _ limits: IngestLimits) {
        self.stream = stream
        self.examined = examined
        self.limits = limits
        checksum = UnitChecksum(stream)
        finding = examined.finding
        finding.adopt(stream)
    }

    /// - Throws: `output.rejected` when the packet is not the one that was encoded.
    mutating func take(_ packet: Packet) throws {
        let number = finding.packetCount
        finding.count(packet, after: &lastDTS)
        guard let pts = packet.pts, examined.packets.sums.indices.contains(number),
            !packet.isDiscarded, checksum.sum(packet) == examined.packets.sums[number]
        else { throw rejection(number, "is not the one that was encoded") }
        if number == 0 {
            origin = pts
            try decode(packet)
        }
        guard abs(drift(pts, number)) <= 1.5 * stream.timebase.value + 1e-6 else {
            throw rejection(number, "is \(drift(pts, number)) s off its time")
        }
        let end = pts &+ max(packet.duration > 0 ? packet.duration : period, 0)
        let known = starts ?? (pts, pts, end)
        starts = (min(known.first, pts), max(known.last, pts), max(known.end, end))
    }

    /// The numbers of the pictures, with their times in the container.
    ///
    /// - Throws: `output.rejected` when packets are missing.
    mutating func finish() throws -> MediaExamination.StreamFinding {
        guard finding.packetCount == examined.packets.sums.count else {
            throw rejection(finding.packetCount, "is missing")
        }
        func seconds(_ ticks: Int64?) -> Double? {
            ticks.map { Timestamp(ticks: $0, timebase: stream.timebase).seconds }
        }
        finding.firstSeconds = seconds(starts?.first)
        finding.lastSeconds = seconds(starts?.last)
        finding.endSeconds = seconds(starts?.end)
        return finding
    }

    /// Seconds by which a packet is later than it was when encoded, both counted from the first packet.
    private func drift(_ pts: Int64, _ number: Int) -> Double {
        let meant = examined.packets.pts[number] &- (examined.packets.pts.first ?? 0)
        return Double(pts &- origin) * stream.timebase.value - Double(meant) * examined.packets.timebase.value
    }

    /// Ticks that a picture lasts unless its packet says so.
    private var period: Int64 {
        let rate = stream.averageFrameRate.value * stream.timebase.value
        return rate > 0 ? Int64((1 / rate).rounded()) : 0
    }

    private func decode(_ packet: Packet) throws {
        var decoder = try Decoder.open(stream, limits: limits, threads: 1, loopFilter: .nowhere)
        let first = try decoder.decode(packet)
        let rest = try decoder.finish()
        let pictures = first + rest.frames
        guard rest.errorCount == 0, let picture = pictures.first, picture.size == examined.finding.size else {
            throw rejection(0, "cannot be decoded with the container's header")
        }
    }

    private func rejection(_ number: Int, _ what: String) -> TranscodingError {
        TranscodingError(
            .outputRejected,
            "the output's packet \(number) of \(examined.packets.sums.count) of pictures \(what)"
        )
    }
}
