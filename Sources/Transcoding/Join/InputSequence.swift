internal import FFmpeg
internal import Foundation

/// Reads the inputs of a request one after the other into the stages that make one output of them.
///
/// Each input begins where the one before ended; only when that is decoded is it known to the sample.
final class InputSequence {
    /// What was read and decoded of all inputs.
    struct Outcome {
        var frameCount = 0
        var damage = InputDamage()
        /// Seconds of the output at which the pictures end; `nil` without.
        var pictureEnd: Double?
        /// Seconds from the start of the first input to its end, as far as it was decoded.
        var firstEnd = 0.0
        /// Seconds by which inputs ended before the parts of them that were asked for.
        var shortSeconds = 0.0
        var sources: [Recipe.Source] = []
    }

    /// What an input is opened by, and its part that is wanted.
    struct Opening {
        let clips: [InputClip]
        let spans: [ClipSpan]
        var wish: InputPlan.Wish
        let limits: IngestLimits
        var isHashed = true
        /// Lets whoever cancels interrupt the reading.
        let attend: (InputBody) -> Void

        /// Opens one of the inputs.
        ///
        /// What is read whole is hashed on the way.
        func reader(_ index: Int) throws -> InputReader {
            let body = try InputOpening.body(clips[index].input, limits)
            if isHashed, spans[index].isWhole { body.beginHash() }
            attend(body)
            return try InputReader.open(
                body,
                for: wish,
                span: spans[index],
                limits: limits,
                name: clips[index].name
            )
        }
    }

    private let opening: Opening
    private let survey: InputSurvey
    private let video: (any PicturePath)?
    private let audio: SoundPath?
    private let needsSound: Bool
    private let failure: FirstFailure
    private let allowsDamage: Bool
    private let watch: (_ seconds: Double, _ waited: Double) throws -> Void
    private(set) var outcome = Outcome()
    /// Seconds of the output before the input that is read.
    private var offset = 0.0
    private var waitedSeconds = 0.0

    /// Refuses an input whose sound cannot be decoded with `needsSound`, which is for outputs that have nothing else.
    ///
    /// Calls `watch` now and then with the seconds read and the seconds waited for bytes.
    init(
        _ opening: Opening,
        _ survey: InputSurvey,
        video: (any PicturePath)?,
        audio: SoundPath?,
        needsSound: Bool = false,
        failure: FirstFailure,
        allowsDamage: Bool,
        watch: @escaping (_ seconds: Double, _ waited: Double) throws -> Void
    ) {
        self.opening = opening
        self.survey = survey
        self.video = video
        self.audio = audio
        self.needsSound = needsSound
        self.failure = failure
        self.allowsDamage = allowsDamage
        self.watch = watch
    }

    /// Reads all inputs, of which the first is open already.
    func run(_ first: consuming InputReader) throws {
        try read(first, 0)
        for index in 1..<max(opening.clips.count, 1) where !failure.hasFailed {
            try read(opening.reader(index), index)
        }
        video?.finish()
        // Sound that was announced and never came is silence.
        if let format = survey.soundFormat, let audio, audio.isOpen, audio.endSeconds == 0 {
            try audio.close(at: offset, like: format)
        }
        try audio?.finish()
    }

