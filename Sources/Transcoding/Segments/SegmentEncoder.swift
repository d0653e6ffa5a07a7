internal import FFmpeg

/// One range's encoded pictures.
struct EncodedSegment: Sendable {
    /// In decoding order.
    var packets: [Packet] = []
    /// What a decoder is to know before the first packet.
    var header: [UInt8] = []
    /// What was decoded; pictures that another range shows are not counted.
    var tally = DecodeStage.Tally()
    var maker: VideoEncodeStage.Maker?
    var seconds = SegmentSeconds()
    /// Pictures to compare with what is decoded of the packets.
    var samples: PictureSamples?

    var byteCount: Int { packets.reduce(0) { $0 + $1.byteCount } }
}

/// What the work on ranges took, in seconds.
struct SegmentSeconds: Sendable, Equatable {
    var decode = 0.0
    var picture = 0.0
    var encode = 0.0

    static func += (sum: inout SegmentSeconds, more: SegmentSeconds) {
        sum.decode += more.decode
        sum.picture += more.picture
        sum.encode += more.encode
    }
}

/// Decodes, scales and encodes one range after the other, on the calling thread or on two.
struct SegmentEncoder: ~Copyable {
    /// What all ranges have in common.
    struct Job: Sendable {
        let input: TranscodeInput
        let name: String
        let stream: FFmpeg.Stream
        /// The tick that becomes zero in the output.
        let origin: Int64
        let preset: Preset.Video
        let engine: EngineOptions
        let muxer: MuxerChoice
        let limits: IngestLimits
        /// Seconds of the whole output.
        let seconds: Double
        /// Ends the work once it has failed.
        let failure: FirstFailure
    }

    private let job: Job
    private var reader: SegmentReader

    init(_ job: Job) throws(TranscodingError) {
        self.job = job
        reader = try SegmentReader.open(job.input, job.stream, limits: job.limits, name: job.name)
    }

    /// Encodes a range towards `target`; `nil` where the preset's quality is aimed at.
    ///
    /// Where it `overlaps`, a second thread encodes while the first one decodes, which makes the same bytes.
    ///
    /// - Throws: `SegmentPlan.Unsuited` where the range turns out not to stand by itself.
    mutating func encode(
        _ part: SegmentPlan.Part,
        plan: VideoPlan,
        target: RateSteering.Target?,
        overlaps: Bool
    ) throws -> EncodedSegment {
        let failure = FirstFailure()
        let sink = PacketSink()
        let packets = Stage<MuxMessage>("packets", slots: 1, failure: failure, isInline: true) {
            sink.take($0)
        }
        let samples = PictureSamples()
        let encode = VideoEncodeStage(
            preset: job.preset,
            engine: job.engine,
            muxer: job.muxer,
            seconds: job.seconds,
            threads: 1,
            isPart: true,
            steering: target.map { RateSteering($0, length: part.seconds) },
            output: packets,
            samples: samples
        )
        let encoding = Stage<PictureMessage>(
            "encode",
            slots: 2,
            failure: failure,
            isInline: !overlaps,
            handler: encode.accept
        )
        let picture = PictureStage(
            stream: job.stream,
            preset: job.preset,
            isExact: job.engine.exactFrameRate,
            from: .init(plan: plan, clock: part.clock, isFirst: part.start == nil, lastSlot: part.lastSlot),
            threads: 1,
            output: encoding
        )
        let gate = SegmentGate(part, picture)
        let pictures = Stage<PictureInput>("picture", slots: 1, failure: failure, isInline: true) {
            try gate.accept($0)
        }
        let decode = try DecodeStage(
            stream: job.stream,
            originTicks: job.origin,
            limits: job.limits,
            name: job.name,
            threads: 1,
            outputs: [pictures]
        )
        let decoding = Stage<PacketMessage>(
            "decode",
            slots: 1,
            failure: failure,
            isInline: true,
            handler: decode.accept
        )
        try reader.read(part) { packet in
            decoding.send(.packet(packet))
            return !failure.hasFailed && !job.failure.hasFailed
        }
        decoding.send(.end)
        let encodedMeanwhile = encoding.blockedSeconds
        encoding.send(.end)
        encoding.drain()
        if let problem = gate.problem { throw problem }
        if let first = failure.first { throw first }
        var segment = EncodedSegment()
        segment.packets = sink.packets
        segment.header = sink.header
        segment.maker = encode.maker
        segment.samples = samples
        segment.tally = decode.tally
        segment.tally.frameCount -= gate.foreignCount
        segment.tally.sentCount -= gate.foreignCount
        segment.seconds.encode = encoding.handlingSeconds
        segment.seconds.picture = pictures.handlingSeconds - encodedMeanwhile
        segment.seconds.decode = decoding.handlingSeconds - pictures.blockedSeconds
        return segment
    }
}

/// Keeps the packets of one range.
private final class PacketSink: Sendable {
    private let state = Lock<(packets: [Packet], header: [UInt8])>(([], []))

    var packets: [Packet] { state.withLock { $0.packets } }
    var header: [UInt8] { state.withLock { $0.header } }

    func take(_ message: MuxMessage) {
        state.withLock { state in
            switch message {
            case .opened(_, let track): state.header = track.header
            case .packet(_, let packet): state.packets.append(packet)
            case .ended: break
            }
        }
    }
}

/// Lets the pictures of a range through, and notices where it does not stand by itself.
private final class SegmentGate: Sendable {
    private struct State {
        var problem: SegmentPlan.Unsuited?
        var foreignCount = 0
        var hasBegun = false
    }

    private let state = Lock(State())
    private let part: SegmentPlan.Part
    private let picture: PictureStage

    init(_ part: SegmentPlan.Part, _ picture: PictureStage) {
        self.part = part
        self.picture = picture
    }

    /// Why the range cannot be encoded by itself.
    var problem: SegmentPlan.Unsuited? { state.withLock { $0.problem } }
    /// Pictures that were decoded and that another range shows.
    var foreignCount: Int { state.withLock { $0.foreignCount } }

    func accept(_ input: PictureInput) throws {
        guard case .picture(let frame, let ticks) = input else { return try finish() }
        let isOurs = try state.withLock { state in
            if let end = part.end, ticks >= end {
                state.foreignCount += 1
                return false
            }
            if let start = part.start, !state.hasBegun, ticks != start {
                throw fail("its keyframes cannot be decoded by themselves", &state)
            }
            state.hasBegun = true
            if frame.isInterlaced || frame.repeatedFields != 0 {
                throw fail("its pictures need their neighbours", &state)
            }
            return true
        }
        if isOurs { try picture.accept(frame, ticks: ticks) }
    }

    private func fail(_ reason: String, _ state: inout State) -> SegmentPlan.Unsuited {
        let problem = SegmentPlan.Unsuited(reason)
        state.problem = problem
        return problem
    }

    private func finish() throws {
        try picture.finish()
        if let slot = part.endSlot { picture.close(before: slot) } else { picture.close(at: nil) }
    }
}
