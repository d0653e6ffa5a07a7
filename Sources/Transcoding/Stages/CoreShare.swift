/// How the cores are shared out between the stages.
struct CoreShare {
    private(set) var decoder: Int
    private(set) var filter: Int
    /// Threads of each rendition's encoder.
    private(set) var encoder: Int

    /// Shares `cores` out among the encoders of so many renditions.
    ///
    /// Alone, an encoder has half as many threads again as there are cores; several have twice as many in all, or
    /// three each, because they seldom all have work.
    init(cores: Int, renditions: Int = 1) {
        decoder = min(cores + 1, 8)
        filter = min(cores, 4)
        let alone = max(1, min(cores * 3 / 2, 24))
        encoder = min(alone, max(3, 2 * alone / max(renditions, 1)))
    }

    /// Repeats `plan` where there is one.
    init(_ plan: Recipe.ThreadPlan?, cores: Int, renditions: Int) {
        self.init(cores: cores, renditions: renditions)
        guard let plan else { return }
        decoder = min(max(plan.decoder, 1), 8)
        filter = min(max(plan.filter, 1), 4)
        encoder = min(max(plan.encoder, 1), 24)
    }
}
