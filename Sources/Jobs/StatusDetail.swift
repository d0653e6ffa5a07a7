/// Why an output or a job failed, as Elastic Transcoder said it.
package struct StatusDetail: Sendable, Equatable {
    /// 1000...9999; the thousands say whose fault it is.
    package let number: Int
    /// `<number> <uuid>: <sentence>`; the same whenever it is asked for.
    package let text: String

    /// Tells of an error of one output, or of the whole job.
    package init(_ error: JobError, of output: Job.Output?, in job: Job) {
        number = StatusDetail.number(of: error)
        let name = StatusDetail.identifier(of: "\(job.id)/\(output?.id ?? "")")
        text = "\(number) \(name): \(StatusDetail.sentence(number, error, output, job))"
    }

    /// What was said of an output that is there and shorter than the part that was asked for.
    package static let isShort =
        "The starting time plus the duration of a clip exceeded the length of the input file. Amazon Elastic "
        + "Transcoder created an output file that is shorter than the specified duration."

    /// The service's number for an error; what is not known is ours.
    package static func number(of error: JobError) -> Int {
        switch error.code {
        case "preset.invalid": 1000
        case "unavailable", "throttled", "conflict", "invalid", "output.unwritable", "input.changed",
            "input.superseded":
            3000
        case "input.missing": 3001
        case "output.exists": 3002
        case "input.denied": 3003
        case "output.denied", "denied": 3004
        case "input.no-bucket", "output.no-bucket", "not-found": 3005
        case "input.empty", "input.unreadable", "input.damaged": 4000
        case "input.limit": 4002
        case "input.unsupported": 4006
        case "input.too-short": 4014
        case "engine.crashed": 4007
        case "output.rejected": 9000
        case "engine.failed", "output.needs-file": 9001
        default: 9999
        }
    }

    /// Clients look for the service's own sentences, so those that are known stand as they were.
    private static func sentence(
        _ number: Int,
        _ error: JobError,
        _ output: Job.Output?,
        _ job: Job
    ) -> String {
        switch number {
        case 3001:
            let place = "bucket=\(job.input.bucket), key=\(job.input.key)"
            return "The specified object does not exist in the specified S3 bucket: \(place)."
        case 3002:
            let key = (output ?? job.outputs.first).map(job.objectKey) ?? ""
            return
                "The specified object could not be saved in the specified bucket because an object by that "
                + "name already exists: bucket=\(job.outputBucket), key=\(key)."
        case 3003: return "The input may not be read: bucket=\(job.input.bucket), key=\(job.input.key)."
        case 3004: return "The output may not be written: bucket=\(job.outputBucket)."
        case 3005:
            let isInput = error.code == "input.no-bucket"
            return "A bucket does not exist: bucket=\(isInput ? job.input.bucket : job.outputBucket)."
        case 3000: return "An object could not be read or written."
        case 4000: return "Amazon Elastic Transcoder could not interpret the media file."
        case 1000, 4001...4999: return error.message
        default: return "The transcoder has failed."
        }
    }

    /// 128 bits made of a text, in the form of a UUID of version 8 (RFC 9562 §5.8).
    static func identifier(of text: String) -> String {
        let halves = [hash(text, seed: 0), hash(text, seed: 0x9E37_79B9_7F4A_7C15)]
        let high = halves[0] & ~0xF000 | 0x8000
        let low = halves[1] & ~(0b11 << 62) | (0b10 << 62)
        let digits = [high, low].map { half in
            let hex = String(half, radix: 16)
            return String(repeating: "0", count: 16 - hex.count) + hex
        }.joined()
        var rest = digits[...]
        return [8, 4, 4, 4, 12].map { count in
            defer { rest = rest.dropFirst(count) }
            return String(rest.prefix(count))
        }.joined(separator: "-")
    }

    /// FNV-1a of 64 bits, its bits mixed once more (MurmurHash3's finalizer).
    private static func hash(_ text: String, seed: UInt64) -> UInt64 {
        var hash = 0xCBF2_9CE4_8422_2325 ^ seed
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ (hash >> 33)
    }
}
