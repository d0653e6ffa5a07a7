public import FFmpeg
internal import Foundation

/// What a file really holds, found by decoding all of it.
public struct MediaExamination: Sendable, Codable {
    /// What was decoded of one stream.
    public struct StreamFinding: Sendable, Codable {
        /// `video` or `audio`.
        public let kind: String
        /// libav's name.
        public let codec: String
        /// Its number in the container.
        public let index: Int
        /// Packets that the container holds of it.
        public internal(set) var packetCount = 0
        /// Of the packets, without the container.
        public internal(set) var byteCount: Int64 = 0
        /// Pictures at which decoding can begin.
        public internal(set) var keyframeCount = 0
        /// Pictures, or blocks of sound.
        public internal(set) var frameCount = 0
        /// Samples per channel.
        public internal(set) var sampleCount: Int64 = 0
        /// Samples a second; 0 for pictures.
        public internal(set) var sampleRate = 0
        /// Channels; 0 for pictures.
        public internal(set) var channelCount = 0
        /// Pixels, of the last picture.
        public internal(set) var size: Size?
        /// How often the size of pictures changed.
        public internal(set) var sizeChangeCount = 0
        /// Packets that were refused or decoded with errors, and pictures with concealed errors.
        public internal(set) var errorCount = 0
        /// Pictures that did not come out of the decoder.
        public internal(set) var lostCount = 0
        /// Packets that the demuxer flagged as damaged.
        public internal(set) var flaggedCount = 0
        /// Times that do not rise: of packets in decoding order, of frames in order of presentation.
        public internal(set) var backwardCount = 0
        /// Seconds on the file's clock to the start of the first and last frame, and to the end of the last.
        public internal(set) var firstSeconds: Double?
        /// When the last picture or block begins.
        public internal(set) var lastSeconds: Double?
        /// When the last picture or block ends.
        public internal(set) var endSeconds: Double?
        /// Seconds from the start of one frame to that of the next, at most.
        public internal(set) var longestGap = 0.0
        /// Seconds that the container states for the stream; `nil` when it does not.
        public internal(set) var statedDuration: Double?

        init(kind: String, codec: String, index: Int = 0) {
            self.kind = kind
            self.codec = codec
            self.index = index
        }

        init(_ stream: FFmpeg.Stream) {
            self.init(kind: stream.kind.rawValue, codec: stream.codec, index: stream.index)
            statedDuration = stream.duration.map { Double($0) * stream.timebase.value }
        }

        /// Counts a packet; `lastDTS` is that of the packets before, and becomes its own.
        mutating func count(_ packet: Packet, after lastDTS: inout Int64?) {
            packetCount += 1
            byteCount += Int64(packet.byteCount)
            if packet.isKeyframe { keyframeCount += 1 }
            if packet.isCorrupt { flaggedCount += 1 }
            if let dts = packet.dts {
                if let last = lastDTS, dts < last { backwardCount += 1 }
                lastDTS = dts
            }
        }

        /// What was decoded becomes that of a stream in a container, whose packets have yet to be counted.
        mutating func adopt(_ stream: FFmpeg.Stream) {
            var finding = StreamFinding(stream)
            finding.frameCount = frameCount
            finding.size = size
            finding.sizeChangeCount = sizeChangeCount
            finding.errorCount = errorCount
            finding.lostCount = lostCount
            finding.backwardCount = backwardCount
            finding.longestGap = longestGap
            self = finding
        }

        /// Seconds from the start of the first frame to the end of the last.
        public var duration: Double { (endSeconds ?? 0) - (firstSeconds ?? 0) }
        /// Whether everything came out of the decoder, whole and in order, and of pictures as long as is stated.
        public var isWhole: Bool {
            frameCount > 0 && errorCount == 0 && lostCount == 0 && flaggedCount == 0 && backwardCount == 0
                && (kind != "video" || !MediaExamination.isShort(duration, of: statedDuration))
        }
    }

    /// libav's name of the format.
    public let container: String
    /// Bytes of the whole file.
    public let byteCount: Int64
    /// Seconds, as the container states it; `nil` when it does not.
    public let statedDuration: Double?
    /// All streams of pictures and sound, except for cover pictures.
    public let streams: [StreamFinding]
    /// Packets missing from what the container's index promises, and errors in the container's structure.
    public let containerErrors: Int
    /// Why reading ended before the end, in libav's words.
    public let readFailure: String?

