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
        for preset: Preset,
        limits: IngestLimits,
        name: String
    ) throws(TranscodingError) -> InputReader {
        let demuxer = try InputOpening.demuxer(body, limits, name)
        let plan = try InputPlan(
            streams: demuxer.streams,
            duration: demuxer.duration,
            wantsVideo: preset.video != nil,
            wantsAudio: preset.audio != nil,
            limits: limits,
            name: name
        )
        return InputReader(plan, demuxer)
    }

    private init(_ plan: InputPlan, _ demuxer: consuming Demuxer) {
        self.plan = plan
        container = demuxer.formatName
        demuxer.select(plan.streams.map(\.index))
        self.demuxer = demuxer
    }

    /// Reads to the end, or until something failed.
    ///
    /// `watch` is called every 64 packets with the seconds read so far.
    ///
    /// - Returns: why reading ended before the end of the input, if it did.
    mutating func read(
        pictures: Stage<PacketMessage>?,
        sound: Stage<PacketMessage>?,
        failure: FirstFailure,
        watch: (_ seconds: Double) throws -> Void
    ) throws -> FFmpegError? {
        let leader = plan.video ?? plan.audio
        let timebase = leader?.timebase ?? Timebase(1, 1)
        let start = plan.origin.converted(to: timebase).ticks
        var seconds = 0.0
        var count = 0
        while !failure.hasFailed {
            let packet: Packet?
            do { packet = try demuxer.read() } catch { return error }
            guard let packet else {
                packets.finish(demuxer, streams: plan.streams)
                break
            }
            packets.take(packet)
            if packet.streamIndex == leader?.index, let pts = packet.pts {
                seconds = max(seconds, Double(pts &- start) * timebase.value)
            }
            if packet.streamIndex == plan.video?.index {
                pictures?.send(.packet(packet))
            } else if packet.streamIndex == plan.audio?.index {
                sound?.send(.packet(packet))
            }
            count += 1
            if count % 64 == 0 { try watch(seconds) }
        }
        return nil
    }
}
