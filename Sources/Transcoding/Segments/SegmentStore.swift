internal import FFmpeg
internal import Foundation

/// Keeps finished ranges in a folder, so that a transcode that was killed goes on where it was.
///
/// A range belongs to a key, which says of what and how it was made; those of other keys are left alone. A
/// file that is cut short or altered fails its checksum, and its range is made again.
struct SegmentStore: Sendable {
    private static let magic = Array("recast segment 1\n".utf8)
    private static let digestCount = 64

    private let folder: String
    /// SHA-256 of all that the ranges depend on, in hexadecimal.
    private let key: String

    /// What is stored beside the packets' bytes.
    private struct Head: Codable {
        struct Item: Codable {
            let pts: Int64
            let dts: Int64
            let duration: Int64
            let isKeyframe: Bool
            let byteCount: Int
        }
        let key: String
        let index: Int
        let header: [UInt8]
        let items: [Item]
        let tally: DecodeStage.Tally
        let maker: VideoEncodeStage.Maker?
    }

    /// Opens a folder for the ranges of one key, and makes it where it is missing.
    ///
    /// - Throws: `output.unwritable`.
    init(folder: String, key: String) throws(TranscodingError) {
        self.folder = folder
        self.key = key
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw TranscodingError(.outputUnwritable, "\(folder) cannot be made: \(error)")
        }
    }

    /// A finished range; `nil` where there is none that is whole.
    func read(_ index: Int) -> EncodedSegment? {
        guard let data = FileManager.default.contents(atPath: path(index)) else { return nil }
        return try? decode([UInt8](data), index)
    }

    /// Keeps a finished range.
    ///
    /// - Throws: `output.unwritable`.
    func write(_ segment: EncodedSegment, _ index: Int) throws(TranscodingError) {
        do {
            let bytes = try encode(segment, index)
            let draft = path(index) + ".part"
            guard FileManager.default.createFile(atPath: draft, contents: Data(bytes)) else {
                throw CocoaError(.fileWriteUnknown)
            }
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: draft))
            try file.synchronize()
            try file.close()
            guard rename(draft, path(index)) == 0 else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            throw TranscodingError(.outputUnwritable, "\(folder) cannot keep a range: \(error)")
        }
    }

    /// Removes the ranges of this key, which nobody needs once the output is there.
    func clear(count: Int) {
        for index in 0..<count { unlink(path(index)) }
        for index in 0..<count { unlink(path(index) + ".part") }
    }

    private func path(_ index: Int) -> String {
        (folder as NSString).appendingPathComponent("\(key.prefix(24))-\(index).segment")
    }

    private func encode(_ segment: EncodedSegment, _ index: Int) throws -> [UInt8] {
        let items = segment.packets.map { packet in
            Head.Item(
                pts: packet.pts ?? 0,
                dts: packet.dts ?? 0,
                duration: packet.duration,
                isKeyframe: packet.isKeyframe,
                byteCount: packet.byteCount
            )
        }
        let head = Head(
            key: key,
            index: index,
            header: segment.header,
            items: items,
            tally: segment.tally,
            maker: segment.maker
        )
        let text = [UInt8](try JSONEncoder().encode(head))
        var bytes = SegmentStore.magic
        bytes.reserveCapacity(text.count + segment.byteCount + 128)
        withUnsafeBytes(of: UInt64(text.count).littleEndian) { bytes += $0 }
        bytes += text
        for packet in segment.packets { bytes += packet.bytes }
        return bytes + Array(Digest.sha256(bytes).utf8)
    }

    private func decode(_ bytes: [UInt8], _ index: Int) throws -> EncodedSegment? {
        let start = SegmentStore.magic.count + 8
        let end = bytes.count - SegmentStore.digestCount
        guard end >= start, bytes.starts(with: SegmentStore.magic) else { return nil }
        guard Digest.sha256(Array(bytes[..<end])) == String(decoding: bytes[end...], as: UTF8.self)
        else { return nil }
        let length = bytes[SegmentStore.magic.count..<start].reversed().reduce(UInt64(0)) {
            $0 << 8 | UInt64($1)
        }
        guard length <= UInt64(end - start) else { return nil }
        var position = start + Int(length)
        let head = try JSONDecoder().decode(Head.self, from: Data(bytes[start..<position]))
        guard head.key == key, head.index == index else { return nil }
        var segment = EncodedSegment()
        for item in head.items {
            guard item.byteCount >= 0, item.byteCount <= end - position else { return nil }
            segment.packets.append(
                try Packet(
                    Array(bytes[position..<position + item.byteCount]),
                    pts: item.pts,
                    dts: item.dts,
                    duration: item.duration,
                    isKeyframe: item.isKeyframe
                )
            )
            position += item.byteCount
        }
        guard position == end else { return nil }
        segment.header = head.header
        segment.tally = head.tally
        segment.maker = head.maker
        return segment
    }
}
