internal import Foundation
internal import Jobs

extension ElasticTranscoderAPI {
    /// A job as the API shows it.
    func answer(_ job: Job) -> JSONValue {
        let input = answer(job.input)
        let outputs = job.outputs.map { answer($0, in: job) }
        return complete(
            "Job",
            [
                "Id": .string(job.id),
                "Arn": .string(arn("job/\(job.id)")),
                "PipelineId": .string(job.pipelineID),
                "Input": input,
                "Inputs": .array([input]),
                "Output": outputs.first ?? .null,
                "Outputs": .array(outputs),
                "OutputKeyPrefix": job.outputKeyPrefix.isEmpty ? .null : .string(job.outputKeyPrefix),
                "Playlists": .array([]),
                "Status": .string(job.status.rawValue),
                "UserMetadata": job.userMetadata.isEmpty
                    ? .null : .object(job.userMetadata.mapValues(JSONValue.string)),
                "Timing": complete(
                    "Timing",
                    [
                        "SubmitTimeMillis": milliseconds(job.submitted),
                        "StartTimeMillis": milliseconds(job.started),
                        "FinishTimeMillis": milliseconds(job.finished),
                    ]
                ),
            ]
        )
    }

    private func answer(_ input: Job.Input) -> JSONValue {
        var members = (input.stated ?? [:]).mapValues(JSONValue.string)
        members["Key"] = .string(input.key)
        if let span = input.timeSpan { members["TimeSpan"] = answer(span) }
        if let detected = input.detected {
            members["DetectedProperties"] = complete(
                "DetectedProperties",
                [
                    "Width": JSONValue(optional: detected.width),
                    "Height": JSONValue(optional: detected.height),
                    "FrameRate": frameRate(detected.frameRate),
                    "FileSize": JSONValue(optional: input.byteCount),
                    "DurationMillis": JSONValue(optional: detected.durationMilliseconds),
                ]
            )
        }
        return complete("JobInput", members)
    }

    private func answer(_ output: Job.Output, in job: Job) -> JSONValue {
        var members: [String: JSONValue] = [
            "Id": .string(output.id),
            "Key": .string(output.key),
            "PresetId": .string(systemPresets.id(ofName: output.presetID) ?? output.presetID),
            "ThumbnailPattern": JSONValue(optional: output.thumbnailPattern),
            "Rotate": JSONValue(optional: output.rotate),
            "Status": .string(output.status.rawValue),
            "Watermarks": .array([]),
        ]
        if let span = output.timeSpan {
            members["Composition"] = .array([complete("Clip", ["TimeSpan": answer(span)])])
        }
        if output.status == .error, let error = output.error {
            members["StatusDetail"] = .string(StatusDetail(error, of: output, in: job).text)
        }
        if output.status == .complete, let rendition = output.rendition {
            members["Duration"] = .integer(rendition.wholeSeconds)
            members["DurationMillis"] = .integer(rendition.durationMilliseconds)
            members["Width"] = JSONValue(optional: rendition.width)
            members["Height"] = JSONValue(optional: rendition.height)
            members["FrameRate"] = frameRate(rendition.frameRate)
            members["FileSize"] = .integer(rendition.byteCount)
            if rendition.isShort { members["StatusDetail"] = .string(StatusDetail.isShort) }
        }
        return complete("JobOutput", members)
    }

    private func answer(_ span: Job.TimeSpan) -> JSONValue {
        complete(
            "TimeSpan",
            ["StartTime": JSONValue(optional: span.start), "Duration": JSONValue(optional: span.duration)]
        )
    }

    /// A structure with null for what there is nothing to say of, as the service answered.
    private func complete(_ shape: String, _ members: [String: JSONValue]) -> JSONValue {
        var complete = members
        for member in APIDescription.members(of: shape) where complete[member.name] == nil {
            complete[member.name] = .null
        }
        return .object(complete)
    }

    private func milliseconds(_ date: Date?) -> JSONValue {
        guard let date else { return .null }
        return JSONValue(optional: Int64(exactly: (date.timeIntervalSince1970 * 1000).rounded()))
    }

    /// Frames per second as a text with at most three decimals.
    private func frameRate(_ rate: Double?) -> JSONValue {
        guard let rate, rate.isFinite, (0..<100_000).contains(rate) else { return .null }
        let thousandths = Int64((rate * 1000).rounded())
        var decimals = String(String(1000 + thousandths % 1000).dropFirst())
        while decimals.hasSuffix("0") { decimals.removeLast() }
        let whole = String(thousandths / 1000)
        return .string(decimals.isEmpty ? whole : "\(whole).\(decimals)")
    }
}
