internal import FFmpeg
internal import Synchronization

/// The first error of a run; every stage then drops its work.
final class FirstFailure: Sendable {
    private let error = Lock<TranscodingError?>(nil)
    private let failed = Atomic<Bool>(false)

    var hasFailed: Bool { failed.load(ordering: .relaxed) }
    var first: TranscodingError? { error.withLock { $0 } }

    func record(_ problem: any Error) {
        let translated =
            switch problem {
            case let problem as TranscodingError: problem
            case let problem as FFmpegError: TranscodingError(.engine, problem.description, cause: problem)
            default: TranscodingError(.engine, "\(problem)")
            }
        error.withLock { if $0 == nil { $0 = translated } }
        failed.store(true, ordering: .relaxed)
    }
}
