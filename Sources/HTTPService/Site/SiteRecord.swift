internal import Jobs

extension JSONText {
    /// A video record as the site's table holds it: what transcoding adds is top-level attributes.
    init(_ record: VideoRecord) {
        var members = [
            Member(name: "ProjectStep", value: .string(record.projectStep)),
            Member(name: "Mail", value: .string(record.mail)),
            Member(name: "video", value: .string(record.video)),
        ]
        if let transcoding = record.transcoding {
            members += Self.attributes(of: transcoding).compactMap { attribute in
                attribute.value.map { Member(name: attribute.name, value: $0) }
            }
        }
        self = .object(members)
    }

    private static func attributes(
        of transcoding: VideoTranscoding
    ) -> [(name: String, value: JSONText?)] {
        [
            ("status", .string(transcoding.status.rawValue)),
            ("jobId", .string(transcoding.jobId)),
            ("sequencer", .string(transcoding.sequencer)),
            ("outputBucket", transcoding.outputBucket.map { .string($0) }),
            ("outputKey", transcoding.outputKey.map { .string($0) }),
            ("sizeIn", transcoding.sizeIn.map { .integer($0) }),
            ("sizeOut", transcoding.sizeOut.map { .integer($0) }),
            ("duration", transcoding.duration.map { .number($0) }),
            ("width", transcoding.width.map { .integer(Int64($0)) }),
            ("height", transcoding.height.map { .integer(Int64($0)) }),
            ("videoCodec", transcoding.videoCodec.map { .string($0) }),
            ("audioCodec", transcoding.audioCodec.map { .string($0) }),
            ("videoBitsPerSecond", transcoding.videoBitsPerSecond.map { .integer($0) }),
            ("audioBitsPerSecond", transcoding.audioBitsPerSecond.map { .integer($0) }),
            ("ssim", transcoding.ssim.map { .number($0) }),
            ("submittedAt", transcoding.submittedAt.map { .integer($0) }),
            ("startedAt", transcoding.startedAt.map { .integer($0) }),
            ("finishedAt", transcoding.finishedAt.map { .integer($0) }),
            ("errorCode", transcoding.errorCode.map { .string($0) }),
            ("errorMessage", transcoding.errorMessage.map { .string($0) }),
        ]
    }
}
