internal import FFmpeg

/// A picture on its way to the encoder, or the end of them.
enum PictureMessage: Sendable {
    case picture(Frame, pts: Int64, VideoPlan)
    case end
}

/// Drops, scales and turns decoded pictures of one input.
final class PictureStage: Sendable {
    /// What the inputs before this one left behind.
    struct Joint {
        let plan: VideoPlan
        /// Seconds of the output before this input.
        let offset: Double
        /// In ticks of the plan's timebase.
        let lastPTS: Int64
        let last: (frame: Frame, slot: Int64)?
    }

    /// How the pictures before a range of an input have left things, where the range is taken up by itself.
    struct Entry: Sendable {
        let plan: VideoPlan
        /// What decides which pictures stay.
        let clock: FrameRateConverter
        /// Whether the range begins with the input's first picture.
        let isFirst: Bool
        /// At a constant rate, the slot of the picture before the range; `nil` without one.
        let lastSlot: Int64?
    }

    private struct State: ~Copyable {
        var timing: PictureTiming
        var telecine = Telecine()
        var plan: VideoPlan?
        var filters: PictureFilters?
        var shape: PictureShape?
        var scaler: Scaler?
        var twoThirds: TwoThirdsScaler?
        var graph: FilterGraph?
        /// Once a picture was interlaced, all that follow go through the deinterlacer, which needs neighbours.
        var isInterlaced = false
        /// In ticks of the timing's clock.
        var lastTime: Int64 = 0
        /// At a constant rate, the picture that was sent last.
        var last: (frame: Frame, slot: Int64)?
        /// In ticks of the plan's timebase.
        var lastPTS: Int64 = -1
    }

    private let joint: VideoPlan?
    private let entry: Entry?
    /// Seconds of the output before this input.
    private let offset: Double
    private let state: Lock<State>
    private let stream: FFmpeg.Stream
    private let preset: Preset.Video
    private let threads: Int
    private let output: Stage<PictureMessage>

    /// Makes pictures at a constant rate where the preset's options ask for it (`isExact`).
    init(
        stream: FFmpeg.Stream,
        preset: Preset.Video,
        isExact: Bool,
        after joint: Joint? = nil,
        from entry: Entry? = nil,
        threads: Int,
        output: Stage<PictureMessage>
    ) {
        self.entry = entry
        self.joint = joint?.plan
        offset = joint?.offset ?? 0
        self.stream = stream
        self.preset = preset
        self.threads = threads
        self.output = output
        var preset = preset
        let timing = PictureTiming(stream: stream, preset: preset, isExact: isExact)
        // A constant rate is that of the first input.
        if timing.isConstant, let joint { preset.frameRate = .fixed(joint.plan.frameRate) }
        var fresh = State(timing: PictureTiming(stream: stream, preset: preset, isExact: isExact))
        fresh.last = joint?.last
        fresh.lastPTS = joint?.lastPTS ?? -1
        if let entry { fresh.timing.clock = entry.clock }
        state = Lock(fresh)
    }

    /// What a following input needs to know, once this one is closed; `nil` when it had no picture.
    func joint(offset: Double) -> Joint? {
        state.withLock { state in
            guard let plan = state.plan ?? joint else { return nil }
            return Joint(plan: plan, offset: offset, lastPTS: state.lastPTS, last: state.last)
        }
    }

    /// Takes one decoded picture; `ticks` of the stream's timebase since the output's zero.
    func accept(_ frame: Frame, ticks: Int64) throws {
        try state.withLock { state in
            let due = state.telecine.place(frame, ticks: ticks)
            let time = Timestamp(ticks: due, timebase: stream.timebase)
                .converted(to: state.timing.clock.timebase).ticks
            state.lastTime = max(state.lastTime, time)
            if state.plan == nil {
                begin(frame, &state)
                // A picture that starts late is held from the start on, so that sound keeps its place; but the
                // last one of an input before is there until then.
                if joint == nil, entry?.isFirst ?? true, time != 0, let start = state.timing.clock.place(0) {
                    try emit(frame, start, &state)
                }
            }
            if let pts = state.timing.clock.place(time) { try emit(frame, pts, &state) }
        }
    }

    /// Sends what is held back.
    func finish() throws {
        try state.withLock { state in
            try flush(end: state.lastTime &+ state.timing.inputTicks, &state)
        }
    }

    /// Shows the last picture of a constant rate up to `end`, in seconds of the output.
    ///
    /// With `nil` it stays for as long as it would have in the input.
    func close(at end: Double?) {
        state.withLock { state in
            guard state.timing.isConstant, let last = state.last else { return }
            let ticks = state.lastTime &+ state.timing.inputTicks
            let own = offset + Double(ticks) * state.timing.clock.timebase.value
            let slots = (end ?? own) * state.timing.frameRate.value
            // Wherever the input ends, it shows no picture for longer than a second more than it did.
            let most = last.slot &+ Int64(state.timing.frameRate.value.rounded(.up)) &+ 1
            deliver(last.frame, slot: min(Int64(slots.rounded()), most), isEnd: true, &state)
        }
    }

