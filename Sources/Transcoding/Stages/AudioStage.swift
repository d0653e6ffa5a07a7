internal import FFmpeg
internal import Synchronization

/// A packet of one stream, or the end of them.
enum PacketMessage: Sendable {
    case packet(Packet)
    case end
}

/// Decodes, converts and encodes the sound.
final class AudioStage: Sendable {
    private struct State: ~Copyable {
        var decoder: Decoder?
        var resampler: Resampler?
        var encoder: Encoder?
        var timeline = AudioTimeline()
        var format: [Int] = []
        var nextPTS: Int64 = 0
        var endSeconds = 0.0
    }

    private let state: Mutex<State>
    private let stream: FFmpeg.Stream
    private let preset: Preset.Audio
    private let originTicks: Int64
    private let limits: IngestLimits
    private let name: String
    private let output: Stage<MuxMessage>

    init(
        stream: FFmpeg.Stream,
        preset: Preset.Audio,
        originTicks: Int64,
        limits: IngestLimits,
        name: String,
        output: Stage<MuxMessage>
    ) throws(FFmpegError) {
        self.stream = stream
        self.preset = preset
        self.originTicks = originTicks
        self.limits = limits
        self.name = name
        self.output = output
        state = Mutex(State(decoder: try Decoder.open(stream, limits: limits, threads: 1)))
    }

    /// Seconds of sound placed so far.
    var endSeconds: Double { state.withLock { $0.endSeconds } }

    func accept(_ message: PacketMessage) throws {
        try state.withLock { state in
            switch message {
            case .packet(let packet):
                for frame in try state.decoder?.decode(packet) ?? [] { try place(frame, &state) }
            case .end:
                if let decoder = state.decoder.take() {
                    for frame in try decoder.finish().frames { try place(frame, &state) }
                }
                try state.resampler?.flush()
                try encode(&state, isLast: true)
                if let encoder = state.encoder.take() {
                    for packet in try encoder.finish() { output.send(.packet(.audio, packet)) }
                }
                output.send(.ended(.audio))
            }
        }
    }

    private var sampleRate: Int { preset.sampleRate ?? 48_000 }

    private func place(_ frame: Frame, _ state: inout State) throws {
        guard frame.sampleCount > 0, frame.sampleRate > 0, frame.channelCount > 0 else { return }
        guard frame.sampleRate <= limits.maxSampleRate, frame.channelCount <= limits.maxChannels else {
            throw TranscodingError.limit(
                "maxChannels, maxSampleRate",
                "\(name) has \(frame.channelCount) channels"
            )
        }
        let start = frame.bestEffortPTS.map { Double($0 &- originTicks) * stream.timebase.value }
        let duration = Double(frame.sampleCount) / Double(frame.sampleRate)
        if let start, abs(start) > limits.maxDuration {
            throw TranscodingError.limit(
                "maxDuration",
                "\(name) has sound \(Int(min(start, 1e15))) s from its start"
            )
        }
        if let start, start - state.timeline.position > limits.maxGap {
            throw TranscodingError.limit(
                "maxGap",
                "\(name) has a gap of over \(Int(limits.maxGap)) s in its sound"
            )
        }
        try open(like: frame, &state)
        var skipped = 0
        switch state.timeline.place(start: start, duration: duration) {
        case .append: break
        case .drop: return
        case .trim(let seconds): skipped = Int((seconds * Double(frame.sampleRate)).rounded())
        case .silence(let seconds): try fill(seconds, &state)
        }
        try state.resampler?.convert(frame, skipping: skipped)
        state.endSeconds = state.timeline.position
        try encode(&state, isLast: false)
    }

    /// Silence goes through the encoder a second at a time, however long it is.
    private func fill(_ seconds: Double, _ state: inout State) throws {
        var left = Int((seconds * Double(sampleRate)).rounded())
        while left > 0 {
            let count = min(left, sampleRate)
            try state.resampler?.appendSilence(count)
            try encode(&state, isLast: false)
            left -= count
        }
    }

    private func open(like frame: Frame, _ state: inout State) throws {
        let output = AudioFormat(sampleRate: sampleRate, channelCount: preset.channelCount ?? 2)
        if state.encoder == nil {
            let encoder = try Encoder.open(
                "aac",
                .audio(output),
                timebase: Timebase(1, Int32(sampleRate)),
                options: ["b": "\(preset.bitsPerSecond ?? 128_000)"],
                threads: 1
            )
            self.output.send(
                .opened(.audio, Muxer.Track(parameters: encoder.parameters, timebase: encoder.timebase))
            )
            state.encoder = consume encoder
        }
        let format = [frame.sampleRate, frame.channelCount, frame.sampleFormat]
        guard state.format != format else { return }
        if state.resampler == nil {
            state.resampler = try Resampler.open(like: frame, to: output)
        } else {
            try state.resampler?.reopen(like: frame)
        }
        state.format = format
    }

    private func encode(_ state: inout State, isLast: Bool) throws {
        guard state.resampler != nil, let count = state.encoder?.samplesPerFrame else { return }
        while let available = state.resampler?.available, available >= count || (isLast && available > 0) {
            guard let block = try state.resampler?.take(count) else { return }
            let packets = try state.encoder?.encode(block, pts: state.nextPTS) ?? []
            state.nextPTS += Int64(block.sampleCount)
            for packet in packets { output.send(.packet(.audio, packet)) }
        }
    }
}
