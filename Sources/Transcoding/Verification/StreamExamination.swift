internal import FFmpeg

/// Decodes all of one stream and keeps nothing of it but numbers.
struct StreamExamination: ~Copyable {
    private(set) var finding: MediaExamination.StreamFinding
    private let timebase: Timebase
    /// Ticks that a picture lasts unless it says so itself.
    private let period: Double
    private var decoder: Decoder?
    private var ledger: PictureLedger
    /// `nil` for what this process made itself.
    private var check: BitstreamCheck?
    private var lastDTS: Int64?
    private var lastPTS: Int64?
    private let limits: IngestLimits
    private let name: String

    /// Opens the examination of a stream of a file.
    ///
    /// `isQuick` leaves out the loop filter, in which nothing can fail and which costs a fifth of the time;
    /// what follows from a picture is then slightly off, but is decoded all the same.
    static func open(
        _ stream: FFmpeg.Stream,
        limits: IngestLimits,
        threads: Int,
        isQuick: Bool,
        name: String
    ) throws(FFmpegError) -> StreamExamination {
        let decoder = try Decoder.open(
            stream,
            limits: limits,
            threads: threads,
            loopFilter: isQuick ? .nowhere : .everywhere
        )
        return StreamExamination(
            decoder,
            MediaExamination.StreamFinding(stream),
            timebase: stream.timebase,
            frameRate: stream.averageFrameRate.value,
            check: isQuick ? nil : BitstreamCheck(stream, limits),
            limits: limits,
            name: name
        )
    }

    /// Opens the examination of what an encoder of this process makes.
    static func open(
        _ track: Muxer.Track,
        _ kind: FFmpeg.Stream.Kind,
        limits: IngestLimits,
        threads: Int,
        name: String
    ) throws(FFmpegError) -> StreamExamination {
        let decoder = try Decoder.open(track, threads: threads, loopFilter: .nowhere)
        let codec = decoder.codec
        return StreamExamination(
            decoder,
            MediaExamination.StreamFinding(kind: kind.rawValue, codec: codec),
            timebase: track.timebase,
            frameRate: 0,
            check: nil,
            limits: limits,
            name: name
        )
    }

    private init(
        _ decoder: consuming Decoder,
        _ finding: MediaExamination.StreamFinding,
        timebase: Timebase,
        frameRate: Double,
        check: BitstreamCheck?,
        limits: IngestLimits,
        name: String
    ) {
        self.finding = finding
        self.timebase = timebase
        period = timebase.value > 0 && frameRate > 0 ? 1 / frameRate / timebase.value : 0
        ledger = PictureLedger(codec: finding.codec)
        self.check = check
        self.decoder = consume decoder
        self.limits = limits
        self.name = name
    }

    /// Leaves out the loop filter from the next packet on, or no longer does.
    mutating func setQuick(_ isQuick: Bool) { decoder?.set(isQuick ? .nowhere : .everywhere) }

    /// Takes the next packet, and returns what the decoder made of it.
    @discardableResult
    mutating func take(_ packet: Packet) throws -> [Frame] {
        finding.count(packet, after: &lastDTS)
        if let pts = packet.pts, !packet.isDiscarded { ledger.expect(pts) }
        check?.take(packet)
        let frames = try decoder?.decode(packet) ?? []
        for frame in frames {
            check?.take(frame, complaints: decoder?.errorCount ?? 0)
            try take(frame)
        }
        return frames
    }

    /// Takes a packet without decoding it, of whose picture no other picture needs to know.
    mutating func pass(_ packet: Packet) {
        finding.count(packet, after: &lastDTS)
        finding.frameCount += 1
        guard let pts = packet.pts else { return }
        extend(to: Timestamp(ticks: pts, timebase: timebase).seconds, length: length(packet.duration))
    }

    /// Decodes what is held back; no packet may follow.
    mutating func drain() throws -> [Frame] {
        guard let decoder = decoder.take() else { return [] }
        let rest = try decoder.finish()
        for frame in rest.frames {
            check?.take(frame, complaints: rest.errorCount)
            try take(frame)
        }
        check?.finish()
        finding.errorCount = check?.finalCount(rest.errorCount) ?? rest.errorCount
        return rest.frames
    }

    /// Decodes what is held back, and returns the numbers.
    mutating func finish() throws -> MediaExamination.StreamFinding {
        _ = try drain()
        ledger.finish()
        finding.lostCount = ledger.lostCount
        return finding
    }

    private mutating func take(_ frame: Frame) throws {
        finding.frameCount += 1
        if frame.sampleCount > 0 {
            finding.sampleCount += Int64(frame.sampleCount)
            finding.sampleRate = frame.sampleRate
            finding.channelCount = frame.channelCount
        } else {
            try InputPlan.check(size: frame.size, limits, name)
            if let size = finding.size, size != frame.size { finding.sizeChangeCount += 1 }
            finding.size = frame.size
            if let pts = frame.pts { ledger.arrive(pts, isInterlaced: frame.isInterlaced) }
        }
        guard let pts = frame.bestEffortPTS else { return }
        let start = Timestamp(ticks: pts, timebase: timebase).seconds
        finding.firstSeconds = finding.firstSeconds ?? start
        if let last = lastPTS {
            if pts <= last { finding.backwardCount += 1 }
            finding.longestGap = max(finding.longestGap, Double(pts &- last) * timebase.value)
        }
        lastPTS = pts
        extend(
            to: start,
            length: frame.sampleCount > 0 && frame.sampleRate > 0
                ? Double(frame.sampleCount) / Double(frame.sampleRate) : length(frame.duration)
        )
    }

    /// Seconds that a picture lasts, from the ticks it states; 0 where it does not.
    private func length(_ ticks: Int64) -> Double {
        (ticks > 0 ? Double(ticks) : period) * timebase.value
    }

    private mutating func extend(to start: Double, length: Double) {
        finding.lastSeconds = max(finding.lastSeconds ?? start, start)
        finding.endSeconds = max(finding.endSeconds ?? start, start + length)
    }
}
