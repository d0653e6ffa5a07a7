/// Which outputs of a job are made together.
struct OutputGroups {
    /// Indexes of outputs that are not made yet, in order; each group is made from one decode.
    let groups: [[Int]]

    /// Puts outputs of the same part of the input together, as long as a group has no more than `limit`.
    init(_ job: Job, atMost limit: Int) {
        var groups: [[Int]] = []
        for index in job.outputs.indices where !job.outputs[index].status.isTerminal {
            let span = job.outputs[index].timeSpan
            let open = groups.lastIndex { $0.count < limit && job.outputs[$0[0]].timeSpan == span }
            if let open { groups[open].append(index) } else { groups.append([index]) }
        }
        self.groups = groups
    }
}
