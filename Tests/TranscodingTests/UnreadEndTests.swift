import FFmpeg
import Foundation
import TestMedia
import Testing

@testable import Transcoding

@Suite("Ends that nobody reads")
struct UnreadEndTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    /// Makes a clip of twelve pictures, and returns its path.
    private func makeClip(_ file: String, _ options: [String]) throws -> String {
        let path = workspace.path(file)
        try Tool.ffmpeg.output(
            [
                "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=192x128:rate=12:duration=1",
                "-pix_fmt", "yuv420p", "-threads", "1",
            ] + options + [path]
        )
        return path
    }

    /// The first groups of pictures of a file, each cut off after some packets.
    private func groups(_ path: String, _ count: Int, packets: Int) throws -> (FFmpeg.Stream, [[Packet]])? {
        var demuxer = try Demuxer.open(try InputBody(path: path), limits: IngestLimits())
        guard let stream = demuxer.streams.first(where: { $0.kind == .video }), EntropyUnits(stream) != nil
        else { return nil }
        var groups: [[Packet]] = []
        while let packet = try demuxer.read() {
            guard packet.streamIndex == stream.index else { continue }
            if packet.isKeyframe {
                if groups.count == count { break }
                groups.append([])
            }
            guard let last = groups.indices.last, groups[last].count < packets else { continue }
            groups[last].append(packet)
        }
        return (stream, groups)
    }

    private func isUnread(_ stream: FFmpeg.Stream, _ packets: [Packet], upTo last: Int) throws -> Bool {
        let units = try #require(EntropyUnits(stream))
        var end = UnreadEnd(packets, stream, units, IngestLimits(), budget: 1 << 40)
        return try end.isThere(upTo: last)
    }

    private static let encoders = [
        ("libx264", ["-c:v", "libx264", "-preset", "veryfast"], "clip.mp4"),
        ("x264's slices", ["-c:v", "libx264", "-x264-params", "slices=3:bframes=0"], "clip.ts"),
        ("libx265", ["-c:v", "libx265", "-x265-params", "log-level=none"], "clip.mkv"),
        ("libvpx", ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "-4"], "vp8.webm"),
        ("libvpx-vp9", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"], "vp9.webm"),
    ]

    @Test("Bytes behind a part's end are found, and none without them", arguments: encoders)
    func appended(_ encoder: (name: String, options: [String], file: String)) throws {
        let path = try makeClip(encoder.file, ["-b:v", "300k", "-g", "12"] + encoder.options)
        let (stream, groups) = try #require(try groups(path, 1, packets: 12))
        let packets = try #require(groups.first)
        #expect(try !isUnread(stream, packets, upTo: packets.count - 1))
        // A longer picture in the place of a shorter one would do the same; here its bytes are simply doubled.
        let units = try #require(EntropyUnits(stream))
        let number = packets.count / 2
        let unit = try #require(units.units(packets[number]).last)
        #expect(unit.range.count > 64)
        let grown = try packet(packets[number], doubling: unit.range, in: encoder.file)
        var changed = packets
        changed[number] = grown
        #expect(try isUnread(stream, changed, upTo: number))
    }

    @Test("The first picture waits until there is enough to spend on it", arguments: [false, true])
    func waiting(isKnown: Bool) throws {
        let path = try makeClip("clip.mp4", ["-c:v", "libx264", "-x264-params", "slices=2:keyint=6"])
        let (stream, groups) = try #require(try groups(path, 1, packets: 6))
        var group = UnreadJudge.Group(isFirst: true)
        group.packets = try #require(groups.first)
        let units = try #require(EntropyUnits(stream))
        let unit = try #require(units.units(group.packets[0]).last)
        group.packets[0] = try packet(group.packets[0], doubling: unit.range, in: "clip.mp4")
        var decoder = try Decoder.open(stream, limits: IngestLimits(), threads: 1)
        var frames: [Frame] = []
        for packet in group.packets { frames += try decoder.decode(packet) }
        frames += try decoder.finish().frames
        group.pictures = frames.map { SuddenChange.Picture(pts: $0.pts ?? 0, change: nil) }
        if isKnown { group.firstSum = frames.first?.checksum }
        let judge = UnreadJudge(stream, units, IngestLimits(), firstAllowance: 0)
        group.decodedCost = 10_000
        judge.accept(group)
        #expect(judge.damagedCount == 0)
        judge.finish(decodedCost: 100_000_000)
        #expect(judge.damagedCount == 1)
    }

    /// The packet with the bytes of its last part there twice, and the length before it corrected.
    private func packet(_ packet: Packet, doubling range: Range<Int>, in file: String) throws -> Packet {
        var bytes = Array(packet.bytes[..<range.upperBound])
        bytes += packet.bytes[range].dropFirst(8).map { $0 == 0 ? 1 : $0 }
        if file == "clip.mp4" || file == "clip.mkv" {
            let length = UInt32(bytes.count - range.lowerBound)
            for offset in 0..<4 {
                bytes[range.lowerBound - 4 + offset] = UInt8(length >> (24 - 8 * offset) & 255)
            }
        }
        let (pts, dts) = (packet.pts ?? 0, packet.dts ?? packet.pts ?? 0)
        return try Packet(bytes, pts: pts, dts: dts, duration: packet.duration, isKeyframe: packet.isKeyframe)
    }

    @Test("Every slice of the real clips is read to its end", .enabled(if: Samples.furtherMedia != nil))
    func real() throws {
        let folder = try #require(Samples.furtherMedia)
        var count = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            guard ["mp4", "webm", "mov"].contains((name as NSString).pathExtension),
                let (stream, groups) = try groups(folder.appendingPathComponent(name).path, 3, packets: 5)
            else { continue }
            for packets in groups where packets.count > 1 {
                #expect(try !isUnread(stream, packets, upTo: packets.count - 1), "\(name)")
                count += 1
            }
        }
        #expect(count > 10)
    }

    private func group(_ changes: [Int: UInt8], count: Int = 10) -> [SuddenChange.Picture] {
        (0..<count).map { number in
            var change = [UInt8](repeating: 2, count: 576)
            if let step = changes[number] { for cell in 100..<110 { change[cell] = step } }
            return SuddenChange.Picture(pts: Int64(number), change: number == 0 ? nil : change)
        }
    }

    private func keyframe(_ step: UInt8) -> [UInt8] {
        var change = [UInt8](repeating: 2, count: 576)
        for cell in 100..<110 { change[cell] = step }
        return change
    }

    @Test("What appears and goes with the next keyframe is sudden")
    func sudden() {
        #expect(SuddenChange.find(group([4: 40]), next: keyframe(40)) == 4)
        #expect(SuddenChange.find(group([2: 30, 6: 60]), next: keyframe(40)) == 6)
    }

    @Test("What stays, or moves all the time, is not sudden")
    func steady() {
        #expect(SuddenChange.find(group([4: 40]), next: keyframe(2)) == nil)
        #expect(SuddenChange.find(group([:]), next: keyframe(40)) == nil)
        let moving = Dictionary(uniqueKeysWithValues: (1..<10).map { ($0, UInt8(40)) })
        #expect(SuddenChange.find(group(moving), next: keyframe(50)) == nil)
    }

    @Test("A change of a few cells is not sudden")
    func few() {
        let few = group([:]).enumerated().map { number, picture in
            var picture = picture
            if number == 4 { for cell in 100..<103 { picture.change?[cell] = 90 } }
            return picture
        }
        #expect(SuddenChange.find(few, next: keyframe(90)) == nil)
    }

    @Test("At the end of a stream, a sudden change alone will do")
    func ending() {
        #expect(SuddenChange.find(group([7: 40]), next: nil) == 7)
        #expect(SuddenChange.find(group([:]), next: nil) == nil)
    }
}
