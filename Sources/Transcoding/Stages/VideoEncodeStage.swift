internal import FFmpeg
internal import Foundation

/// Encodes pictures and hands the packets to the muxer.
final class VideoEncodeStage: Sendable {
    private struct State: ~Copyable {
        var encoder: Encoder?
        var sampler: WindowSampler?
        var maker: Maker?
        /// Pictures of an animation that will have a palette in common.
        var window: [(frame: Frame, pts: Int64)] = []
        var timebase = Timebase(1, 1)
        var steering: RateSteering?
    }

    private let state: Lock<State>
    private let preset: Preset.Video
    private let engine: EngineOptions
    private let muxer: MuxerChoice
    /// As the input's container states it; `nil` when it does not.
    private let seconds: Double?
    private let threads: Int
    /// Whether the pictures are one range of several that are joined.
    private let isPart: Bool
    private let output: Stage<MuxMessage>
    /// What takes sampled pictures; `nil` where none are compared.
    private let samples: PictureSamples?

    init(
        preset: Preset.Video,
        engine: EngineOptions,
        muxer: MuxerChoice,
        seconds: Double?,
        threads: Int,
        isPart: Bool = false,
        steering: RateSteering? = nil,
        output: Stage<MuxMessage>,
        samples: PictureSamples?
    ) {
        self.preset = preset
        self.engine = engine
        self.muxer = muxer
        self.seconds = seconds
        self.threads = threads
        self.isPart = isPart
        self.output = output
        self.samples = samples
        state = Lock(State(steering: steering))
    }

    /// What encodes the pictures.
    struct Maker: Sendable, Codable {
        /// libav's name, then what the encoder writes of itself into its first packet.
        var name: String
        /// Whether the same pictures make the same bytes again.
        let isRepeatable: Bool
        var hasSigned = false
    }

    /// What encodes the pictures, once there were any.
    var maker: Maker? { state.withLock { $0.maker } }

    func accept(_ message: PictureMessage) throws {
        try state.withLock { state in
            switch message {
            case .picture(let frame, let pts, let plan):
                if state.encoder == nil { try open(plan, &state) }
                if preset.codec == .gif {
                    state.window.append((frame, pts))
                    if state.window.count == VideoEncodeStage.windowCount(plan.size) {
                        try encodeWindow(&state)
                    }
                    return
                }
                sample(frame, pts, &state)
                if let quality = state.steering?.change() { try state.encoder?.aim(at: quality) }
                let packets = try state.encoder?.encode(frame, pts: pts) ?? []
                send(packets, &state)
            case .end:
                try encodeWindow(&state)
                try finish(&state)
                output.send(.ended(.video))
            }
        }
    }

    private func finish(_ state: inout State) throws {
        guard let encoder = state.encoder.take() else { return }
        guard state.steering != nil else { return try encoder.finish { send([$0], &state) } }
        try encoder.finish(aimingAt: { state.steering?.change() }) { send([$0], &state) }
    }

    private func open(_ plan: VideoPlan, _ state: inout State) throws {
        let choice = VideoEncoderChoice(
            preset,
            engine,
            plan,
            seconds: seconds,
            threads: threads,
            isPart: isPart,
            quality: state.steering?.quality
        )
        let encoder = try choice.open(plan, muxer, threads: threads)
        let track = choice.track(encoder, plan, muxer)
        output.send(.opened(.video, track))
        // The pictures are compared as 8-bit 4:2:0, which is what all but these are.
        if choice.pixelFormat == .yuv420p, samples != nil {
            state.sampler = WindowSampler(
                timebase: plan.timebase,
                keyframeDistance: preset.maxKeyframeDistance
            )
        }
        state.encoder = consume encoder
        // x264 and x265 ask of their other threads how large their pictures become, while they work on them.
        let looksAside = ["libx264", "libx265"].contains(choice.name) && threads > 1
        state.maker = Maker(
            name: choice.name,
            isRepeatable: !looksAside || choice.options["maxrate"] == nil
        )
        state.timebase = plan.timebase
    }

    /// As many pictures of an animation as share a palette: what fits into 96 MiB, 150 at most.
    static func windowCount(_ size: Size) -> Int {
        let bytes = Palettizer.byteCount(size, count: 1)
        return max(1, min(150, (96 << 20) / max(bytes, 1)))
    }

    private func encodeWindow(_ state: inout State) throws {
        guard !state.window.isEmpty else { return }
        let pictures = try Palettizer.convert(state.window, timebase: state.timebase, threads: threads)
        state.window = []
        for picture in pictures {
            guard let pts = picture.pts else { continue }
            send(try state.encoder?.encode(picture, pts: pts) ?? [], &state)
        }
    }

    /// Keeps a picture of a window, until it is compared with what is decoded of the output.
    private func sample(_ frame: Frame, _ pts: Int64, _ state: inout State) {
        guard let samples, let sample = state.sampler?.take(pts: pts, hasRoom: samples.hasRoom) else {
            return
        }
        samples.add(frame, pts: pts, sample)
    }

    /// Hands packets to the muxer.
    private func send(_ packets: [Packet], _ state: inout State) {
        for packet in packets {
            if state.maker?.hasSigned == false {
                state.maker?.hasSigned = true
                let text = packet.text(beginning: "x264 - core") ?? packet.text(beginning: "x265 (build")
                if let text { state.maker?.name = text.components(separatedBy: " - H.26")[0] }
            }
            if let dts = packet.dts {
                let time = Timestamp(ticks: dts, timebase: state.timebase).seconds
                state.steering?.take(byteCount: packet.byteCount, at: time)
            }
            output.send(.packet(.video, packet))
            state.sampler?.take(isKeyframe: packet.isKeyframe)
        }
    }
}
