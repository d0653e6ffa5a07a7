internal import FFmpeg

/// A picture and its seconds since its file's own origin.
struct TimedPicture {
    let frame: Frame
    let time: Double
}

/// The pictures of a file's video stream, one by one.
struct PictureReader: ~Copyable {
    static let threads = 2

    let stream: FFmpeg.Stream
    let name: String
    private let originTicks: Int64
    private let limits: IngestLimits
    private var demuxer: Demuxer
    private var decoder: Decoder?
    private var waiting: [Frame] = []
    private var lastTicks: Int64?

    init(_ path: String, _ limits: IngestLimits) throws {
        let demuxer = try InputOpening.demuxer(InputOpening.body(.file(path: path), limits), limits, path)
        let plan = try InputPlan(
            streams: demuxer.streams,
            duration: demuxer.duration,
            limits: limits,
            name: path
        )
        guard let video = plan.video else {
            throw TranscodingError(.inputUnsupported, "\(path) has no video stream")
        }
        demuxer.select([video.index])
        let decoder = try Decoder.open(video, limits: limits, threads: PictureReader.threads)
        stream = video
        name = path
        originTicks = plan.origin.converted(to: video.timebase).ticks
        self.limits = limits
        self.demuxer = consume demuxer
        self.decoder = consume decoder
    }

    mutating func next() throws -> TimedPicture? {
        while waiting.isEmpty {
            guard decoder != nil else { return nil }
            if let packet = try demuxer.read() {
                guard packet.streamIndex == stream.index else { continue }
                waiting = try decoder?.decode(packet) ?? []
            } else if let decoder = decoder.take() {
                waiting = try decoder.finish().frames
            }
        }
        let frame = waiting.removeFirst()
        try InputPlan.check(size: frame.size, limits, name)
        let period = 1 / max(stream.averageFrameRate.value, 1)
        let step = max(1, Int64(period / stream.timebase.value))
        let ticks = frame.bestEffortPTS.map { $0 &- originTicks } ?? ((lastTicks ?? -step) &+ step)
        lastTicks = max(lastTicks ?? ticks, ticks)
        return TimedPicture(frame: frame, time: Double(ticks) * stream.timebase.value)
    }
}
