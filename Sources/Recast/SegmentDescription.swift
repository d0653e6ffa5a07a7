internal import Transcoding

extension Description {
    /// How the pictures were made in ranges, for a machine.
    static func fields(_ use: SegmentUse) -> [String: any Sendable] {
        var fields: [String: any Sendable] = [
            "count": use.count, "workers": use.workers, "kept": use.keptCount,
        ]
        fields["reason"] = use.reason
        return fields
    }

    /// The same for people.
    static func line(_ use: SegmentUse) -> String {
        if let reason = use.reason { return "not made in ranges: \(reason)" }
        let kept = use.keptCount > 0 ? ", \(use.keptCount) kept from before" : ""
        return "made in \(use.count) ranges, \(use.workers) at a time\(kept)"
    }
}