    private func begin(_ frame: Frame, _ state: inout State) {
        let plan = entry?.plan ?? ownPlan(frame, state.timing)
        state.plan = plan
        state.filters = PictureFilters(
            orientation: stream.orientation,
            plan: plan,
            fieldRate: state.timing.fieldRate,
            isFast: stream.averageFrameRate.value > plan.frameRate.value * 1.1
        )
    }

    /// Shows the last picture of a constant rate up to the slot with which the next range begins.
    func close(before slot: Int64) {
        state.withLock { state in
            guard state.timing.isConstant, let last = state.last else { return }
            deliver(last.frame, slot: slot, isEnd: true, &state)
        }
    }

    private func ownPlan(_ frame: Frame, _ timing: PictureTiming) -> VideoPlan {
        let own = VideoPlan(first: frame, stream: stream, preset: preset, timing: timing)
        return joint.map(own.following) ?? own
    }

    private func emit(_ frame: Frame, _ pts: Int64, _ state: inout State) throws {
        guard let plan = state.plan else { return }
        state.isInterlaced = state.isInterlaced || frame.isInterlaced
        let shape = VideoPlan.shape(frame, stream, isInterlaced: state.isInterlaced)
        if state.shape != shape { try change(to: shape, like: frame, plan, &state) }
        if var graph = state.graph.take() {
            try graph.filter(frame.with(pts: pts)) { deliver($0, pts: $0.pts, plan, &state) }
            state.graph = consume graph
        } else if let scaled = try state.twoThirds?.scale(frame) {
            deliver(scaled, pts: pts, plan, &state)
        } else if let scaled = try state.scaler?.scale(frame) {
            deliver(scaled, pts: pts, plan, &state)
        } else {
            deliver(frame, pts: pts, plan, &state)
        }
    }

    /// Opens the scaler or the chain of filters that pictures of another shape need.
    private func change(
        to shape: PictureShape,
        like frame: Frame,
        _ plan: VideoPlan,
        _ state: inout State
    ) throws {
        try flush(end: nil, &state)
        state.scaler = nil
        state.twoThirds = nil
        state.shape = shape
        if state.filters?.onlyResizes(shape) == true {
            state.twoThirds = try TwoThirdsScaler.open(like: frame, to: plan.size, color: plan.color)
            if state.twoThirds != nil { return }
        }
        if let chain = state.filters?.chain(shape) {
            state.graph = try FilterGraph.open(
                like: frame,
                timebase: state.timing.clock.timebase,
                filters: chain,
                format: plan.pixelFormat,
                // Resizing takes less time than waking more threads is worth.
                threads: state.filters?.isPlain(shape) == true ? 1 : threads
            )
        } else if needsScaling(shape, plan) {
            state.scaler = try Scaler.open(
                like: frame,
                color: shape.color,
                to: plan.size,
                format: plan.pixelFormat,
                color: plan.color
            )
        }
    }

    private func flush(end: Int64?, _ state: inout State) throws {
        guard let graph = state.graph.take(), let plan = state.plan else { return }
        try graph.finish(end: end) { deliver($0, pts: $0.pts, plan, &state) }
    }

    private func needsScaling(_ shape: PictureShape, _ plan: VideoPlan) -> Bool {
        shape.size != plan.size || shape.format != plan.pixelFormat || shape.color.isFullRange
            || shape.color.matrix != plan.color.matrix
    }

    /// Sends a finished picture, with `pts` in ticks of the timing's clock.
    private func deliver(_ frame: Frame, pts: Int64?, _ plan: VideoPlan, _ state: inout State) {
        guard let pts else { return }
        if state.timing.isConstant {
            let before = Int64((offset * state.timing.frameRate.value).rounded())
            return deliver(frame, slot: state.timing.slot(pts) &+ before, isEnd: false, &state)
        }
        var placed = pts
        if joint != nil {
            let ticks = Timestamp(ticks: pts, timebase: state.timing.clock.timebase)
                .converted(to: plan.timebase).ticks
            placed = max(ticks &+ Int64((offset / plan.timebase.value).rounded()), state.lastPTS &+ 1)
        }
        state.lastPTS = placed
        output.send(.picture(frame, pts: placed, plan))
    }

    /// Repeats the picture before until `slot`, whose picture this is unless it is the end.
    private func deliver(_ frame: Frame, slot: Int64, isEnd: Bool, _ state: inout State) {
        guard let plan = state.plan else { return }
        if let last = state.last {
            guard slot > last.slot else { return }
            for missing in (last.slot + 1)..<slot {
                output.send(.picture(last.frame, pts: missing, plan))
            }
        } else if let before = entry?.lastSlot, slot <= before {
            return
        }
        guard !isEnd else { return }
        output.send(.picture(frame, pts: slot, plan))
        state.last = (frame, slot)
    }
}
