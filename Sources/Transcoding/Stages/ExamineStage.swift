internal import FFmpeg

/// Decodes the packets of an output on their way to the muxer, and compares sampled pictures with the originals.
///
/// Pictures of H.264 from which no other is predicted are decoded only in between those that are compared.
final class ExamineStage: Sendable {
    /// What is examined on its way; the rest is read back from the finished output.
    struct Scope {
        var pictures = false
        var sound = false
        /// Whether the packets of pictures will be known again in the finished output.
        var recordsPackets = false

        /// What there is to do for an output.
        ///
        /// What cannot be read back has to be decoded here. So have pictures where it serves a purpose: that
        /// they need not be decoded again, or that they are compared, which only 8-bit 4:2:0 can be.
        init(_ preset: Preset, isReadable: Bool) {
            sound = !isReadable
            guard let video = preset.video else { return }
            recordsPackets = isReadable && PacketRecord.isComparable(video.codec, in: preset.container)
            pictures = !isReadable || recordsPackets || (video.codec != .gif && video.chroma != .yuv422p)
        }
    }

    private struct State: ~Copyable {
        var video: StreamExamination?
        var audio: StreamExamination?
        var comparison: SampleComparison?
        /// `nil` where all pictures are decoded.
        var disposable: DisposablePictures?
        var packets: PacketRecord?
        var found: [MediaExamination.StreamFinding] = []
        /// Threads that decode pictures.
        var threads = 1
    }

    private let state = Lock(State())
    private let scope: Scope
    private let samples: PictureSamples
    private let limits: IngestLimits

    init(_ scope: Scope, samples: PictureSamples, limits: IngestLimits) {
        self.scope = scope
        self.samples = samples
        self.limits = limits
    }

    /// Decodes pictures with so many threads, before there are any; ranges come faster than one decodes.
    func spread(over threads: Int) { state.withLock { $0.threads = min(max(threads, 1), 4) } }

    func accept(_ message: MuxMessage) throws {
        try state.withLock { state in
            switch message {
            case .opened(.video, let track):
                guard scope.pictures else { return }
                state.video = try open(track, .video, threads: state.threads)
                state.comparison = SampleComparison(samples, timebase: track.timebase)
                state.disposable = DisposablePictures(track)
                if scope.recordsPackets { state.packets = PacketRecord(track) }
            case .opened(_, let track):
                if scope.sound { state.audio = try open(track, .audio, threads: 1) }
            case .packet(.video, let packet): try take(packet, &state)
            case .packet(_, let packet): try state.audio?.take(packet)
            case .ended: break
            }
        }
    }

    private func take(_ packet: Packet, _ state: inout State) throws {
        guard scope.pictures else { return }
        state.packets?.add(packet)
        let isQuick = state.comparison?.canBeQuick(packet) ?? true
        if isQuick, state.disposable?.contains(packet) == true {
            state.video?.pass(packet)
            return
        }
        state.video?.setQuick(isQuick)
        for frame in try state.video?.take(packet) ?? [] { try state.comparison?.take(frame) }
    }

    /// Decodes what is held back; no packet may follow.
    func finish() throws {
        try state.withLock { state in
            for frame in try state.video?.drain() ?? [] { try state.comparison?.take(frame) }
            if let finding = try state.video?.finish() { state.found.append(finding) }
            if let finding = try state.audio?.finish() { state.found.append(finding) }
        }
    }

    /// What was found of each stream.
    var findings: [MediaExamination.StreamFinding] { state.withLock { $0.found } }

    /// What the pictures in the finished output are compared with; `nil` where they are to be decoded from it.
    var pictures: ExaminedPictures? {
        state.withLock { state in
            guard let packets = state.packets, let finding = state.found.first(where: { $0.kind == "video" })
            else { return nil }
            return ExaminedPictures(finding: finding, packets: packets)
        }
    }

    /// The mean SSIM of the sampled pictures of an output that lasts `seconds`; `nil` when none was compared.
    func ssim(until seconds: Double) -> Double? {
        state.withLock { $0.comparison?.quality.mean(until: seconds) }
    }

    private func open(
        _ track: Muxer.Track,
        _ kind: FFmpeg.Stream.Kind,
        threads: Int
    ) throws -> StreamExamination {
        try StreamExamination.open(track, kind, limits: limits, threads: threads, name: "the output")
    }
}
