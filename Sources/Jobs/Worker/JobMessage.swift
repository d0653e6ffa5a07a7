/// What those who subscribe to a pipeline's topics read of a job, as Elastic Transcoder wrote it.
package struct JobMessage: Sendable, Equatable {
    package enum State: String, Sendable {
        case progressing = "PROGRESSING"
        case completed = "COMPLETED"
        /// Besides `completed`, where an output is not all that was asked for.
        case warning = "WARNING"
        case error = "ERROR"

        /// What a job's end is announced as, in this order; nothing where nobody is told.
        package static func ended(_ job: Job) -> [State] {
            switch job.status {
            case .complete:
                job.outputs.contains { $0.rendition?.isShort == true }
                    ? [.completed, .warning] : [.completed]
            case .error: [.error]
            case .submitted, .progressing, .canceled: []
            }
        }
    }

    package let state: State
    package let job: Job

    package init(_ state: State, _ job: Job) {
        self.state = state
        self.job = job
    }

    /// The same for every delivery; those of one job sort in the order in which they happened.
    ///
    /// A job that begins anew after its end has something new to say, which sorts behind all before.
    package var id: String {
        let count = String(job.retryCount ?? 0)
        let zeros = String(repeating: "0", count: max(0, 6 - count.count))
        let round = job.retryCount == nil ? "" : "2r\(zeros)\(count)."
        return "\(job.id).\(round)\(state == .progressing ? 1 : 2).\(state.rawValue.lowercased())"
    }

    package var subject: String {
        switch state {
        case .progressing: "Amazon Elastic Transcoder has scheduled job \(job.id) for transcoding."
        case .completed: "Amazon Elastic Transcoder has finished transcoding job \(job.id)."
        case .warning: "Amazon Elastic Transcoder has a warning about job \(job.id)."
        case .error: "The Amazon Elastic Transcoder job \(job.id) has failed."
        }
    }

    /// JSON in the order and layout of the original; absent members are left out.
    package var text: String {
        var members: [(String, JSONText)] = [("state", .string(state.rawValue))]
        if state == .error, let error = job.error, isOfWholeJob(error) {
            let detail = StatusDetail(error, of: nil, in: job)
            members += [
                ("errorCode", .number("\(detail.number)")), ("messageDetails", .string(detail.text)),
            ]
        }
        members += [
            ("version", .string("2012-09-25")), ("jobId", .string(job.id)),
            ("pipelineId", .string(job.pipelineID)), ("input", input), ("inputCount", .number("1")),
        ]
        if !job.outputKeyPrefix.isEmpty { members.append(("outputKeyPrefix", .string(job.outputKeyPrefix))) }
        members.append(("outputs", .array(job.outputs.map(output))))
        if !job.userMetadata.isEmpty {
            let metadata = job.userMetadata.sorted { $0.key < $1.key }.map {
                ($0.key, JSONText.string($0.value))
            }
            members.append(("userMetadata", .object(metadata)))
        }
        return JSONText.object(members).text()
    }

    /// Whether the job failed before it came to its outputs, or for what has nothing to do with them.
    private func isOfWholeJob(_ error: JobError) -> Bool {
        let common = ["input.missing", "input.denied", "input.no-bucket", "job.attempts"]
        let isCommon = error.isRetryable || common.contains(error.code)
        return isCommon && job.outputs.allSatisfy { $0.error == error }
    }

    private var input: JSONText {
        var members: [(String, JSONText)] = [("key", .string(job.input.key))]
        for name in ["FrameRate", "Resolution", "AspectRatio", "Interlaced", "Container"] {
            guard let value = job.input.stated?[name] else { continue }
            members.append((name.prefix(1).lowercased() + name.dropFirst(), .string(value)))
        }
        return .object(members)
    }

    private func output(_ output: Job.Output) -> JSONText {
        let status = state == .progressing ? JobStatus.progressing : output.status
        var members: [(String, JSONText)] = [
            ("id", .string(output.id)), ("presetId", .string(output.presetID)), ("key", .string(output.key)),
        ]
        if let pattern = output.thumbnailPattern { members.append(("thumbnailPattern", .string(pattern))) }
        if let rotate = output.rotate { members.append(("rotate", .string(rotate))) }
        members.append(("status", .string(status.rawValue)))
        guard state != .progressing else { return .object(members) }
        if output.status == .error, let error = output.error, !isOfWholeJob(error) {
            let detail = StatusDetail(error, of: output, in: job)
            members += [
                ("statusDetail", .string(detail.text)), ("errorCode", .number("\(detail.number)")),
            ]
        }
        if output.status == .complete, let rendition = output.rendition {
            if rendition.isShort { members.append(("statusDetail", .string(StatusDetail.isShort))) }
            members.append(("duration", .number("\(rendition.wholeSeconds)")))
            if let width = rendition.width, let height = rendition.height {
                members += [("width", .number("\(width)")), ("height", .number("\(height)"))]
            }
        }
        return .object(members)
    }
}

/// JSON whose members keep their order, laid out as the original service did.
package indirect enum JSONText: Sendable {
    case string(String)
    /// Written as it is.
    case number(String)
    case object([(String, JSONText)])
    case array([JSONText])

    package func text(indent: Int = 0) -> String {
        switch self {
        case .string(let value): return JSONText.quoted(value)
        case .number(let value): return value
        case .array(let items):
            return items.isEmpty
                ? "[ ]" : "[ " + items.map { $0.text(indent: indent) }.joined(separator: ", ") + " ]"
        case .object(let members):
            guard !members.isEmpty else { return "{ }" }
            let space = String(repeating: "  ", count: indent + 1)
            let lines = members.map { "\(space)\(JSONText.quoted($0.0)) : \($0.1.text(indent: indent + 1))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n" + String(repeating: "  ", count: indent)
                + "}"
        }
    }

    /// RFC 8259 §7.
    package static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
