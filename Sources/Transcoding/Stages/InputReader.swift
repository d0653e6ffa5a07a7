internal import FFmpeg

/// Reads the packets of one input, or of a part of it, and hands them to the stages that decode them.
struct InputReader: ~Copyable {
    let plan: InputPlan
    let span: ClipSpan
    let body: InputBody
    /// libav's name of the container's format.
    let container: String
    private let limits: IngestLimits
    private let name: String
    private var demuxer: Demuxer
    private var packets = PacketWatch()
    /// Packets read while a place to begin was looked for.
    private var early: [Packet] = []
    /// The picture with which decoding begins after a jump; those before it in time lack what they refer to.
    private var firstKeyframe: Int64?
    private var hasJumped = false
    private let witnesses: [FFmpeg.Stream]
    /// Seconds after the origin to the end of the last packet of streams that are not used.
    private(set) var witnessEnd = 0.0
    /// What the container told of damage, once all was read.
    var finding: PacketWatch.Finding { packets.finding }

    /// Opens an input and chooses among its streams.
    ///
    /// - Throws: `input.unreadable`, `input.unsupported`, `input.limit`, `input.too-short`.
    static func open(
        _ body: InputBody,
        for wish: InputPlan.Wish,
        span: ClipSpan = .whole,
        limits: IngestLimits,
        name: String
    ) throws(TranscodingError) -> InputReader {
        let demuxer = try InputOpening.demuxer(body, limits, name)
        let plan = try InputPlan(
            streams: demuxer.streams,
            duration: demuxer.duration,
            wish: wish,
            limits: limits,
            name: name
        )
        if let stated = plan.statedDuration, span.start > 0, span.start >= stated {
            throw .beyond(span, stated, name)
        }
        return InputReader(plan, span, body, demuxer, limits, name)
    }

    private init(
        _ plan: InputPlan,
        _ span: ClipSpan,
        _ body: InputBody,
        _ demuxer: consuming Demuxer,
        _ limits: IngestLimits,
        _ name: String
    ) {
        self.plan = plan
        self.span = span
        self.body = body
        self.limits = limits
        self.name = name
        container = demuxer.formatName
        witnesses = plan.witnesses
        demuxer.select(plan.selection)
        self.demuxer = demuxer
    }

    /// Reads to the end of the span or of the input, or until something failed.
    ///
    /// `watch` is called every 64 packets with the seconds read so far.
    ///
    /// - Returns: why reading ended before the end of the input, if it did.
    mutating func read(
        pictures: Stage<PacketMessage>?,
        sound: Stage<PacketMessage>?,
        failure: FirstFailure,
        watch: (_ seconds: Double) throws -> Void
    ) throws -> FFmpegError? {
        do { try jump() } catch let error as FFmpegError { return error }
        var stop = StopWatch(span, streams: plan.streams, origin: plan.origin)
        var count = 0
        while !failure.hasFailed {
            let packet: Packet?
            do { packet = try next() } catch { return error }
            guard let packet else {
                if !hasJumped { packets.finish(demuxer, body, streams: plan.streams) }
                break
            }
            let stream = witnesses.first { $0.index == packet.streamIndex }
            if let stream { witness(packet, stream) } else { packets.take(packet) }
            let isWanted = stop.take(packet)
            if packet.streamIndex == plan.video?.index {
                if isWanted, canDecode(packet) { pictures?.send(.packet(packet)) }
            } else if packet.streamIndex == plan.audio?.index {
                if isWanted { sound?.send(.packet(packet)) }
            }
            count += 1
            if count % 64 == 0 { try watch(stop.seconds) }
            if stop.isOver { break }
        }
        return nil
    }

    private mutating func witness(_ packet: Packet, _ stream: FFmpeg.Stream) {
        guard let pts = packet.pts else { return }
        let end = Timestamp(ticks: pts &+ max(0, packet.duration), timebase: stream.timebase).seconds
        witnessEnd = max(witnessEnd, end - plan.origin.seconds)
    }

    private mutating func next() throws(FFmpegError) -> Packet? {
        if !early.isEmpty { return early.removeFirst() }
        return try demuxer.read()
    }

