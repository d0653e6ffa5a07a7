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
        var source: SoundSource?
        var sink: SoundSink?
        var encoder: SoundEncoder?
        var endSeconds = 0.0
        var tally = Tally()
    }

    /// What was decoded, and how well.
    struct Tally: Sendable {
        var packetCount = 0
        var errorCount = 0
    }

    private let state: Mutex<State>
    private let preset: Preset.Audio
    private let hasGlobalHeader: Bool
    private let output: Stage<MuxMessage>

    init(
        preset: Preset.Audio,
        hasGlobalHeader: Bool,
        source: SoundSource.Place,
        output: Stage<MuxMessage>
    ) throws(FFmpegError) {
        self.preset = preset
        self.hasGlobalHeader = hasGlobalHeader
        self.output = output
        state = Mutex(State(source: try SoundSource(source)))
    }

    /// Seconds of sound placed so far.
    var endSeconds: Double { state.withLock { $0.endSeconds } }

    var tally: Tally { state.withLock { $0.tally } }

    func accept(_ message: PacketMessage) throws {
        try state.withLock { state in
            // One at a time: what `source` does changes `sink`, and opening that changes `encoder`.
            var sink = state.sink.take()
            defer { state.sink = sink.take() }
            var encoder = state.encoder
            let open: SoundSource.Opening = { [preset, hasGlobalHeader, output] format in
                let encoding = SoundEncoding(preset, like: format)
                let opened = try SoundEncoder(
                    encoding,
                    hasGlobalHeader: hasGlobalHeader,
                    output: output
                )
                encoder = opened
                return try SoundSink.open(encoding.format, to: opened)
            }
            switch message {
            case .packet(let packet):
                state.tally.packetCount += 1
                try state.source?.accept(packet, &sink, open: open)
            case .end:
                try state.source?.finish(&sink, open: open)
                try sink?.finish()
                try encoder?.finish()
                output.send(.ended(.audio))
            }
            state.encoder = encoder
            state.tally.errorCount = state.source?.errorCount ?? 0
            state.endSeconds = sink?.seconds ?? 0
        }
    }
}

/// Encodes an output's sound and hands the packets to the muxer.
final class SoundEncoder: SoundConsumer {
    private var encoder: Encoder?
    private var nextPTS: Int64 = 0
    private let output: Stage<MuxMessage>
    let samplesPerBlock: Int

    init(
        _ encoding: SoundEncoding,
        hasGlobalHeader: Bool,
        output: Stage<MuxMessage>
    ) throws(FFmpegError) {
        let encoder = try Encoder.open(
            encoding.choice.name,
            .audio(encoding.format),
            timebase: Timebase(1, Int32(clamping: encoding.format.sampleRate)),
            options: encoding.choice.options,
            threads: 1,
            hasGlobalHeader: hasGlobalHeader
        )
        // Where an encoder takes any number, as those of PCM do, about a fiftieth of a second.
        samplesPerBlock = encoder.samplesPerFrame > 0 ? encoder.samplesPerFrame : 1024
        output.send(
            .opened(.audio, Muxer.Track(parameters: encoder.parameters, timebase: encoder.timebase))
        )
        self.output = output
        self.encoder = consume encoder
    }

    func take(_ block: Frame) throws {
        for packet in try encoder?.encode(block, pts: nextPTS) ?? [] { output.send(.packet(.audio, packet)) }
        nextPTS += Int64(block.sampleCount)
    }

    func finish() throws {
        guard let encoder = encoder.take() else { return }
        for packet in try encoder.finish() { output.send(.packet(.audio, packet)) }
    }
}
