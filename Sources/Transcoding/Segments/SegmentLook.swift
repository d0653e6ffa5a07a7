internal import FFmpeg

/// Decodes the first pictures of ranges, to see whether these stand by themselves and what they cost.
struct SegmentLook: ~Copyable {
    /// What was found behind one keyframe.
    struct Finding: Sendable {
        /// Bits of the first picture, and of each that follows, on average, at one quality.
        var firstBits = 0.0
        var followingBits = 0.0
        /// Pictures that were encoded.
        var count = 0
    }

    /// Pictures that are decoded.
    static let pictureCount = 6

    private let job: SegmentEncoder.Job
    private var reader: SegmentReader

    init(_ job: SegmentEncoder.Job) throws(TranscodingError) {
        self.job = job
        reader = try SegmentReader.open(job.input, job.stream, limits: job.limits, name: job.name)
    }

    /// Decodes the first pictures of a range, with their ticks since the origin.
    ///
    /// - Returns: `nil` where the range's keyframe does not stand by itself.
    mutating func pictures(_ part: SegmentPlan.Part) throws -> [(frame: Frame, ticks: Int64)]? {
        let isFirst = part.packets.lowerBound == 0
        var decoder = try Decoder.open(job.stream, limits: job.limits, threads: 1)
        var frames: [Frame] = []
        var fed = 0
        var failed = false
        try reader.read(from: part.keyframe, isFirst: isFirst) { packet, pts in
            if !isFirst, pts < part.keyframe.pts { return true }
            frames += try decoder.decode(packet)
            fed += 1
            failed = decoder.errorCount > 0
            return !failed && frames.count < SegmentLook.pictureCount
                && fed < SegmentLook.pictureCount * 4 && !job.failure.hasFailed
        }
        if frames.count < SegmentLook.pictureCount, !failed { frames += try decoder.finish().frames }
        let found = frames.prefix(SegmentLook.pictureCount).compactMap { frame in
            frame.bestEffortPTS.map { (frame: frame, ticks: $0 &- job.origin) }
        }
        guard !failed, let first = found.first else { return nil }
        guard isFirst || first.ticks == part.keyframe.pts &- job.origin else { return nil }
        guard found.allSatisfy({ !$0.frame.isInterlaced && $0.frame.repeatedFields == 0 }) else {
            throw SegmentPlan.Unsuited("its pictures need their neighbours")
        }
        return found
    }

    /// What pictures cost that are encoded quickly at one quality.
    func cost(
        _ pictures: [(frame: Frame, ticks: Int64)],
        plan: VideoPlan,
        timing: PictureTiming
    ) throws -> Finding {
        let failure = FirstFailure()
        let sizes = Lock<[Int]>([])
        var encoder = try Encoder.open(
            "libx264",
            .video(plan.format),
            timebase: plan.timebase,
            options: ["preset": "superfast", "crf": "25", "bf": "0", "rc-lookahead": "0", "g": "250"],
            threads: 1
        )
        let scaled = Lock<[(Frame, Int64)]>([])
        let output = Stage<PictureMessage>("look", slots: 1, failure: failure, isInline: true) { message in
            if case .picture(let frame, let pts, _) = message { scaled.withLock { $0.append((frame, pts)) } }
        }
        let picture = PictureStage(
            stream: job.stream,
            preset: job.preset,
            isExact: false,
            from: .init(plan: plan, clock: timing.clock, isFirst: false, lastSlot: nil),
            threads: 1,
            output: output
        )
        for (frame, ticks) in pictures { try picture.accept(frame, ticks: max(0, ticks)) }
        try picture.finish()
        if let first = failure.first { throw first }
        for (frame, pts) in scaled.withLock({ $0 }) {
            let packets = try encoder.encode(frame, pts: pts)
            sizes.withLock { $0 += packets.map(\.byteCount) }
        }
        var all = sizes.withLock { $0 }
        try encoder.finish { all.append($0.byteCount) }
        var finding = Finding()
        finding.count = all.count
        finding.firstBits = Double(all.first ?? 0) * 8
        finding.followingBits =
            all.count > 1
            ? Double(all.dropFirst().reduce(0, +)) * 8 / Double(all.count - 1) : finding.firstBits
        return finding
    }
}
