internal import Dispatch
internal import FFmpeg
internal import Foundation

/// A request whose pictures are made in ranges: where they are cut, and what rate each is given.
struct SegmentJob: Sendable {
    let job: SegmentEncoder.Job
    let parts: [SegmentPlan.Part]
    let video: VideoPlan
    /// What each range aims at; `nil` where it is the preset's quality.
    let target: RateSteering.Target?
    /// Of the whole input, in hexadecimal, where it was asked for.
    let sha256: String?
    /// Ranges that are encoded at the same time.
    let workers: Int
    let cores: Int
    let wish: SegmentWish

    /// The plan as a recipe has it.
    var record: Recipe.Segments {
        Recipe.Segments(
            wanted: wish.count,
            leastSeconds: wish.leastSeconds,
            starts: parts.map { Double($0.start ?? 0) * job.stream.timebase.value },
            bitsPerSecond: target?.bitsPerSecond,
            quality: target?.quality
        )
    }

    /// SHA-256 of all that a range's bytes depend on.
    func key(_ request: TranscodeRequest) throws -> String {
        struct Key: Encodable {
            let source: String?
            let preset: Preset
            let engine = EngineVersion.current
            let release = LibraryVersions.release
            let libraries = LibraryVersions.all
            let encoder: CodecOptions
            let plan: Recipe.Segments
            let checksums: [UInt64]
            let allowsDamage: Bool
        }
        // As it is on every processor: another one goes on with what is kept.
        let choice = VideoEncoderChoice(
            job.preset,
            job.engine,
            seconds: job.seconds,
            width: video.size.width,
            threads: 1
        )
        let key = Key(
            source: sha256,
            preset: request.preset,
            encoder: choice.options,
            plan: record,
            checksums: parts.map(\.checksum.value),
            allowsDamage: request.allowsDamage
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return Digest.sha256([UInt8](try encoder.encode(key)))
    }

    /// Reads all packets of an input, chooses where to cut, and takes a first look at each range.
    ///
    /// - Throws: `SegmentPlan.Unsuited` where the input is not to be cut.
    static func prepare(
        _ job: SegmentEncoder.Job,
        wanted: SegmentWish,
        workers: Int,
        cores: Int,
        isHashed: Bool,
        attend: (InputBody) -> Void
    ) throws -> SegmentJob {
        let body = try InputOpening.body(job.input, job.limits)
        attend(body)
        let scan = try PacketScan.run(
            body,
            job.stream,
            limits: job.limits,
            name: job.name,
            isHashed: isHashed
        ) {
            if let first = job.failure.first { throw first }
        }
        let timing = PictureTiming(stream: job.stream, preset: job.preset, isExact: job.engine.exactFrameRate)
        let request = SegmentPlan.Request(
            count: wanted.count,
            leastSeconds: wanted.leastSeconds,
            timebase: job.stream.timebase,
            origin: job.origin,
            period: 1 / max(job.stream.averageFrameRate.value, 1),
            limits: job.limits
        )
        var avoided: Set<Int> = []
        let survey = LookSurvey(job, timing)
        while true {
            let plan = try SegmentPlan(scan.entries, request, timing: timing, avoiding: avoided)
            let count = min(workers, plan.parts.count)
            let bad = try survey.look(plan.parts, workers: count)
            guard bad.isEmpty else {
                avoided.formUnion(bad)
                guard avoided.count <= LookSurvey.mostBad else {
                    throw SegmentPlan.Unsuited("its keyframes cannot be decoded by themselves")
                }
                continue
            }
            guard let video = survey.plan else { throw SegmentPlan.Unsuited("it has no pictures") }
            let average = job.engine.rateControl == .average ? job.preset.bitsPerSecond : nil
            let looks = survey.looks(plan.parts)
            let target = average.map {
                RateSteering.Target(bitsPerSecond: $0, quality: RateBudget.quality(looks, average: $0))
            }
            return SegmentJob(
                job: job,
                parts: plan.parts,
                video: video,
                target: target,
                sha256: scan.sha256,
                workers: count,
                cores: cores,
                wish: wanted
            )
        }
    }
}

/// How many ranges are wanted, and how short they may be.
struct SegmentWish: Sendable, Equatable {
    var count: Int
    var leastSeconds = SegmentRules.leastSeconds

    init(count: Int, leastSeconds: Double = SegmentRules.leastSeconds) {
        self.count = count
        self.leastSeconds = leastSeconds
    }

