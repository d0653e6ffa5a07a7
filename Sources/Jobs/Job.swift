package import Foundation

/// The request to transcode one input into outputs, and how far it has come.
///
/// A value: every change goes through `MetadataStore.replace`, which compares `revision`.
package struct Job: Codable, Sendable, Equatable {
    /// One version of one object.
    package struct Input: Codable, Sendable, Equatable {
        package var bucket: String
        package var key: String
        package var versionID: String?
        package var eTag: String?
        package var byteCount: Int64?
        /// Where this version stands among those of its key; compare with `Sequencer`.
        package var sequencer: String?
        /// What was found in it; `nil` before it was looked into.
        package var detected: DetectedMedia?
        /// What an API client said of it, such as `Container`, by Elastic Transcoder's names.
        package var stated: [String: String]?
        /// `nil` means all of it.
        package var timeSpan: TimeSpan?

        package init(
            bucket: String,
            key: String,
            versionID: String? = nil,
            eTag: String? = nil,
            byteCount: Int64? = nil,
            sequencer: String? = nil
        ) {
            self.bucket = bucket
            self.key = key
            self.versionID = versionID
            self.eTag = eTag
            self.byteCount = byteCount
            self.sequencer = sequencer
        }
    }

    /// A part of an input, as an API client writes it: `00:01:30.500` or `90.500`.
    package struct TimeSpan: Codable, Sendable, Equatable {
        package var start: String?
        package var duration: String?

        package init(start: String?, duration: String?) {
            self.start = start
            self.duration = duration
        }
    }

    /// What an input turned out to be.
    package struct DetectedMedia: Codable, Sendable, Equatable {
        /// Upright pixels; `nil` for sound alone.
        package var width: Int?
        package var height: Int?
        /// Frames per second.
        package var frameRate: Double?
        package var durationMilliseconds: Int64?

        package init(
            width: Int? = nil,
            height: Int? = nil,
            frameRate: Double? = nil,
            durationMilliseconds: Int64? = nil
        ) {
            self.width = width
            self.height = height
            self.frameRate = frameRate
            self.durationMilliseconds = durationMilliseconds
        }
    }

    /// One rendition to be made.
    package struct Output: Codable, Sendable, Equatable {
        /// "1", "2", … in the order in which they are made.
        package var id: String
        /// The object key below the job's `outputKeyPrefix`.
        package var key: String
        package var presetID: String
        /// As the API client gave it; `nil` when it did not.
        package var thumbnailPattern: String?
        /// As the API client gave it; `nil` when it did not.
        package var rotate: String?
        /// The part of the input that it is made of, in place of the input's own; `nil` means that.
        package var timeSpan: TimeSpan?
        package var status: JobStatus
        package var rendition: Rendition?
        package var error: JobError?

        package init(id: String, key: String, presetID: String, status: JobStatus = .submitted) {
            self.id = id
            self.key = key
            self.presetID = presetID
            self.status = status
        }
    }

    /// Who works on the job, and until when nobody else may.
    package struct Lease: Codable, Sendable, Equatable {
        package var owner: String
        package var until: Date

        package init(owner: String, until: Date) {
            self.owner = owner
            self.until = until
        }
    }

    /// Who asked for the job, which decides what an output that exists already means.
    package enum Origin: String, Codable, Sendable {
        /// An object arrived: the rendition of an older version of the same input is replaced.
        case event
        /// An API client: an output that exists is an error, as it was with Elastic Transcoder.
        case api
    }

    /// 13 digits of epoch milliseconds, a hyphen, 6 lower-case letters or digits.
    package let id: String
    /// Counts the changes stored; the store raises it.
    package var revision: Int
    package var pipelineID: String
    /// What makes two requests the same one; `nil` when every request counts.
    package var identity: String?
    package var origin: Origin
    package var input: Input
    package var outputBucket: String
    package var outputKeyPrefix: String
    package var outputs: [Output]
    package var userMetadata: [String: String]
    package var status: JobStatus
    /// Raised by every claim; only the current attempt may finish the job.
    package var attempt: Int
    /// Attempts that ended in good order, their job put back; `nil` means none.
    package var putBackCount: Int?
    /// How often it began anew after its end; `nil` means never.
    package var retryCount: Int?
    /// Transient failures so far.
    package var failureCount: Int
    package var lease: Lease?
    /// How much of the work is done, 0...1; `nil` before anything is known.
    package var progress: Double?
    /// Somebody wants the running job to stop.
    package var isCancelRequested: Bool
    package var submitted: Date
    package var started: Date?
    package var finished: Date?
    /// Why the job as a whole failed, or the last transient failure.
    package var error: JobError?
    /// Record and notification say how the job ended; until then a redelivered message makes them say it.
    package var isSettled: Bool

    package init(
        id: String,
        pipelineID: String,
        identity: String?,
        origin: Origin,
        input: Input,
        outputBucket: String,
        outputKeyPrefix: String,
        outputs: [Output],
        userMetadata: [String: String] = [:],
        submitted: Date
    ) {
        self.id = id
        revision = 0
        self.pipelineID = pipelineID
        self.identity = identity
        self.origin = origin
        self.input = input
        self.outputBucket = outputBucket
        self.outputKeyPrefix = outputKeyPrefix
        self.outputs = outputs
        self.userMetadata = userMetadata
        status = .submitted
        attempt = 0
        failureCount = 0
        isCancelRequested = false
        isSettled = false
        self.submitted = submitted
    }

    /// The whole object key of an output.
    package func objectKey(of output: Output) -> String { outputKeyPrefix + output.key }
}

/// What a finished rendition is.
package struct Rendition: Codable, Sendable, Equatable {
    package var byteCount: Int64
    package var eTag: String
    package var durationMilliseconds: Int64
    /// Pixels; `nil` for sound alone.
    package var width: Int?
    package var height: Int?
    /// Frames per second.
    package var frameRate: Double?
    package var videoCodec: String?
    package var audioCodec: String?
    package var videoBitsPerSecond: Int64?
    package var audioBitsPerSecond: Int64?
    /// 0...1 against the input, `nil` when it was not measured.
    package var ssim: Double?
    /// Seconds by which the input ended before the part of it that was asked for; `nil` when it did not.
    package var shortSeconds: Double?

    package init(byteCount: Int64, eTag: String, durationMilliseconds: Int64) {
        self.byteCount = byteCount
        self.eTag = eTag
        self.durationMilliseconds = durationMilliseconds
    }

    /// Whether the input ended before the part that was asked for, by more than the rounding of times.
    package var isShort: Bool { (shortSeconds ?? 0) >= 0.05 }

    /// The duration in seconds, rounded up.
    package var wholeSeconds: Int64 {
        let (seconds, rest) = durationMilliseconds.quotientAndRemainder(dividingBy: 1000)
        return rest > 0 ? seconds + 1 : seconds
    }
}

/// Why a job or an output failed.
package struct JobError: Codable, Sendable, Equatable, Error {
    /// A stable code, such as `input.damaged` or `denied`.
    package var code: String
    package var message: String
    /// Whether the same request may work later.
    package var isRetryable: Bool

    package init(code: String, message: String, isRetryable: Bool) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable
    }
}
