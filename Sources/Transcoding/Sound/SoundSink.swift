internal import FFmpeg

/// Who gets an output's sound, block by block.
protocol SoundConsumer: AnyObject {
    /// Samples a block must hold, unless it is the last.
    var samplesPerBlock: Int { get }
    func take(_ block: Frame) throws
    /// There are no more.
    func finish() throws
}

/// Takes sound as it is to be heard, in planar floats, and passes it on as its consumer wants it.
struct SoundSink: ~Copyable {
    /// What it takes.
    let format: AudioFormat
    /// Samples taken so far.
    private(set) var sampleCount: Int64 = 0
    /// Samples that can be taken back.
    var heldCount = 0
    private var held: [Frame] = []
    private var heldNow = 0
    private var fifo: SampleFIFO
    private var converter: Resampler?
    private var limiter: PeakLimiter?
    /// Samples at the limiter's start that are none of ours.
    private var late = 0
    private let gain: Float
    private let consumer: any SoundConsumer

    /// Opens what stands between sound in planar floats, multiplied by `gain`, and a consumer of `output`.
    static func open(
        _ output: AudioFormat,
        gain: Float = 1,
        to consumer: any SoundConsumer
    ) throws(FFmpegError) -> SoundSink {
        let format = output.with(.floatPlanar)
        let fifo = try SampleFIFO.open(output)
        var sink = SoundSink(format, fifo, gain, consumer)
        if output.sampleFormat != .floatPlanar { sink.converter = try Resampler.open(format, to: output) }
        if gain != 1 { sink.limit() }
        return sink
    }

    private init(
        _ format: AudioFormat,
        _ fifo: consuming SampleFIFO,
        _ gain: Float,
        _ consumer: any SoundConsumer
    ) {
        self.format = format
        self.fifo = fifo
        self.gain = gain
        self.consumer = consumer
    }

    /// Seconds taken so far.
    var seconds: Double { Double(sampleCount) / Double(format.sampleRate) }

    /// Holds peaks under full scale from here on.
    mutating func limit() {
        guard limiter == nil else { return }
        let fresh = PeakLimiter(
            channelCount: format.channelCount,
            sampleRate: format.sampleRate,
            ceiling: Loudness.ceiling
        )
        late = fresh.delay
        limiter = fresh
    }

    /// Takes a block that nobody else has, or its samples up to `end`.
    mutating func append(_ frame: Frame, upTo end: Int = .max) throws {
        frame.shorten(to: end)
        guard frame.sampleCount > 0 else { return }
        sampleCount += Int64(frame.sampleCount)
        held.append(frame)
        heldNow += frame.sampleCount
        try release(keeping: heldCount)
    }

    private mutating func release(keeping count: Int) throws {
        while let first = held.first, heldNow - first.sampleCount >= count {
            held.removeFirst()
            heldNow -= first.sampleCount
            try pass(first)
        }
    }

    /// Takes back the last samples, or adds silent ones, so that `count` have been taken; as far as they are held.
    mutating func settle(at count: Int64) throws {
        while sampleCount > count, let last = held.popLast() {
            let left = max(0, last.sampleCount - Int(clamping: sampleCount - count))
            let taken = last.sampleCount - left
            sampleCount -= Int64(taken)
            heldNow -= taken
            guard left > 0 else { continue }
            last.shorten(to: left)
            held.append(last)
        }
        try appendSilence(count - sampleCount)
    }

    /// Takes silence, a second at a time, however long it is.
    mutating func appendSilence(_ count: Int64) throws {
        var left = count
        while left > 0 {
            let count = Int(min(left, Int64(format.sampleRate)))
            try append(Frame.silence(format, count: count))
            left -= Int64(count)
        }
    }

    /// Passes on what is still held; nothing may follow.
    mutating func finish() throws {
        try release(keeping: 0)
        if let limiter { try pass(Frame.silence(format, count: limiter.delay)) }
        limiter = nil
        if let rest = try converter?.flush() { try fifo.append(rest) }
        try deliver(isLast: true)
    }

    private mutating func pass(_ frame: Frame) throws {
        let gain = gain
        if limiter != nil { frame.modifySamples { limiter?.process($0, gain: gain) } }
        let skipped = min(late, frame.sampleCount)
        late -= skipped
        if converter == nil {
            try fifo.append(frame, skipping: skipped)
        } else if let converted = try converter?.convert(frame, skipping: skipped) {
            try fifo.append(converted)
        }
        try deliver(isLast: false)
    }

    private mutating func deliver(isLast: Bool) throws {
        let count = consumer.samplesPerBlock
        while fifo.count >= count || (isLast && fifo.count > 0) {
            guard let block = try fifo.take(count) else { return }
            try consumer.take(block)
        }
    }
}