    /// What a request asks for; `nil` where the pictures are made as a whole.
    init?(_ request: TranscodeRequest, seconds: Double?, workers: Int) {
        let isKept = request.resumeFolder != nil
        switch request.segments {
        case .off: return nil
        case .count(let count): self.count = count
        case .automatic where isKept: count = SegmentRules.usual(seconds: seconds)
        case .automatic: count = SegmentRules.automatic(seconds: seconds, workers: workers)
        }
        if let least = request.leastSegmentSeconds { leastSeconds = least }
        guard count > 1 || request.segments != .automatic || isKept else { return nil }
    }
}

/// First looks at ranges, several at a time.
private final class LookSurvey {
    /// More keyframes that do not stand by themselves are no accident.
    static let mostBad = 16

    private let job: SegmentEncoder.Job
    private let timing: PictureTiming
    private(set) var plan: VideoPlan?
    /// What was found at the start of each range, by its first packet's place in decoding order.
    private var findings: [Int: SegmentLook.Finding] = [:]

    init(_ job: SegmentEncoder.Job, _ timing: PictureTiming) {
        self.job = job
        self.timing = timing
    }

    /// Looks at what has not been seen yet, and returns the cuts that do not stand by themselves.
    func look(_ parts: [SegmentPlan.Part], workers: Int) throws -> Set<Int> {
        guard let first = parts.first else { return [] }
        let seen = try firstPictures(first)
        guard let plan else { return [] }
        let parts = parts.filter { findings[$0.packets.lowerBound] == nil }
        let results = Lock<[Int: SegmentLook.Finding?]>([:])
        try SegmentWorkers.run(count: workers, failure: job.failure) { [job, timing] index in
            var look = try SegmentLook(job)
            for (number, part) in parts.enumerated() where number % workers == index {
                if job.failure.hasFailed { return }
                let isSeen = part.packets.lowerBound == first.packets.lowerBound
                let pictures = try isSeen ? seen ?? look.pictures(part) : look.pictures(part)
                let finding = try pictures.map { try look.cost($0, plan: plan, timing: timing) }
                results.withLock { $0[part.packets.lowerBound] = .some(finding) }
            }
        }
        let found = results.withLock { $0 }
        for case (let packet, let finding?) in found { findings[packet] = finding }
        return Set(found.filter { $0.value == nil }.keys)
    }

    /// What each range needs, from the looks that were taken.
    func looks(_ parts: [SegmentPlan.Part]) -> [RateBudget.Look] {
        let rate = timing.frameRate.value
        let distance = Double(job.preset.maxKeyframeDistance) / max(rate, 1)
        return parts.map { part in
            guard let found = findings[part.packets.lowerBound], found.count > 0 else {
                return RateBudget.Look(seconds: part.seconds, need: 0)
            }
            let need = found.firstBits / max(distance, 0.5) + found.followingBits * rate
            return RateBudget.Look(seconds: part.seconds, need: need)
        }
    }

    /// Plans after the first pictures of all, and returns them; `nil` where there is a plan already.
    private func firstPictures(_ part: SegmentPlan.Part) throws -> [(frame: Frame, ticks: Int64)]? {
        guard plan == nil else { return nil }
        var look = try SegmentLook(job)
        let pictures = try look.pictures(part) ?? []
        let isShown = { (ticks: Int64) in
            Double(ticks) * self.job.stream.timebase.value
                >= -1 / max(self.job.stream.averageFrameRate.value, 1)
        }
        guard let first = pictures.first(where: { isShown($0.ticks) }) else {
            throw SegmentPlan.Unsuited("its first pictures cannot be decoded")
        }
        plan = VideoPlan(first: first.frame, stream: job.stream, preset: job.preset, timing: timing)
        return pictures
    }
}

/// Threads that work side by side.
enum SegmentWorkers {
    /// Runs `work` on so many threads at once, and waits for all of them.
    ///
    /// - Throws: what the first of them threw.
    static func run(
        count: Int,
        failure: FirstFailure,
        _ work: @escaping @Sendable (_ index: Int) throws -> Void
    ) throws {
        let group = DispatchGroup()
        let problem = Lock<(any Error)?>(nil)
        for index in 0..<count {
            DispatchQueue(label: "recast.range.\(index)", qos: .userInitiated).async(group: group) {
                do { try work(index) } catch { problem.withLock { $0 = $0 ?? error } }
            }
        }
        group.wait()
        if let first = failure.first { throw first }
        if let error = problem.withLock({ $0 }) { throw error }
    }
}
