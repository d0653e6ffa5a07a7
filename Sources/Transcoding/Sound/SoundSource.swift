internal import FFmpeg

/// Puts one input's decoded sound where it belongs.
struct SoundSource: ~Copyable {
    /// Where the sound of one input begins and ends, and what it may be.
    struct Place {
        let stream: FFmpeg.Stream
        /// Ticks of the stream's timebase where the input starts.
        let originTicks: Int64
        let span: ClipSpan
        let limits: IngestLimits
        let name: String
    }

    let place: Place
    /// Samples that were in the output before the input's.
    private let base: Int64
    private var resampler: Resampler?
    private var timeline = AudioTimeline()
    /// Seconds after the span's start at which the next block begins, if it follows on.
    private var nextStart: Double?
    /// Errors, but for those of a decoder that was thrown into the middle.
    private(set) var errorCount = 0
    /// The decoder's errors so far.
    private var decoderErrors = 0
    private var forgivenCount = 0

    init(_ place: Place, after base: Int64) {
        self.place = place
        self.base = base
    }

    /// Takes what was decoded of a packet; what the output's sound is to be made of is opened by `open` at the
    /// first block.
    mutating func accept(_ sound: DecodedSound, _ sink: inout SoundSink?, open: Opening) throws {
        decoderErrors = sound.errorCount
        for frame in sound.frames { try accept(frame, &sink, open) }
        errorCount = decoderErrors - forgivenCount
    }

    /// Takes what the resampler still holds.
    mutating func finish(_ sink: inout SoundSink?) throws {
        if let rest = try resampler?.flush() { try append(rest, &sink) }
        resampler = nil
    }

    typealias Opening = (AudioFormat) throws -> SoundSink

    private mutating func accept(_ frame: Frame, _ sink: inout SoundSink?, _ open: Opening) throws {
        guard frame.sampleCount > 0, frame.sampleRate > 0, frame.channelCount > 0 else { return }
        try check(frame)
        if sink == nil { sink = try open(frame.audioFormat) }
        let duration = Double(frame.sampleCount) / Double(frame.sampleRate)
        let stated = frame.bestEffortPTS.map {
            Double($0 &- place.originTicks) * place.stream.timebase.value - max(0, place.span.start)
        }
        // Of several blocks in one packet of MPEG-TS only the first has a pts.
        let start = stated ?? nextStart
        nextStart = start.map { $0 + duration }
        // After a jump, a block without one may lie anywhere before the first that has one.
        if start == nil, place.span.start > 0 { return }
        try check(start)
        try connect(frame, &sink)
        guard let rate = sink?.format.sampleRate, let count = sink?.sampleCount else { return }
        let placed = count - base + Int64(resampler?.delay ?? 0)
        timeline.position = Double(placed) / Double(rate)
        var skipped = 0
        switch timeline.place(start: start, duration: duration) {
        case .append: break
        case .drop:
            if place.span.start > 0, timeline.isAtStart { forgivenCount = decoderErrors }
            return
        case .trim(let seconds): skipped = Int((seconds * Double(frame.sampleRate)).rounded())
        case .silence(let seconds):
            if let rest = try resampler?.flush() { try append(rest, &sink) }
            resampler = nil
            try connect(frame, &sink)
            try fill(Int64((seconds * Double(rate)).rounded()), &sink)
        }
        try resampler?.stretch(timeline.stretch)
        if let block = try resampler?.convert(frame, skipping: skipped) { try append(block, &sink) }
    }

    private func check(_ frame: Frame) throws(TranscodingError) {
        let limits = place.limits
        guard frame.sampleRate <= limits.maxSampleRate, frame.channelCount <= limits.maxChannels else {
            throw TranscodingError.limit(
                "maxChannels, maxSampleRate",
                "\(place.name) has \(frame.channelCount) channels at \(frame.sampleRate) Hz"
            )
        }
    }

    private func check(_ start: Double?) throws(TranscodingError) {
        guard let start else { return }
        guard abs(start) <= place.limits.maxDuration else {
            throw .limit("maxDuration", "\(place.name) has sound \(Int(min(start, 1e15))) s from its start")
        }
        guard start - timeline.position <= place.limits.maxGap else {
            throw .limit(
                "maxGap",
                "\(place.name) has a gap of over \(Int(place.limits.maxGap)) s in its sound"
            )
        }
    }

    /// Sees to it that the resampler takes blocks like `frame`.
    private mutating func connect(_ frame: Frame, _ sink: inout SoundSink?) throws {
        let input = frame.audioFormat
        guard let output = sink?.format, resampler?.input != input else { return }
        if let rest = try resampler?.flush() { try append(rest, &sink) }
        let matrix = Downmix.matrix(from: input.layout, to: output.layout)
        if let matrix, Downmix.canExceed(matrix, inputs: input.channelCount) { sink?.limit() }
        resampler = try Resampler.open(input, to: output, matrix: matrix)
    }

    private func append(_ block: Frame, _ sink: inout SoundSink?) throws {
        let room = room(sink?.format.sampleRate, sink?.sampleCount)
        try sink?.append(block, upTo: Int(clamping: room))
    }

    private func fill(_ count: Int64, _ sink: inout SoundSink?) throws {
        let room = room(sink?.format.sampleRate, sink?.sampleCount)
        try sink?.appendSilence(min(count, room))
    }

    /// Samples that fit before the span's end.
    private func room(_ rate: Int?, _ count: Int64?) -> Int64 {
        guard let end = place.span.end, let rate, let count else { return .max }
        let length = ((end - max(0, place.span.start)) * Double(rate)).rounded()
        return max(0, base + Int64(min(max(length, 0), 9e15)) - count)
    }
}
