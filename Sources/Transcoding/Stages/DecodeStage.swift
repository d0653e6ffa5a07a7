internal import FFmpeg
internal import Synchronization

/// Decodes the video stream and holds every picture against the limits.
final class DecodeStage: Sendable {
    /// What was decoded, and how well.
    struct Tally: Sendable {
        var frameCount = 0
        var errorCount = 0
        var lostCount = 0
        /// Seconds from the output's zero to the end of the last picture.
        var endSeconds = 0.0
    }

    private struct State: ~Copyable {
        var decoder: Decoder?
        var headers: HeaderParser?
        var tally = Tally()
        var lastTicks: Int64?
        var ledger: PictureLedger
    }

    private let state: Mutex<State>
    private let stream: FFmpeg.Stream
    private let originTicks: Int64
    private let limits: IngestLimits
    private let name: String
    private let output: Stage<PictureInput>

    init(
        stream: FFmpeg.Stream,
        originTicks: Int64,
        limits: IngestLimits,
        name: String,
        threads: Int,
        output: Stage<PictureInput>
    ) throws(FFmpegError) {
        self.stream = stream
        self.originTicks = originTicks
        self.limits = limits
        self.name = name
        self.output = output
        state = Mutex(
            State(
                decoder: try Decoder.open(stream, limits: limits, threads: threads),
                headers: try HeaderParser.open(stream),
                ledger: PictureLedger(codec: stream.codec)
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
                for frame in try state.decoder?.decode(packet) ?? [] { try accept(frame, &state) }
                state.tally.errorCount = state.decoder?.errorCount ?? 0
            case .end:
                if let decoder = state.decoder.take() {
                    let rest = try decoder.finish()
                    state.tally.errorCount = rest.errorCount
                    for frame in rest.frames { try accept(frame, &state) }
                    state.ledger.finish()
                    state.tally.lostCount = state.ledger.lostCount
                }
                output.send(.end)
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
        // What lies before the start is there only for later pictures to refer to.
        guard seconds > -period else { return }
        output.send(.picture(frame, ticks: max(0, ticks)))
    }
}

/// A decoded picture, or the end of them.
enum PictureInput: Sendable {
    case picture(Frame, ticks: Int64)
    case end
}
