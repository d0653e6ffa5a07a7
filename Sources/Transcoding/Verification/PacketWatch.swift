internal import FFmpeg

/// Watches the packets of an input for what a container can tell of damage.
struct PacketWatch {
    /// What was found when all packets were read.
    struct Finding: Equatable {
        var packetCount = 0
        /// Flagged by the demuxer, as after a gap in MPEG-TS's counters.
        var flaggedPackets = 0
        /// In the container's index, and not to be had.
        var missingPackets = 0
        /// Packets that are to be decoded before their predecessor.
        var backwardSteps = 0
        /// Errors in the container's structure that the demuxer logged.
        var complaints = 0

        /// Bytes that the container promises beyond what the file has.
        var missingBytes: Int64 = 0

        var errorCount: Int {
            (missingBytes > 0 ? 1 : 0) + flaggedPackets + missingPackets + backwardSteps + complaints
        }
    }

    private(set) var finding = Finding()
    private var counts: [Int: Int] = [:]
    private var lastDTS: [Int: Int64] = [:]

    /// Takes a packet as it was read.
    mutating func take(_ packet: Packet) {
        finding.packetCount += 1
        counts[packet.streamIndex, default: 0] += 1
        if packet.isCorrupt { finding.flaggedPackets += 1 }
        guard let dts = packet.dts else { return }
        if let last = lastDTS[packet.streamIndex], dts < last { finding.backwardSteps += 1 }
        lastDTS[packet.streamIndex] = dts
    }

    /// Compares what was read with what `demuxer` knows of the streams, at the end of the input.
    mutating func finish(_ demuxer: borrowing Demuxer, _ body: InputBody, streams: [FFmpeg.Stream]) {
        let head = (try? body.head(1024)) ?? []
        finding.missingBytes = BytePromise.missing(
            head: head,
            byteCount: body.byteCount,
            container: demuxer.formatName
        )
        finding.complaints = demuxer.complaintCount + body.structureErrorCount
        // Other containers' indexes list some packets only.
        guard demuxer.formatName.hasPrefix("mov") || demuxer.formatName == "avi" else { return }
        for stream in streams {
            let promised = demuxer.index(of: stream).packetCount
            finding.missingPackets += max(0, promised - (counts[stream.index] ?? 0))
        }
    }
}

/// Finds the pictures that a decoder left out, from the pts of packets and of pictures.
///
/// Pictures leave a decoder in the order of their pts. So a packet's pts that a later one overtakes had none.
struct PictureLedger {
    /// More cannot wait: a decoder holds back 16 pictures, and one for each of its threads.
    private static let mostWaiting = 256

    private(set) var lostCount = 0
    /// Pictures before the first that came out; a recording that begins in the middle of a GOP has some.
    private(set) var leadingCount = 0
    private var waiting: [Int64] = []
    private var hasBegun = false
    private var isValid: Bool

    /// Only codecs of which each packet shows exactly one picture can be judged so.
    init(codec: String) { isValid = codec == "h264" || codec == "hevc" }

    mutating func expect(_ pts: Int64) {
        guard isValid else { return }
        if waiting.count >= PictureLedger.mostWaiting { waiting.removeFirst() }
        waiting.append(pts)
    }

    /// Takes the pts of a picture that came out; those before the first were never to be seen.
    mutating func arrive(_ pts: Int64, isInterlaced: Bool) {
        guard isValid else { return }
        // A packet may hold one field, half a picture.
        guard !isInterlaced else {
            isValid = false
            lostCount = 0
            leadingCount = 0
            return
        }
        let overtaken = waiting.count { $0 < pts }
        if hasBegun { lostCount += overtaken } else { leadingCount = overtaken }
        waiting.removeAll { $0 <= pts }
        hasBegun = true
    }

    /// Counts what did not come out by the end.
    mutating func finish() {
        if isValid, hasBegun { lostCount += waiting.count }
        waiting = []
    }
}

/// Leaves out the errors of what cannot be decoded because the recording began in the middle of a GOP.
struct LeadIn {
    /// A decoder of several threads tells of an error some packets later.
    private static let lateness = 10

    /// Packets since the first keyframe; `nil` before it.
    private var sinceKeyframe: Int?
    private var isOver = false
    private(set) var leadingErrors = 0
    private var hasBegun = false

    /// How many of the `errors` so far are damage, now that one more packet was decoded.
    mutating func damage(_ errors: Int, isKeyframe: Bool) -> Int {
        if !hasBegun {
            hasBegun = true
            isOver = isKeyframe
        }
        if !isOver {
            if let count = sinceKeyframe {
                sinceKeyframe = count + 1
                isOver = count + 1 >= LeadIn.lateness
            } else if isKeyframe {
                sinceKeyframe = 0
            }
            leadingErrors = errors
        }
        return errors - leadingErrors
    }
}
