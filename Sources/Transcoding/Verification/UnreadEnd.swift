internal import FFmpeg

/// Tells whether a decoder leaves the end of a part of a packet unread.
///
/// An entropy decoder reads a slice from its first to its last byte. One that met a wrong bit goes on with other
/// symbols and mostly comes to the picture's end sooner, with bytes left over; no decoder of libav's complains of
/// that. So the end is overwritten: where nothing that is shown changes, nobody read it.
struct UnreadEnd {
    /// A keyframe and what follows it up to the next one, in the order of decoding.
    let packets: [Packet]
    let stream: FFmpeg.Stream
    let units: EntropyUnits
    let limits: IngestLimits
    /// What may still be spent on decoding, as `cost` counts.
    private(set) var budget: Int
    /// The checksum of the first picture, where the decode stage had it already.
    private let first: UInt32?
    private let loopFilter: LoopFilter
    /// The pictures as they are.
    private let baseline: DecodingRun

    /// So many bytes are overwritten; of a hidden picture an eighth, since not all of it need ever be shown.
    private static let count = 16
    private static let patterns: [UInt8] = [0xff, 0x55]
    /// Parts of under so many bytes are not judged.
    private static let smallest = 64

    init(
        _ packets: [Packet],
        _ stream: FFmpeg.Stream,
        _ units: EntropyUnits,
        _ limits: IngestLimits,
        budget: Int,
        first: UInt32? = nil
    ) {
        (self.packets, self.stream, self.units, self.limits) = (packets, stream, units, limits)
        (self.budget, self.first) = (budget, first)
        // Without the filter two runs are equally wrong; the first picture is one of the decode stage's.
        loopFilter = first == nil ? .nowhere : .references
        baseline = DecodingRun(packets, stream, limits, loopFilter)
    }

    /// What it costs to decode a packet, as if time went by its bytes and a hundredth of the picture's pixels: a
    /// million is a fifth of a second.
    static func cost(_ packet: Packet, of stream: FFmpeg.Stream) -> Int {
        packet.byteCount + max(0, stream.size.width * stream.size.height) / 100
    }

    /// Whether one of the packets up to `last` has an end that is not read, where others are read to theirs.
    ///
    /// Those next to `last` are looked at first, for as long as the budget lasts.
    mutating func isThere(upTo last: Int) throws(FFmpegError) -> Bool {
        var hasUnread = false
        var hasRead = false
        for number in stride(from: min(last, packets.count - 1), through: 0, by: -1) where isShown(number) {
            for unit in units.units(packets[number]) where unit.range.count >= UnreadEnd.smallest {
                guard let isRead = try isRead(unit, of: number) else { return false }
                if isRead { hasRead = true } else { hasUnread = true }
                // Some encoders fill up all of their slices.
                if hasRead, hasUnread { return true }
            }
        }
        return false
    }

    /// Whether a packet is decoded and shown that comes behind this keyframe.
    ///
    /// Pictures that are shown before it refer to an earlier one, and HEVC's decoder leaves them out.
    private func isShown(_ number: Int) -> Bool {
        guard let first = packets.first?.pts, let pts = packets[number].pts else { return false }
        return !packets[number].isDiscarded && pts >= first
    }

    /// `nil` when the budget is at its end.
    private mutating func isRead(_ unit: EntropyUnits.Unit, of number: Int) throws(FFmpegError) -> Bool? {
        let count = max(UnreadEnd.count, unit.isHidden ? unit.range.count / 8 : 0)
        let end = unit.range.upperBound - count..<unit.range.upperBound
        let known = first.map { DecodingRun.Picture(sum: $0, errorCount: 0) }
        for pattern in UnreadEnd.patterns {
            var changed = packets
            changed[number] = try packets[number].filling(end, with: pattern)
            let run = DecodingRun(changed, stream, limits, loopFilter)
            let before = baseline.spent
            defer { budget -= run.spent + baseline.spent - before }
            var index = 0
            while true {
                guard run.spent + baseline.spent - before < budget else { return nil }
                let shown = try run.picture(index)
                let was = try index == 0 && first != nil ? known : baseline.picture(index)
                guard shown == was else { return true }
                guard shown != nil else { break }
                index += 1
            }
        }
        return false
    }
}

/// Decodes packets no further than it is asked to.
private final class DecodingRun {
    /// What was decoded, and after how many errors.
    struct Picture: Equatable {
        var sum: UInt32
        var errorCount: Int
    }

    /// What was spent on it, as `UnreadEnd.cost` counts.
    private(set) var spent = 0
    private let packets: [Packet]
    private let stream: FFmpeg.Stream
    private let limits: IngestLimits
    private let loopFilter: LoopFilter
    private var decoder: Decoder?
    private var decodedCount = 0
    private var pictures: [Picture] = []

    init(_ packets: [Packet], _ stream: FFmpeg.Stream, _ limits: IngestLimits, _ loopFilter: LoopFilter) {
        (self.packets, self.stream, self.limits, self.loopFilter) = (packets, stream, limits, loopFilter)
    }

    /// `nil` behind the last picture.
    func picture(_ index: Int) throws(FFmpegError) -> Picture? {
        while index >= pictures.count {
            guard decodedCount <= packets.count else { return nil }
            if decodedCount == 0 {
                decoder = try Decoder.open(
                    stream,
                    limits: limits,
                    threads: 1,
                    loopFilter: loopFilter
                )
            }
            decodedCount += 1
            if decodedCount <= packets.count {
                let packet = packets[decodedCount - 1]
                spent += UnreadEnd.cost(packet, of: stream)
                let frames = try decoder?.decode(packet) ?? []
                keep(frames, decoder?.errorCount ?? 0)
            } else if let decoder = decoder.take() {
                let rest = try decoder.finish()
                keep(rest.frames, rest.errorCount)
            }
        }
        return pictures[index]
    }

    private func keep(_ frames: [Frame], _ errorCount: Int) {
        for frame in frames { pictures.append(Picture(sum: frame.checksum, errorCount: errorCount)) }
    }
}
