internal import FFmpeg

/// Reads the packets of one input and hands them to the stages that decode them.
struct InputReader: ~Copyable {
    let plan: InputPlan
    /// libav's name of the container's format.
    let container: String
    private var demuxer: Demuxer
    private var packets = PacketWatch()
    /// What the container told of damage, once all was read.
    var finding: PacketWatch.Finding { packets.finding }

    /// Opens an input and chooses among its streams.
    ///
    /// - Throws: `input.unreadable`, `input.unsupported`, `input.limit`.
    static func open(
        _ body: InputBody,
        limits: IngestLimits,
        name: String
    ) throws(TranscodingError) -> InputReader {
        let demuxer = try InputOpening.demuxer(body, limits, name)
        let plan = try InputPlan(
            streams: demuxer.streams,
            duration: demuxer.duration,
            limits: limits,
            name: name
        )
        return InputReader(plan, demuxer)
    }

    private init(_ plan: InputPlan, _ demuxer: consuming Demuxer) {
        self.plan = plan
        container = demuxer.formatName
        demuxer.select([plan.video.index] + (plan.audio.map { [$0.index] } ?? []))
        self.demuxer = demuxer
    }

    /// Reads to the end, or until something failed.
    ///
    /// `watch` is called every 64 packets with the seconds read so far.
    ///
    /// - Returns: why reading ended before the end of the input, if it did.
    mutating func read(
        pictures: Stage<PacketMessage>,
        sound: Stage<PacketMessage>,
        failure: FirstFailure,
        watch: (_ seconds: Double) throws -> Void
    ) throws -> FFmpegError? {
        let start = plan.origin.converted(to: plan.video.timebase).ticks
        var seconds = 0.0
        var count = 0
        while !failure.hasFailed {
            let packet: Packet?
            do { packet = try demuxer.read() } catch { return error }
            guard let packet else {
                packets.finish(demuxer, streams: [plan.video] + (plan.audio.map { [$0] } ?? []))
                break
            }
            packets.take(packet)
            if packet.streamIndex == plan.video.index {
                if let pts = packet.pts {
                    seconds = max(seconds, Double(pts &- start) * plan.video.timebase.value)
                }
                pictures.send(.packet(packet))
            } else if packet.streamIndex == plan.audio?.index {
                sound.send(.packet(packet))
            }
            count += 1
            if count % 64 == 0 { try watch(seconds) }
        }
        return nil
    }
}
