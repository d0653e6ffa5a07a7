internal import Foundation

/// Writes what is known of a job into the site's record of the video.
package struct RecordKeeper: Sendable {
    private let store: any MetadataStore

    package init(store: any MetadataStore) { self.store = store }

    /// Writes the job's state; a record that already tells of a newer version stays as it is.
    package func keep(_ job: Job) async throws(BackendError) {
        let place = RecordPlace(objectKey: job.input.key)
        let known = try await store.record(projectStep: place.projectStep, video: job.input.key)
        let record = VideoRecord(
            projectStep: known?.projectStep ?? place.projectStep,
            mail: known?.mail ?? "key:\(job.input.key)",
            video: job.input.key,
            transcoding: VideoTranscoding(job)
        )
        _ = try await store.write(record)
    }
}

/// Where the record of an uploaded object is: `project/step/…` belongs to `project-step`.
package struct RecordPlace: Sendable, Equatable {
    package let projectStep: String

    package init(objectKey: String) {
        let parts = objectKey.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, !parts[0].isEmpty, let step = Int(parts[1]) else {
            projectStep = "uploads-0"
            return
        }
        projectStep = "\(parts[0])-\(step)"
    }
}

extension VideoTranscoding {
    /// What a record says of a job: its state, and its first output.
    package init(_ job: Job) {
        self.init(status: job.status, jobId: job.id, sequencer: Sequencer.padded(job.input.sequencer))
        outputBucket = job.outputBucket
        if let output = job.outputs.first {
            outputKey = job.objectKey(of: output)
            if let rendition = output.rendition, output.status == .complete { take(rendition) }
        }
        sizeIn = job.input.byteCount
        submittedAt = VideoTranscoding.milliseconds(job.submitted)
        startedAt = job.started.map(VideoTranscoding.milliseconds)
        finishedAt = job.finished.map(VideoTranscoding.milliseconds)
        guard job.status.isTerminal, job.status != .complete else { return }
        errorCode = job.error?.code
        errorMessage = job.error?.message
    }

    private mutating func take(_ rendition: Rendition) {
        sizeOut = rendition.byteCount
        duration = Double(rendition.durationMilliseconds) / 1000
        width = rendition.width
        height = rendition.height
        videoCodec = rendition.videoCodec
        audioCodec = rendition.audioCodec
        videoBitsPerSecond = rendition.videoBitsPerSecond
        audioBitsPerSecond = rendition.audioBitsPerSecond
        ssim = rendition.ssim
    }

    private static func milliseconds(_ date: Date) -> Int64 {
        Int64((date.timeIntervalSince1970 * 1000).rounded())
    }
}