    private mutating func canDecode(_ packet: Packet) -> Bool {
        guard let firstKeyframe else { return true }
        if packet.isKeyframe, packet.pts.map({ $0 > firstKeyframe }) ?? true {
            self.firstKeyframe = nil
            return true
        }
        return packet.pts.map { $0 >= firstKeyframe } ?? true
    }
}

/// Going to where a span begins.
extension InputReader {
    /// Up to here it is quicker to decode than to look for a place.
    private static let nearStart = 2.0
    /// Seconds that decoders of sound need to settle.
    private static let preroll = 0.5

    /// Goes to a keyframe before the span's start; further back, or to the beginning, where none is found.
    private mutating func jump() throws {
        guard span.start > InputReader.nearStart, let leader = plan.video ?? plan.audio else { return }
        hasJumped = true
        var back = InputReader.preroll
        while back < span.start {
            if try land(back: back, leader) { return }
            back = back * 3 + 1
        }
        early = []
        firstKeyframe = nil
        body.rewind()
        demuxer = try InputOpening.demuxer(body, limits, name)
        demuxer.select(plan.selection)
    }

    /// Tries a place `back` seconds before the start, and says whether all that is needed comes after it.
    private mutating func land(back: Double, _ leader: FFmpeg.Stream) throws(FFmpegError) -> Bool {
        early = []
        firstKeyframe = nil
        let target = plan.ticks(span.start - back, in: leader)
        guard demuxer.seek(to: target, in: leader) else { return false }
        let start = plan.ticks(span.start, in: leader)
        // Within these many packets there is a keyframe, or none that helps.
        for _ in 0..<20_000 {
            guard let packet = try demuxer.read() else { return false }
            guard packet.streamIndex == leader.index else {
                early.append(packet)
                continue
            }
            guard leader.kind == .audio || packet.isKeyframe else {
                if let dts = packet.dts ?? packet.pts, dts > start { return false }
                continue
            }
            guard let pts = packet.pts ?? packet.dts, pts <= start else { return false }
            if leader.kind == .video { firstKeyframe = pts }
            early.append(packet)
            return soundIsThere(back)
        }
        return false
    }

    /// Sound that lies before its pictures in the file may begin too late where the pictures are right.
    private func soundIsThere(_ back: Double) -> Bool {
        guard let audio = plan.audio, plan.video != nil, back < 30 else { return true }
        let first = early.first { $0.streamIndex == audio.index }?.pts
        return first.map { $0 <= plan.ticks(span.start, in: audio) } ?? true
    }
}

/// Knows when nothing more of a span can come, as far as packets tell.
private struct StopWatch {
    /// Streams of a file are rarely further apart than this.
    private static let patience = 10.0

    /// Seconds from the input's start up to which the leading stream was read.
    private(set) var seconds = 0.0
    private(set) var isOver = false
    private let end: Double?
    private let streams: [FFmpeg.Stream]
    private let starts: [Int64]
    private var passed: Set<Int> = []

    init(_ span: ClipSpan, streams: [FFmpeg.Stream], origin: Timestamp) {
        end = span.end
        self.streams = streams
        starts = streams.map { origin.converted(to: $0.timebase).ticks }
    }

    /// Whether the packet may still be needed.
    mutating func take(_ packet: Packet) -> Bool {
        guard let place = streams.firstIndex(where: { $0.index == packet.streamIndex }) else { return false }
        let timebase = streams[place].timebase.value
        if place == 0, let pts = packet.pts {
            seconds = max(seconds, Double(pts &- starts[place]) * timebase)
        }
        guard let end, let time = packet.dts ?? packet.pts else { return true }
        guard Double(time &- starts[place]) * timebase >= end else { return true }
        // The first packet past the end still goes on: it shows how long the picture before it lasts.
        let isFirst = passed.insert(place).inserted
        isOver =
            passed.count == streams.count
            || Double(time &- starts[place]) * timebase >= end + StopWatch.patience
        return isFirst
    }
}

extension TranscodingError {
    /// An input that ends before the part of it that is wanted.
    static func beyond(_ span: ClipSpan, _ length: Double, _ name: String) -> TranscodingError {
        func text(_ seconds: Double) -> String { "\((seconds * 1000).rounded() / 1000) s" }
        return TranscodingError(
            .inputTooShort,
            "\(name) lasts \(text(length)) and has nothing from \(text(span.start)) on"
        )
    }
}