    private func read(_ given: consuming InputReader, _ index: Int) throws {
        var reader = given
        let (plan, span, body) = (reader.plan, reader.span, reader.body)
        let name = opening.clips[index].name
        let isLast = index == opening.clips.count - 1
        var pictures: Stage<PacketMessage>?
        if let stream = plan.video {
            pictures = try video?.begin(stream, origin: plan.origin, span: span, name: name)
        }
        let sound = try beginSound(plan, span, name, isCut: !isLast)
        let before = waitedSeconds
        let readFailure =
            plan.streams.isEmpty
            ? nil
            : try reader.read(pictures: pictures, sound: sound, failure: failure) { seconds in
                waitedSeconds = before + body.waitedSeconds
                let reached = offset + max(0, seconds - span.start)
                try watch(max(reached, survey.duration ?? 0), waitedSeconds)
                try fillSound(reached, isThere: sound != nil)
                video?.pace(reached)
            }
        let tally = video?.drain()
        audio?.drain()
        guard !failure.hasFailed else { return }
        let soundEnd = sound == nil ? 0 : (audio?.endSeconds ?? 0) - offset
        let damage = try InputOpening.damage(
            tally,
            sound == nil ? AudioStage.Tally() : audio?.tally ?? AudioStage.Tally(),
            reader.finding,
            plan,
            span: span,
            soundEnd: soundEnd + span.start,
            witnessEnd: reader.witnessEnd,
            container: reader.container,
            readFailure: readFailure,
            isAllowed: allowsDamage,
            name: name
        )
        if needsSound, plan.audio != nil, soundEnd <= 0 {
            throw TranscodingError(.inputDamaged, "no sound of \(name) could be decoded")
        }
        outcome.damage = index == 0 ? damage : outcome.damage + damage
        outcome.frameCount += tally?.frameCount ?? 0
        if index == 0 { outcome.firstEnd = max(tally?.endSeconds ?? 0, soundEnd + span.start) }
        outcome.sources.append(
            Recipe.Source(
                name: name,
                byteCount: body.byteCount,
                sha256: try body.finishHash(),
                start: span.start > 0 ? span.start : nil,
                duration: span.end.map { $0 - span.start }
            )
        )
        try close(plan, span, tally, soundEnd, name, isLast: isLast)
    }

    /// Seconds of pictures that wait in memory for sound to begin.
    private static let longestWait = 20.0

    /// Gives the muxer silence where there is no sound, or where it has not come yet.
    private func fillSound(_ reached: Double, isThere: Bool) throws {
        guard let audio, let format = survey.soundFormat else { return }
        if !isThere { try audio.advance(to: reached - 1) }
        if isThere, reached - offset > InputSequence.longestWait { try audio.openLate(like: format) }
    }

    private func beginSound(
        _ plan: InputPlan,
        _ span: ClipSpan,
        _ name: String,
        isCut: Bool
    ) throws -> Stage<PacketMessage>? {
        guard let audio else { return nil }
        guard let stream = plan.audio else {
            if let format = survey.soundFormat { try audio.beginSilence(like: format) }
            return nil
        }
        let place = SoundSource.Place(
            stream: stream,
            originTicks: plan.origin.converted(to: stream.timebase).ticks,
            span: span,
            limits: opening.limits,
            name: name
        )
        return try audio.begin(place, isCut: isCut && plan.video != nil)
    }

    private func close(
        _ plan: InputPlan,
        _ span: ClipSpan,
        _ tally: DecodeStage.Tally?,
        _ soundEnd: Double,
        _ name: String,
        isLast: Bool
    ) throws {
        if let tally, tally.sentCount == 0 { throw TranscodingError.beyond(span, tally.endSeconds, name) }
        if tally == nil, soundEnd <= 0, plan.audio != nil {
            throw TranscodingError.beyond(span, plan.statedDuration ?? 0, name)
        }
        let pictureEnd = tally.map { $0.sentEndSeconds - span.start }
        var length = span.length(pictures: pictureEnd, sound: soundEnd)
        if plan.streams.isEmpty {
            guard let stated = span.length(of: plan.statedDuration) else {
                throw TranscodingError(
                    .inputUnsupported,
                    "\(name) has no sound and does not say how long it is"
                )
            }
            length = stated
        }
        if let end = span.end { outcome.shortSeconds += max(0, end - span.start - length) }
        if let pictureEnd { outcome.pictureEnd = offset + min(pictureEnd, max(length, pictureEnd)) }
        let isEnd = isLast && span.end == nil
        video?.close(at: isEnd ? nil : offset + length)
        offset += length
        guard offset <= opening.limits.maxDuration * Double(opening.clips.count) else {
            throw TranscodingError.limit("maxDuration", "the inputs together are too long")
        }
        // The last sound just ends, as it does with one input.
        if let format = survey.soundFormat, !isLast || (plan.audio == nil && opening.clips.count > 1) {
            try audio?.close(at: offset, like: format)
        }
    }
}
