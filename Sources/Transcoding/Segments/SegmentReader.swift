internal import FFmpeg

/// Reads the packets of ranges of an input's pictures, whatever the container can seek.
struct SegmentReader: ~Copyable {
    /// Seconds before a keyframe at which it is looked for, in turn.
    private static let backs = [0.0, 1, 5, 30]
    /// Packets of pictures that are looked at after each jump.
    private static let patience = 2000

    private let body: InputBody
    private let stream: FFmpeg.Stream
    private let limits: IngestLimits
    private let name: String
    private var demuxer: Demuxer

    /// Opens an input of its own, so that several can be read at the same time.
    static func open(
        _ input: TranscodeInput,
        _ stream: FFmpeg.Stream,
        limits: IngestLimits,
        name: String
    ) throws(TranscodingError) -> SegmentReader {
        let body = try InputOpening.body(input, limits)
        let demuxer = try InputOpening.demuxer(body, limits, name)
        demuxer.select([stream.index])
        return SegmentReader(body, stream, limits, name, demuxer)
    }

    private init(
        _ body: InputBody,
        _ stream: FFmpeg.Stream,
        _ limits: IngestLimits,
        _ name: String,
        _ demuxer: consuming Demuxer
    ) {
        self.body = body
        self.stream = stream
        self.limits = limits
        self.name = name
        self.demuxer = demuxer
    }

    /// Reads the packets of a range in decoding order, and says of each whether the range shows it.
    ///
    /// Those that are shown before the range are not to be decoded: what they refer to is not there.
    ///
    /// - Throws: `SegmentPlan.Unsuited` where other packets come than the plan was made from.
    mutating func read(_ part: SegmentPlan.Part, _ take: (Packet) throws -> Bool) throws {
        var checksum = PacketChecksum()
        var count = 0
        var isWanted = true
        try read(from: part.keyframe, isFirst: part.packets.lowerBound == 0) { packet, pts in
            checksum.add(
                pts: pts,
                byteCount: Int32(clamping: packet.byteCount),
                isKeyframe: packet.isKeyframe
            )
            count += 1
            let isLeading = part.start != nil && pts < part.keyframe.pts
            if !isLeading { isWanted = try take(packet) }
            return isWanted && count < part.packets.count
        }
        guard !isWanted || (count == part.packets.count && checksum == part.checksum) else {
            throw SegmentPlan.Unsuited("its packets are not the same when they are read again")
        }
    }

    /// Reads packets from a keyframe on, for as long as `take` asks for more.
    mutating func read(
        from keyframe: PacketScan.Entry,
        isFirst: Bool,
        _ take: (Packet, _ pts: Int64) throws -> Bool
    ) throws {
        var packet = try find(keyframe, isFirst: isFirst)
        while let current = packet, let pts = current.pts {
            guard try take(current, pts) else { return }
            packet = try next()
        }
    }

    private mutating func next() throws -> Packet? {
        while let packet = try demuxer.read() {
            if packet.streamIndex == stream.index { return packet }
        }
        return nil
    }

    private mutating func find(_ keyframe: PacketScan.Entry, isFirst: Bool) throws -> Packet? {
        if !isFirst {
            for back in SegmentReader.backs {
                let ticks = Int64(back / stream.timebase.value)
                guard demuxer.seek(to: min(keyframe.dts, keyframe.pts) &- ticks, in: stream) else { break }
                if let packet = try look(for: keyframe, within: SegmentReader.patience) { return packet }
            }
        }
        body.rewind()
        demuxer = try InputOpening.demuxer(body, limits, name)
        demuxer.select([stream.index])
        return try look(for: keyframe, within: .max)
    }

    private mutating func look(for keyframe: PacketScan.Entry, within patience: Int) throws -> Packet? {
        var count = 0
        while count < patience, let packet = try next() {
            count += 1
            if packet.isKeyframe == keyframe.isKeyframe, packet.pts == keyframe.pts,
                Int32(clamping: packet.byteCount) == keyframe.byteCount
            {
                return packet
            }
            // Behind it, nothing is found any more.
            if patience < .max, let dts = packet.dts, dts > keyframe.dts { return nil }
        }
        return nil
    }
}
