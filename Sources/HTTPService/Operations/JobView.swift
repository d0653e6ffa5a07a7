internal import Foundation
internal import Jobs

/// A value that is written as `null` when there is none.
@propertyWrapper
struct Nullable<Value: Encodable & Sendable>: Encodable, Sendable {
    var wrappedValue: Value?

    init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}

/// A job as the page sees it.
///
/// Times are epoch milliseconds, durations seconds, sizes bytes.
struct JobView: Encodable, Sendable {
    struct Failure: Encodable, Sendable {
        let code: String
        let message: String

        init(_ error: JobError) {
            code = error.code
            message = error.message
        }
    }

    struct Input: Encodable, Sendable {
        let bucket: String
        let key: String
        @Nullable var size: Int64?
        @Nullable var width: Int?
        @Nullable var height: Int?
        @Nullable var duration: Double?
    }

    struct Output: Encodable, Sendable {
        let id: String
        let key: String
        let preset: String
        let status: String
        @Nullable var size: Int64?
        @Nullable var duration: Double?
        @Nullable var width: Int?
        @Nullable var height: Int?
        @Nullable var frameRate: Double?
        @Nullable var videoCodec: String?
        @Nullable var audioCodec: String?
        @Nullable var ssim: Double?
        @Nullable var url: String?
        @Nullable var error: Failure?
    }

    let id: String
    let pipeline: String
    let status: String
    @Nullable var progress: Double?
    let submittedAt: Int64
    @Nullable var startedAt: Int64?
    @Nullable var finishedAt: Int64?
    let input: Input
    let outputs: [Output]
    @Nullable var error: Failure?
    let canCancel: Bool
    let canRetry: Bool

    init(_ job: Job) {
        id = job.id
        pipeline = job.pipelineID
        status = job.status.rawValue
        submittedAt = Self.milliseconds(job.submitted)
        input = Input(
            bucket: job.input.bucket,
            key: job.input.key,
            size: job.input.byteCount,
            width: job.input.detected?.width,
            height: job.input.detected?.height,
            duration: job.input.detected?.durationMilliseconds.map { Double($0) / 1000 }
        )
        outputs = job.outputs.map { Self.output($0, of: job) }
        canCancel = !job.status.isTerminal && !job.isCancelRequested
        canRetry = job.status == .error || job.status == .canceled
        progress = job.status == .complete ? 1 : job.progress
        startedAt = job.started.map(Self.milliseconds)
        finishedAt = job.finished.map(Self.milliseconds)
        error = job.error.map(Failure.init)
    }

    private static func output(_ output: Job.Output, of job: Job) -> Output {
        var view = Output(
            id: output.id,
            key: job.objectKey(of: output),
            preset: output.presetID,
            status: output.status.rawValue,
            error: output.error.map(Failure.init)
        )
        guard let rendition = output.rendition, output.status == .complete else { return view }
        view.size = rendition.byteCount
        view.duration = Double(rendition.durationMilliseconds) / 1000
        view.width = rendition.width
        view.height = rendition.height
        view.frameRate = rendition.frameRate
        view.videoCodec = rendition.videoCodec
        view.audioCodec = rendition.audioCodec
        view.ssim = rendition.ssim
        view.url = "/api/jobs/\(job.id)/outputs/\(output.id)"
        return view
    }

    private static func milliseconds(_ date: Date) -> Int64 {
        let value = (date.timeIntervalSince1970 * 1000).rounded()
        return value.isFinite ? Int64(max(-9e15, min(9e15, value))) : 0
    }
}
