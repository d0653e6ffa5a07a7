internal import FFmpeg

/// Decodes the video stream and holds every picture against the limits.
final class DecodeStage: Sendable {
    /// What was decoded, and how well.
    struct Tally: Sendable, Codable {
        var frameCount = 0
        var errorCount = 0
        var lostCount = 0
        var leadingErrorCount = 0
        /// Seconds from the input's start to the end of the last picture.
        var endSeconds = 0.0
        /// Pictures that were sent on.
        var sentCount = 0
        /// Seconds from the input's start to the end of the last picture that was sent on.
        var sentEndSeconds = 0.0
    }

    private struct State: ~Copyable {
        var decoder: Decoder?
        var headers: HeaderParser?
        var tally = Tally()
        var lastTicks: Int64?
        var ledger: PictureLedger
        var check: BitstreamCheck
        var lead = LeadIn()
        /// Before the span, the picture that is shown at its start unless another is.
        var held: Frame?
        /// With an end, the last picture sent on, and when.
        var last: (frame: Frame, ticks: Int64)?
        var hasPassedEnd = false
    }

    private let state: Lock<State>
    private let stream: FFmpeg.Stream
    private let originTicks: Int64
    private let span: ClipSpan
    private let limits: IngestLimits
    private let name: String
    private let outputs: [Stage<PictureInput>]

    init(
        stream: FFmpeg.Stream,
        originTicks: Int64,
        span: ClipSpan = .whole,
        limits: IngestLimits,
        name: String,
        threads: Int,
        outputs: [Stage<PictureInput>]
    ) throws(FFmpegError) {
        self.stream = stream
        self.originTicks = originTicks
        self.span = span
        self.limits = limits
        self.name = name
        self.outputs = outputs
        state = Lock(
            State(
                decoder: try Decoder.open(
                    stream,
                    limits: limits,
                    threads: threads,
                    loopFilter: .references
                ),
                headers: try HeaderParser.open(stream),
                ledger: PictureLedger(codec: stream.codec),
                check: BitstreamCheck(stream, limits)
            )
        )
    }

    var tally: Tally { state.withLock { $0.tally } }

    func accept(_ message: PacketMessage) throws {
        try state.withLock { state in
            switch message {
            case .packet(let packet):
                if packet.isKeyframe, let size = state.headers?.pictureSize(packet) {
                    try InputPlan.check(size: size, limits, name)
                }
                if let pts = packet.pts, !packet.isDiscarded { state.ledger.expect(pts) }
                state.check.take(packet)
                let frames = try state.decoder?.decode(packet) ?? []
                let complaints = state.decoder?.errorCount ?? 0
                for frame in frames {
                    state.check.take(frame, complaints: complaints)
                    try accept(frame, &state)
                }
                let errors = state.check.damagedCount(complaints)
                state.tally.errorCount = state.lead.damage(errors, isKeyframe: packet.isKeyframe)
            case .end:
                if let decoder = state.decoder.take() {
                    let rest = try decoder.finish()
                    for frame in rest.frames {
                        state.check.take(frame, complaints: rest.errorCount)
                        try accept(frame, &state)
                    }
                    state.check.finish()
                    let errors = state.check.finalCount(rest.errorCount)
                    state.tally.errorCount = state.lead.damage(errors, isKeyframe: false)
                    state.ledger.finish()
                    state.tally.lostCount = state.ledger.lostCount
                    state.tally.leadingErrorCount = max(
                        state.lead.leadingErrors,
                        state.ledger.leadingCount
                    )
                    holdLast(&state)
                }
                for output in outputs { output.send(.end) }
            }
        }
    }

    private func accept(_ frame: Frame, _ state: inout State) throws {
        try InputPlan.check(size: frame.size, limits, name)
        if let pts = frame.pts { state.ledger.arrive(pts, isInterlaced: frame.isInterlaced) }
        let period = 1 / max(stream.averageFrameRate.value, 1)
        let step = max(1, Int64(period / stream.timebase.value))
        let ticks = frame.bestEffortPTS.map { $0 &- originTicks } ?? ((state.lastTicks ?? -step) &+ step)
        let seconds = Double(ticks) * stream.timebase.value
        guard abs(seconds) <= limits.maxDuration else {
            throw TranscodingError.limit("maxGap", "\(name) has a picture \(abs(seconds)) s from its start")
        }
        if let last = state.lastTicks, Double(ticks &- last) * stream.timebase.value > limits.maxGap {
            throw TranscodingError.limit(
                "maxGap",
                "\(name) has a gap of over \(Int(limits.maxGap)) s between two pictures"
            )
        }
        state.lastTicks = max(state.lastTicks ?? ticks, ticks)
        state.tally.frameCount += 1
        state.tally.endSeconds = max(state.tally.endSeconds, seconds + period)
        if Double(state.tally.frameCount) > limits.maxFrameRate * (state.tally.endSeconds + 2) {
            throw TranscodingError.limit(
                "maxFrameRate",
                "\(name) has more than \(Int(limits.maxFrameRate)) pictures a second"
            )
        }
        switch span.place(seconds, period: period) {
        // What lies before the start is there only for later pictures to refer to.
        case .before: if span.start > 0 { state.held = frame }
        case .inside: send(frame, ticks &- startTicks, period, &state)
        case .after: state.hasPassedEnd = true
        }
    }

    private var startTicks: Int64 {
        Int64(min((max(0, span.start) / stream.timebase.value).rounded(), 9e18))
    }

    private func send(_ frame: Frame, _ ticks: Int64, _ period: Double, _ state: inout State) {
        let first = state.held.take()
        let seconds = Double(ticks) * stream.timebase.value
        if state.tally.sentCount > 0 || span.start <= 0 {
            pass(frame, ticks: max(0, ticks), period, &state)
        } else if let first, seconds > period * 0.6 {
            pass(first, ticks: 0, period, &state)
            pass(frame, ticks: ticks, period, &state)
        } else {
            // Not a moment later, or it would be shown twice to fill the time up to it.
            pass(frame, ticks: seconds <= period * 0.6 ? 0 : ticks, period, &state)
        }
    }

    private func pass(_ frame: Frame, ticks: Int64, _ period: Double, _ state: inout State) {
        state.tally.sentCount += 1
        let end = max(0, span.start) + Double(ticks) * stream.timebase.value + period
        state.tally.sentEndSeconds = max(state.tally.sentEndSeconds, end)
        if span.end != nil { state.last = (frame, ticks) }
        for output in outputs { output.send(.picture(frame, ticks: ticks)) }
    }

    /// A picture that is shown up to the span's end and beyond is shown again just before that end.
    private func holdLast(_ state: inout State) {
        let period = 1 / max(stream.averageFrameRate.value, 1)
        guard state.hasPassedEnd, let end = span.end else { return }
        let seconds = end - max(0, span.start) - period
        if let held = state.held, state.tally.sentCount == 0 { pass(held, ticks: 0, period, &state) }
        guard let last = state.last, seconds - Double(last.ticks) * stream.timebase.value > period / 2 else {
            return
        }
        pass(last.frame, ticks: Int64((seconds / stream.timebase.value).rounded()), period, &state)
    }
}

/// A decoded picture, or the end of them.
enum PictureInput: Sendable {
    case picture(Frame, ticks: Int64)
    case end
}
