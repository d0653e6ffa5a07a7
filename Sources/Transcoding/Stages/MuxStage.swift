internal import FFmpeg

/// What the muxer hears of its two streams.
enum MuxMessage: Sendable {
    case opened(FFmpeg.Stream.Kind, Muxer.Track)
    case packet(FFmpeg.Stream.Kind, Packet)
    case ended(FFmpeg.Stream.Kind)
}

/// Writes the encoded packets as soon as every stream is known.
final class MuxStage: Sendable {
    private struct State: ~Copyable {
        var waiting: [FFmpeg.Stream.Kind]
        var tracks: [(kind: FFmpeg.Stream.Kind, track: Muxer.Track)] = []
        /// Packets that came before every stream was known; bounded by what the lookahead holds.
        var early: [(FFmpeg.Stream.Kind, Packet)] = []
        var muxer: Muxer?
        var frameCount = 0
        var endSeconds = 0.0
        var firstSeconds: Double?
        var videoBytes: Int64 = 0
        var audioBytes: Int64 = 0
        /// Where each channel of the sound has a track of its own.
        var channels: ChannelTracks?
    }

    /// What went into the output so far.
    struct Written {
        let frameCount: Int
        /// libav's names; `nil` without such a stream.
        let videoCodec: String?
        let audioCodec: String?
        let audioTrackCount: Int
        /// Seconds to the start of the last picture, or block of sound where there are none.
        let seconds: Double
        /// Seconds from the start of the first picture to that of the last; `nil` without pictures.
        let pictureSpan: Double?
        let videoBytes: Int64
        let audioBytes: Int64

        var hasAudio: Bool { audioCodec != nil }
    }

    private let state: Lock<State>
    private let body: OutputBody
    private let muxer: MuxerChoice
    private let packing: Preset.AudioPacking
    private let expectedBytesPerSecond: Double
    private let limits: IngestLimits
    private let onProgress: @Sendable (Double, Int, Int64) -> Void

    init(
        kinds: [FFmpeg.Stream.Kind],
        body: OutputBody,
        muxer: MuxerChoice,
        preset: Preset,
        limits: IngestLimits,
        onProgress: @escaping @Sendable (_ seconds: Double, _ frames: Int, _ bytes: Int64) -> Void
    ) {
        state = Lock(State(waiting: kinds))
        self.body = body
        self.muxer = muxer
        packing = preset.audio?.packing ?? .singleTrack
        self.limits = limits
        self.onProgress = onProgress
        expectedBytesPerSecond = Double(preset.expectedBitsPerSecond) / 8
    }

    var written: Written {
        state.withLock { state in
            Written(
                frameCount: state.frameCount,
                videoCodec: state.tracks.first { $0.kind == .video }?.track.codec,
                audioCodec: state.tracks.first { $0.kind == .audio }?.track.codec,
                audioTrackCount: state.tracks.count { $0.kind == .audio },
                seconds: state.endSeconds,
                pictureSpan: state.frameCount > 0 ? state.endSeconds - (state.firstSeconds ?? 0) : nil,
                videoBytes: state.videoBytes,
                audioBytes: state.audioBytes
            )
        }
    }

    func accept(_ message: MuxMessage) throws {
        try state.withLock { state in
            switch message {
            case .opened(let kind, let track):
                try add(track, kind, &state)
                state.waiting.removeAll { $0 == kind }
                try start(&state)
            case .packet(let kind, let packet):
                if state.muxer == nil {
                    state.early.append((kind, packet))
                } else {
                    try write(packet, kind, &state)
                }
            case .ended(let kind):
                state.waiting.removeAll { $0 == kind }
                try start(&state)
            }
        }
    }

    /// Writes the trailer; the file is whole and synced afterwards.
    func finish() throws {
        guard let muxer = state.withLock({ state in state.muxer.take() }) else { return }
        try muxer.finish()
    }

    private func add(
        _ track: Muxer.Track,
        _ kind: FFmpeg.Stream.Kind,
        _ state: inout State
    ) throws {
        guard kind == .audio, packing != .singleTrack else {
            state.tracks.append((kind, track))
            return
        }
        let channels = try ChannelTracks(of: track)
        let count =
            packing == .oneChannelPerTrackUpTo8 ? max(8, channels.channelCount) : channels.channelCount
        for _ in 0..<count { state.tracks.append((kind, channels.track)) }
        state.channels = channels
    }

    private func start(_ state: inout State) throws {
        guard state.waiting.isEmpty, state.muxer == nil, !state.tracks.isEmpty else { return }
        state.tracks.sort { $0.kind == .video && $1.kind != .video }
        state.muxer = try Muxer.open(
            body,
            format: muxer.format,
            tracks: state.tracks.map(\.track),
            options: muxer.options
        )
        let early = state.early
        state.early = []
        for (kind, packet) in early { try write(packet, kind, &state) }
    }

    private func write(_ packet: Packet, _ kind: FFmpeg.Stream.Kind, _ state: inout State) throws {
        guard let index = state.tracks.firstIndex(where: { $0.kind == kind }) else { return }
        if kind == .audio, let channels = state.channels {
            let packets = try channels.packets(packet, count: state.tracks.count - index)
            for (channel, packet) in packets.enumerated() {
                try state.muxer?.write(packet, stream: index + channel)
            }
        } else {
            try state.muxer?.write(packet, stream: index)
        }
        if kind == .audio { state.audioBytes += Int64(packet.byteCount) }
        let leader = state.tracks[0]
        guard kind == leader.kind, let pts = packet.pts else { return }
        if kind == .video {
            state.frameCount += 1
            state.videoBytes += Int64(packet.byteCount)
        }
        let track = leader.track
        let seconds = Timestamp(ticks: pts, timebase: track.timebase).seconds
        state.firstSeconds = min(state.firstSeconds ?? seconds, seconds)
        state.endSeconds = max(state.endSeconds, seconds)
        let allowed = limits.outputBytesFactor * expectedBytesPerSecond * (state.endSeconds + 10)
        if Double(body.byteCount) > allowed {
            throw TranscodingError.limit("outputBytesFactor", "the output grew over \(Int(allowed)) bytes")
        }
        onProgress(state.endSeconds, state.frameCount, body.byteCount)
    }
}
