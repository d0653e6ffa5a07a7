internal import FFmpeg

/// A packet of one stream, or the end of them.
enum PacketMessage: Sendable {
    case packet(Packet)
    case end
}

/// Converts and encodes the decoded sound of a request's inputs.
final class AudioStage: Sendable {
    private struct State: ~Copyable {
        var source: SoundSource?
        var sink: SoundSink?
        var consumer: (any SoundConsumer)?
        var tally = Tally()
        var isCut = false
    }

    /// What was decoded of one input, and how well.
    struct Tally: Sendable {
        var packetCount = 0
        var errorCount = 0
    }

    /// Who gets the sound, in which format, once the first of it shows what it is to be.
    typealias Destination = @Sendable (SoundEncoding) throws -> sending (any SoundConsumer, AudioFormat)

    private let state = Lock(State())
    private let preset: Preset.Audio
    private let gain: Float
    private let destination: Destination

    /// Takes sound to `destination`, every sample multiplied by `gain`.
    init(preset: Preset.Audio, gain: Float = 1, destination: @escaping Destination) {
        self.preset = preset
        self.gain = gain
        self.destination = destination
    }

    /// Seconds of the output's sound so far.
    var endSeconds: Double { state.withLock { $0.sink?.seconds ?? 0 } }

    /// Whether it is known what the output's sound is made of.
    var isOpen: Bool { state.withLock { $0.sink != nil } }

    var tally: Tally { state.withLock { $0.tally } }

    /// Goes on with another input's sound.
    ///
    /// With `isCut` the input's end is yet to be found, and what exceeds it will be taken back.
    func begin(_ place: SoundSource.Place, isCut: Bool) {
        state.withLock { state in
            state.source = SoundSource(place, after: state.sink?.sampleCount ?? 0)
            state.tally = Tally()
            state.isCut = isCut
            let held = isCut ? AudioStage.held(state.sink?.format) : 0
            state.sink?.heldCount = held
        }
    }

    /// Goes on without sound: an output that is to have some later has silence until then.
    func beginSilence(like format: AudioFormat) throws {
        try change { state, open in
            state.tally = Tally()
            if state.sink == nil { state.sink = try open(format) }
        }
    }

    private static func held(_ format: AudioFormat?) -> Int {
        Int(Double(format?.sampleRate ?? 0) * ClipSpan.slack * 1.5)
    }

    func accept(_ sound: DecodedSound) throws {
        try change { state, open in
            var sink = state.sink.take()
            defer { state.sink = sink.take() }
            if !sound.isLast { state.tally.packetCount += 1 }
            try state.source?.accept(sound, &sink, open: open)
            if sound.isLast { try state.source?.finish(&sink) }
            state.tally.errorCount = state.source?.errorCount ?? 0
        }
    }

    /// Begins with silence where the sound of an input is late, so that the muxer need not wait for it.
    func openLate(like format: AudioFormat) throws {
        try change { state, open in
            if state.sink == nil { state.sink = try open(format) }
        }
    }

    /// Has silence where there is no sound, up to `seconds` of the output.
    func advance(to seconds: Double) throws {
        try state.withLock { state in
            guard state.source == nil, let rate = state.sink?.format.sampleRate else { return }
            let count = Int64((seconds * Double(rate)).rounded())
            if count > state.sink?.sampleCount ?? 0 { try state.sink?.settle(at: count) }
        }
    }

    /// Closes an input, which ends `end` seconds after the output's start.
    func close(at end: Double, like format: AudioFormat) throws {
        try change { state, open in
            state.source = nil
            if state.sink == nil { state.sink = try open(format) }
            let rate = Double(state.sink?.format.sampleRate ?? 1)
            try state.sink?.settle(at: Int64((end * rate).rounded()))
            state.isCut = false
            state.sink?.heldCount = 0
        }
    }

    /// Encodes what is left.
    func finish() throws {
        try state.withLock { state in
            state.source = nil
            try state.sink?.finish()
            try state.consumer?.finish()
        }
    }

    /// Lets `body` change the state; what it opens goes to the destination.
    private func change(_ body: (inout State, SoundSource.Opening) throws -> Void) throws {
        try state.withLock { state in
            var consumer = state.consumer
            let isCut = state.isCut
            let open: SoundSource.Opening = { [preset, gain, destination] format in
                let (opened, format) = try destination(SoundEncoding(preset, like: format))
                consumer = opened
                var sink = try SoundSink.open(format, gain: gain, to: opened)
                sink.heldCount = isCut ? AudioStage.held(format) : 0
                return sink
            }
            try body(&state, open)
            state.consumer = consumer
        }
    }
}

/// Encodes the sound of one or more outputs and hands the packets to their muxers.
final class SoundEncoder: SoundConsumer {
    private var encoder: Encoder?
    private var nextPTS: Int64 = 0
    private let outputs: [Stage<MuxMessage>]
    let samplesPerBlock: Int

    init(
        _ encoding: SoundEncoding,
        hasGlobalHeader: Bool,
        outputs: [Stage<MuxMessage>]
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
        let track = Muxer.Track(parameters: encoder.parameters, timebase: encoder.timebase)
        for output in outputs { output.send(.opened(.audio, track)) }
        self.outputs = outputs
        self.encoder = consume encoder
    }

    func take(_ block: Frame) throws {
        send(try encoder?.encode(block, pts: nextPTS) ?? [])
        nextPTS += Int64(block.sampleCount)
    }

    func finish() throws {
        guard let encoder = encoder.take() else { return }
        try encoder.finish { send([$0]) }
    }

    private func send(_ packets: [Packet]) {
        for packet in packets {
            for output in outputs { output.send(.packet(.audio, packet)) }
        }
    }
}
