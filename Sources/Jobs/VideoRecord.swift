/// A site's record of one uploaded video: the item of its table `responses`.
package struct VideoRecord: Codable, Sendable, Equatable {
    /// The partition key, `project-step`.
    package var projectStep: String
    /// The sort key: an address, or `key:` and the object key for an upload nobody announced.
    package var mail: String
    /// The object key of the upload.
    package var video: String
    /// What the transcoder knows of it; `nil` before its event has come.
    package var transcoding: VideoTranscoding?

    package init(projectStep: String, mail: String, video: String, transcoding: VideoTranscoding? = nil) {
        self.projectStep = projectStep
        self.mail = mail
        self.video = video
        self.transcoding = transcoding
    }
}

/// The attributes that transcoding adds to a record; the property names are the attributes' names.
package struct VideoTranscoding: Codable, Sendable, Equatable {
    package var status: JobStatus
    package var jobId: String
    /// `Sequencer.padded` of the input version it is about; decides which of two writes is newer.
    package var sequencer: String
    package var outputBucket: String?
    package var outputKey: String?
    /// Bytes.
    package var sizeIn: Int64?
    /// Bytes.
    package var sizeOut: Int64?
    /// Seconds.
    package var duration: Double?
    package var width: Int?
    package var height: Int?
    package var videoCodec: String?
    package var audioCodec: String?
    package var videoBitsPerSecond: Int64?
    package var audioBitsPerSecond: Int64?
    package var ssim: Double?
    /// Epoch milliseconds.
    package var submittedAt: Int64?
    package var startedAt: Int64?
    package var finishedAt: Int64?
    package var errorCode: String?
    package var errorMessage: String?

    package init(status: JobStatus, jobId: String, sequencer: String) {
        self.status = status
        self.jobId = jobId
        self.sequencer = sequencer
    }
}
