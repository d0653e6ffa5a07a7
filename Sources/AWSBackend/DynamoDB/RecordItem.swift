internal import Foundation
package import Jobs

/// How a video record looks in the site's table: its transcoding is top-level attributes.
package enum RecordItem {
    static let projectStep = "ProjectStep"
    static let mail = "Mail"
    static let video = "video"
    static let sequencer = "sequencer"

    static func key(projectStep: String, mail: String) -> Item {
        [Self.projectStep: .string(projectStep), Self.mail: .string(mail)]
    }

    /// The attributes that transcoding sets, and those it removes because they are `nil`.
    package static func changes(
        _ transcoding: VideoTranscoding
    ) -> (set: Item, removed: [String]) {
        var set: Item = [:]
        var removed: [String] = []
        for (name, value) in attributes(of: transcoding) {
            if let value { set[name] = value } else { removed.append(name) }
        }
        return (set, removed)
    }

    package static func record(from item: Item) -> VideoRecord {
        VideoRecord(
            projectStep: item[projectStep]?.text ?? "",
            mail: item[mail]?.text ?? "",
            video: item[video]?.text ?? "",
            transcoding: transcoding(from: item)
        )
    }

    private static func attributes(
        of transcoding: VideoTranscoding
    ) -> [(name: String, value: AttributeValue?)] {
        [
            ("status", .string(transcoding.status.rawValue)),
            ("jobId", .string(transcoding.jobId)),
            (sequencer, .string(transcoding.sequencer)),
            ("outputBucket", transcoding.outputBucket.map { .string($0) }),
            ("outputKey", transcoding.outputKey.map { .string($0) }),
            ("sizeIn", transcoding.sizeIn.map { .number($0) }),
            ("sizeOut", transcoding.sizeOut.map { .number($0) }),
            ("duration", transcoding.duration.flatMap { .number($0) }),
            ("width", transcoding.width.map { .number($0) }),
            ("height", transcoding.height.map { .number($0) }),
            ("videoCodec", transcoding.videoCodec.map { .string($0) }),
            ("audioCodec", transcoding.audioCodec.map { .string($0) }),
            ("videoBitsPerSecond", transcoding.videoBitsPerSecond.map { .number($0) }),
            ("audioBitsPerSecond", transcoding.audioBitsPerSecond.map { .number($0) }),
            ("ssim", transcoding.ssim.flatMap { .number($0) }),
            ("submittedAt", transcoding.submittedAt.map { .number($0) }),
            ("startedAt", transcoding.startedAt.map { .number($0) }),
            ("finishedAt", transcoding.finishedAt.map { .number($0) }),
            ("errorCode", transcoding.errorCode.map { .string($0) }),
            ("errorMessage", transcoding.errorMessage.map { .string($0) }),
        ]
    }

    /// `nil` unless the attributes that every transcoding has are there.
    private static func transcoding(from item: Item) -> VideoTranscoding? {
        guard let status = item["status"]?.text.flatMap(JobStatus.init(rawValue:)),
            let jobId = item["jobId"]?.text, let sequencer = item[sequencer]?.text
        else { return nil }
        var transcoding = VideoTranscoding(status: status, jobId: jobId, sequencer: sequencer)
        transcoding.outputBucket = item["outputBucket"]?.text
        transcoding.outputKey = item["outputKey"]?.text
        transcoding.sizeIn = item["sizeIn"]?.integer
        transcoding.sizeOut = item["sizeOut"]?.integer
        transcoding.duration = item["duration"]?.real
        transcoding.width = item["width"]?.integer.flatMap { Int(exactly: $0) }
        transcoding.height = item["height"]?.integer.flatMap { Int(exactly: $0) }
        transcoding.videoCodec = item["videoCodec"]?.text
        transcoding.audioCodec = item["audioCodec"]?.text
        transcoding.videoBitsPerSecond = item["videoBitsPerSecond"]?.integer
        transcoding.audioBitsPerSecond = item["audioBitsPerSecond"]?.integer
        transcoding.ssim = item["ssim"]?.real
        transcoding.submittedAt = item["submittedAt"]?.integer
        transcoding.startedAt = item["startedAt"]?.integer
        transcoding.finishedAt = item["finishedAt"]?.integer
        transcoding.errorCode = item["errorCode"]?.text
        transcoding.errorMessage = item["errorMessage"]?.text
        return transcoding
    }
}
