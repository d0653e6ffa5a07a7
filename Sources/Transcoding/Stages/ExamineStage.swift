internal import FFmpeg
internal import Synchronization

/// Decodes the packets of an output that cannot be read back, on their way to the muxer.
final class ExamineStage: Sendable {
    private struct State: ~Copyable {
        var video: StreamExamination?
        var audio: StreamExamination?
    }

    private let state = Mutex(State())
    private let limits: IngestLimits

    init(limits: IngestLimits) { self.limits = limits }

    func accept(_ message: MuxMessage) throws {
        try state.withLock { state in
            switch message {
            case .opened(.video, let track): state.video = try open(track, .video)
            case .opened(_, let track): state.audio = try open(track, .audio)
            case .packet(.video, let packet): try state.video?.take(packet)
            case .packet(_, let packet): try state.audio?.take(packet)
            case .ended: break
            }
        }
    }

    /// Decodes what is held back, and returns what was found of each stream.
    func finish() throws -> [MediaExamination.StreamFinding] {
        try state.withLock { state in
            var findings: [MediaExamination.StreamFinding] = []
            if let finding = try state.video?.finish() { findings.append(finding) }
            if let finding = try state.audio?.finish() { findings.append(finding) }
            return findings
        }
    }

    private func open(_ track: Muxer.Track, _ kind: FFmpeg.Stream.Kind) throws -> StreamExamination {
        try StreamExamination.open(track, kind, limits: limits, name: "the output")
    }
}
