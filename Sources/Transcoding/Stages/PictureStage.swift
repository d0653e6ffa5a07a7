internal import FFmpeg
internal import Synchronization

/// A picture on its way to the encoder, or the end of them.
enum PictureMessage: Sendable {
    case picture(Frame, pts: Int64, VideoPlan)
    case end
}

/// Drops, scales and turns decoded pictures.
final class PictureStage: Sendable {
    private struct State: ~Copyable {
        var clock: FrameRateConverter
        var plan: VideoPlan?
        var shape: Shape?
        var scaler: Scaler?
        var graph: FilterGraph?
        var isFirst = true
        /// Once a picture was interlaced, all that follow go through the deinterlacer, which needs neighbours.
        var isInterlaced = false
    }

    /// What a scaler or graph was opened for.
    private struct Shape: Equatable {
        let size: Size
        let format: PixelFormat
        let color: ColorTags
        let isInterlaced: Bool
    }

    private let state: Mutex<State>
    private let stream: FFmpeg.Stream
    private let preset: Preset.Video
    private let threads: Int
    private let output: Stage<PictureMessage>

    init(stream: FFmpeg.Stream, preset: Preset.Video, threads: Int, output: Stage<PictureMessage>) {
        self.stream = stream
        self.preset = preset
        self.threads = threads
        self.output = output
        let clock = FrameRateConverter(
            average: stream.averageFrameRate,
            base: stream.baseFrameRate,
            cap: preset.maxFrameRate
        )
        state = Mutex(State(clock: clock))
    }

    /// Takes one decoded picture; `ticks` of the stream's timebase since the output's zero.
    func accept(_ frame: Frame, ticks: Int64) throws {
        try state.withLock { state in
            let time = Timestamp(ticks: ticks, timebase: stream.timebase)
                .converted(to: state.clock.timebase).ticks
            if state.isFirst {
                state.isFirst = false
                state.plan = VideoPlan(first: frame, stream: stream, preset: preset, clock: state.clock)
                // A picture that starts late is held from the start on, so that sound keeps its place.
                if time != 0, let start = state.clock.place(0) { try emit(frame, start, &state) }
            }
            if let pts = state.clock.place(time) { try emit(frame, pts, &state) }
        }
    }

    func finish() throws {
        try state.withLock { state in
            if let graph = state.graph.take(), let plan = state.plan {
                for frame in try graph.finish() { send(frame, plan) }
            }
            output.send(.end)
        }
    }

    private func emit(_ frame: Frame, _ pts: Int64, _ state: inout State) throws {
        guard let plan = state.plan else { return }
        let color = VideoPlan.inputColor(frame, stream)
        state.isInterlaced = state.isInterlaced || frame.isInterlaced
        let shape = Shape(
            size: frame.size,
            format: frame.pixelFormat,
            color: color,
            isInterlaced: state.isInterlaced
        )
        let filters = self.filters(shape, plan)
        if state.shape != shape {
            if let graph = state.graph.take() { for held in try graph.finish() { send(held, plan) } }
            state.scaler = nil
            state.shape = shape
            if let filters {
                state.graph = try FilterGraph.open(
                    like: frame,
                    timebase: plan.timebase,
                    filters: filters,
                    threads: threads
                )
            } else if needsScaling(shape, plan) {
                state.scaler = try Scaler.open(like: frame, color: color, to: plan.size, color: plan.color)
            }
        }
        if filters != nil {
            for out in try state.graph?.filter(try frame.with(pts: pts)) ?? [] { send(out, plan) }
        } else if let scaled = try state.scaler?.scale(frame) {
            output.send(.picture(scaled, pts: pts, plan))
        } else {
            output.send(.picture(frame, pts: pts, plan))
        }
    }

    private func send(_ frame: Frame, _ plan: VideoPlan) {
        guard let pts = frame.pts else { return }
        output.send(.picture(frame, pts: pts, plan))
    }

    private func needsScaling(_ shape: Shape, _ plan: VideoPlan) -> Bool {
        shape.size != plan.size || shape.format != .yuv420p || shape.color.isFullRange
            || shape.color.matrix != plan.color.matrix
    }

    /// The libavfilter chain for what the scaler alone cannot do, or `nil` on the straight path.
    private func filters(_ shape: Shape, _ plan: VideoPlan) -> [FilterGraph.Filter]? {
        let color = shape.color
        guard stream.orientation != .upright || color.isHDR || shape.isInterlaced else { return nil }
        let size = stream.orientation.swapsAxes ? plan.size.swapped : plan.size
        var filters: [FilterGraph.Filter] = []
        if shape.isInterlaced {
            filters.append(.init("bwdif", "mode=send_frame:parity=auto:deint=interlaced"))
        }
        filters += color.isHDR ? toneMapping(color, size) : scaling(color, size, plan)
        return filters + stream.orientation.filters
    }

    private func scaling(_ color: ColorTags, _ size: Size, _ plan: VideoPlan) -> [FilterGraph.Filter] {
        let from = color.matrixName == "gbr" ? "auto" : color.matrixName
        let matrix = plan.color.matrix == 6 ? "smpte170m" : "bt709"
        return [
            .init(
                "scale",
                "w=\(size.width):h=\(size.height):flags=bicubic:in_range=\(color.isFullRange ? "full" : "limited")"
                    + ":out_range=limited:in_color_matrix=\(from):out_color_matrix=\(matrix)"
            )
        ]
    }

    /// PQ or HLG to SDR BT.709, scaled first because that is the cheaper order.
    private func toneMapping(_ color: ColorTags, _ size: Size) -> [FilterGraph.Filter] {
        [
            .init(
                "zscale",
                "w=\(size.width):h=\(size.height):filter=spline36:tin=\(color.transferName)"
                    + ":pin=bt2020:min=bt2020nc:rin=\(color.isFullRange ? "full" : "limited")"
                    + ":t=linear:npl=100"
            ),
            .init("format", "pix_fmts=gbrpf32le"),
            .init("zscale", "p=bt709"),
            .init("tonemap", "tonemap=hable:desat=0"),
            .init("zscale", "t=bt709:m=bt709:p=bt709:r=limited"),
        ]
    }
}
