internal import FFmpeg
internal import Synchronization

/// A picture on its way to the encoder, or the end of them.
enum PictureMessage: Sendable {
    case picture(Frame, pts: Int64, VideoPlan)
    case end
}

/// How one input's pictures become a rendition's, fixed by the first of them.
struct VideoPlan: Sendable {
    let size: Size
    let color: ColorTags
    let frameRate: Rational
    let timebase: Timebase

    init(first frame: Frame, stream: FFmpeg.Stream, preset: Preset.Video, clock: FrameRateConverter) {
        let aspect =
            frame.sampleAspectRatio.isPositive ? frame.sampleAspectRatio : stream.sampleAspectRatio
        let display = Sizing.display(frame.size, aspect: aspect, turned: stream.orientation.swapsAxes)
        size = Sizing.shrinkToFit(display, limit: preset.boundingSize)
        color = VideoPlan.outputColor(VideoPlan.inputColor(frame, stream))
        frameRate = clock.frameRate
        timebase = clock.timebase
    }

    /// What the picture says, else what the container says, else what its size suggests.
    static func inputColor(_ frame: Frame, _ stream: FFmpeg.Stream) -> ColorTags {
        let guess: ColorTags = max(frame.size.width, frame.size.height) >= 1280 ? .bt709 : .bt601
        func known(_ first: Int, _ second: Int, _ otherwise: Int) -> Int {
            if first != ColorTags.unspecified, first > 0 { return first }
            return second != ColorTags.unspecified && second > 0 ? second : otherwise
        }
        let said = frame.color
        return ColorTags(
            primaries: known(said.primaries, stream.color.primaries, guess.primaries),
            transfer: known(said.transfer, stream.color.transfer, guess.transfer),
            matrix: known(said.matrix, stream.color.matrix, guess.matrix),
            isFullRange: said.isFullRange || stream.color.isFullRange
        )
    }

    /// BT.601 and BT.709 stay what they are, everything else becomes BT.709, always in limited range.
    static func outputColor(_ input: ColorTags) -> ColorTags {
        guard [5, 6].contains(input.matrix), !input.isHDR else { return .bt709 }
        return ColorTags(primaries: input.primaries, transfer: 6, matrix: 6, isFullRange: false)
    }
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

/// Encodes pictures and hands the packets to the muxer.
final class VideoEncodeStage: Sendable {
    private struct State: ~Copyable {
        var encoder: Encoder?
        var sampler: WindowSampler?
    }

    private let state = Mutex(State())
    private let preset: Preset.Video
    /// As the input's container states it; `nil` when it does not.
    private let seconds: Double?
    private let threads: Int
    private let output: Stage<MuxMessage>
    private let samples: Stage<SampleWindow>

    init(
        preset: Preset.Video,
        seconds: Double?,
        threads: Int,
        output: Stage<MuxMessage>,
        samples: Stage<SampleWindow>
    ) {
        self.preset = preset
        self.seconds = seconds
        self.threads = threads
        self.output = output
        self.samples = samples
    }

    func accept(_ message: PictureMessage) throws {
        try state.withLock { state in
            switch message {
            case .picture(let frame, let pts, let plan):
                if state.encoder == nil {
                    let encoder = try Encoder.open(
                        "libx264",
                        .video(plan.size, frameRate: plan.frameRate, color: plan.color),
                        timebase: plan.timebase,
                        options: options,
                        threads: threads
                    )
                    let track = Muxer.Track(
                        parameters: encoder.parameters,
                        timebase: plan.timebase,
                        frameRate: plan.frameRate
                    )
                    output.send(.opened(.video, track))
                    state.sampler = WindowSampler(track, keyframeDistance: preset.maxKeyframeDistance)
                    state.encoder = consume encoder
                }
                state.sampler?.take(frame, pts: pts)
                let packets = try state.encoder?.encode(frame, pts: pts) ?? []
                send(packets, &state.sampler)
            case .end:
                if let encoder = state.encoder.take() { send(try encoder.finish(), &state.sampler) }
                if let window = state.sampler?.finish() { samples.offer(window) }
                output.send(.ended(.video))
            }
        }
    }

    /// Hands packets to the muxer; a window that they complete is left out where the last is still compared.
    private func send(_ packets: [Packet], _ sampler: inout WindowSampler?) {
        for packet in packets {
            output.send(.packet(.video, packet))
            if let window = sampler?.take(packet) { samples.offer(window) }
        }
    }

    /// x264's `faster` with a longer lookahead and one reference: the best measured quality for its price.
    ///
    /// Adaptive quantisation a little weaker than x264's default costs nothing and raises SSIM by 0.0001
    /// to 0.001 on every clip measured.
    private var options: CodecOptions {
        let bitsPerSecond = preset.bitsPerSecond ?? 0
        let ceiling = preset.level.flatMap { VideoEncodeStage.levelBitsPerSecond[$0] } ?? bitsPerSecond
        let peak = preset.profile == "high" ? ceiling * 5 / 4 : ceiling
        var options: CodecOptions = [
            "preset": "faster",
            "profile": preset.profile ?? "main",
            "level": preset.level ?? "3.1",
            "rc-lookahead": "40",
            "aq-strength": "0.8",
            "refs": "\(min(1, preset.maxReferenceFrames))",
            "g": "\(preset.maxKeyframeDistance)",
            "b": "\(bitsPerSecond)",
        ]
        // What fits whole into a decoder's buffer, at twice the rate, cannot make it run empty. x264 starts
        // such clips a tenth too low once it has a buffer to think of.
        let buffer = max(peak, bitsPerSecond)
        if let seconds, seconds * Double(bitsPerSecond) * 2 < Double(buffer) * 0.9 { return options }
        options["maxrate"] = "\(buffer)"
        options["bufsize"] = "\(buffer)"
        return options
    }

    /// The highest bit rate of baseline and main profile by level (ITU-T H.264 table A-1).
    private static let levelBitsPerSecond = [
        "1": 64_000, "1b": 128_000, "1.1": 192_000, "1.2": 384_000, "1.3": 768_000, "2": 2_000_000,
        "2.1": 4_000_000, "2.2": 4_000_000, "3": 10_000_000, "3.1": 14_000_000, "3.2": 20_000_000,
        "4": 20_000_000, "4.1": 50_000_000,
    ]
}