    /// The first stream of pictures.
    public var video: StreamFinding? { streams.first { $0.kind == "video" } }
    /// The first stream of sound.
    public var audio: StreamFinding? { streams.first { $0.kind == "audio" } }
    /// Seconds from the first frame of any stream to the end of the last.
    public var duration: Double {
        let start = streams.compactMap(\.firstSeconds).min() ?? 0
        return (streams.compactMap(\.endSeconds).max() ?? start) - start
    }
    /// Seconds by which the sound begins after the pictures; negative when it begins before them.
    public var soundOffset: Double? {
        guard let picture = video?.firstSeconds, let sound = audio?.firstSeconds else { return nil }
        return sound - picture
    }
    /// Whether all of it was decoded without an error, and the container keeps what it promises.
    public var isWhole: Bool {
        !streams.isEmpty && streams.allSatisfy(\.isWhole) && containerErrors == 0 && readFailure == nil
            && !MediaExamination.isShort(duration, of: statedDuration)
    }

    /// Whether over half a second and 2 % of what the container states are missing, as for a transcode.
    private static func isShort(_ duration: Double, of stated: Double?) -> Bool {
        guard let stated else { return false }
        return stated - duration > max(0.5, stated * 0.02)
    }

    /// Decodes a whole file, opened as safely as for a transcode.
    ///
    /// Blocks the calling thread; `threads` are those of each decoder of pictures.
    ///
    /// - Throws: `input.missing`, `input.empty`, `input.unreadable`, `input.unsupported`, `input.limit`. Damage
    ///   is no error but a finding.
    public static func run(
        path: String,
        limits: IngestLimits = IngestLimits(),
        threads: Int? = nil
    ) throws(TranscodingError) -> MediaExamination {
        LogCapture.silence()
        let name = (path as NSString).lastPathComponent
        let body = try InputOpening.body(.file(path: path), limits)
        let demuxer = try InputOpening.demuxer(body, limits, name)
        do {
            let cores = threads ?? ProcessInfo.processInfo.activeProcessorCount
            return try run(demuxer, body, limits, threads: cores, isQuick: false, name: name)
        } catch {
            throw FailureTranslation.of(error)
        }
    }

    static func run(
        _ demuxer: consuming Demuxer,
        _ body: InputBody,
        _ limits: IngestLimits,
        threads: Int,
        isQuick: Bool,
        pictures: ExaminedPictures? = nil,
        name: String
    ) throws -> MediaExamination {
        let watch = ResourceWatch(limits: limits, name: name)
        let chosen = demuxer.streams.filter { stream in
            (stream.kind == .video && !stream.isAttachedPicture || stream.kind == .audio)
                && stream.timebase.isPositive
        }
        demuxer.select(chosen.map(\.index))
        var slots: [Int: ExaminationSlot] = [:]
        for stream in chosen {
            if stream.kind == .video, let pictures {
                slots[stream.index] = ExaminationSlot(PictureReadback(stream, pictures, limits))
                continue
            }
            do {
                slots[stream.index] = ExaminationSlot(
                    try StreamExamination.open(
                        stream,
                        limits: limits,
                        threads: stream.kind == .video ? threads : 1,
                        isQuick: isQuick,
                        name: name
                    )
                )
            } catch {
                throw TranscodingError(
                    .inputUnsupported,
                    "\(name) has a stream in \(stream.codec), which is not supported",
                    cause: error
                )
            }
        }
        var packets = PacketWatch()
        var failure: FFmpegError?
        while true {
            let packet: Packet?
            do { packet = try demuxer.read() } catch {
                failure = error
                break
            }
            guard let packet else {
                packets.finish(demuxer, body, streams: chosen)
                break
            }
            packets.take(packet)
            try slots[packet.streamIndex]?.take(packet)
            if packets.finding.packetCount % 64 == 0 {
                try watch.check(seconds: limits.maxDuration, waited: body.waitedSeconds)
            }
        }
        return MediaExamination(
            container: demuxer.formatName,
            byteCount: body.byteCount,
            statedDuration: demuxer.duration,
            streams: try chosen.compactMap { try slots[$0.index]?.finish() },
            containerErrors: packets.finding.missingPackets + packets.finding.complaints
                + (packets.finding.missingBytes > 0 ? 1 : 0),
            readFailure: failure?.reason
        )
    }
}

/// A place for something noncopyable in a dictionary.
private final class ExaminationSlot {
    private var examination: StreamExamination?
    private var readback: PictureReadback?

    init(_ examination: consuming StreamExamination) { self.examination = consume examination }
    init(_ readback: consuming PictureReadback) { self.readback = consume readback }

    func take(_ packet: Packet) throws {
        try examination?.take(packet)
        try readback?.take(packet)
    }

    func finish() throws -> MediaExamination.StreamFinding? {
        try examination?.finish() ?? readback?.finish()
    }
}
