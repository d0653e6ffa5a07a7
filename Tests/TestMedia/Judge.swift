import Foundation

/// What ffprobe says about a file.
package struct Probe: Decodable, Sendable {
    package let streams: [ProbedStream]
    package let format: ProbedFormat

    package var video: ProbedStream? { streams.first { $0.kind == "video" } }
    package var audio: ProbedStream? { streams.first { $0.kind == "audio" } }
}

/// What ffprobe says about a container.
package struct ProbedFormat: Decodable, Sendable {
    package let name: String
    private let startText: String?
    private let durationText: String?

    /// Seconds.
    package var startTime: Double? { startText.flatMap(Double.init) }
    /// Seconds.
    package var duration: Double? { durationText.flatMap(Double.init) }

    private enum CodingKeys: String, CodingKey {
        case name = "format_name"
        case startText = "start_time"
        case durationText = "duration"
    }
}

/// What ffprobe says about one stream.
package struct ProbedStream: Decodable, Sendable {
    package let kind: String
    package let codec: String?
    package let profile: String?
    package let level: Int?
    package let width: Int?
    package let height: Int?
    package let pixelFormat: String?
    package let sampleAspectRatio: String?
    package let referenceFrames: Int?
    package let reorderedFrames: Int?
    package let colorRange: String?
    package let colorSpace: String?
    package let colorTransfer: String?
    package let colorPrimaries: String?
    package let channels: Int?
    package let channelLayout: String?
    package let fieldOrder: String?
    package let sampleFormat: String?
    private let bitRateText: String?
    private let averageRateText: String?
    private let lowestRateText: String?
    private let sampleRateText: String?
    private let startText: String?
    private let durationText: String?
    private let sideData: [SideData]?

    private struct SideData: Decodable, Sendable { let rotation: Double? }

    /// Frames per second over the whole stream.
    package var averageFrameRate: Double? { averageRateText.flatMap(Self.ratio) }
    /// Frames per second of the finest clock that all pictures fit.
    package var lowestFrameRate: Double? { lowestRateText.flatMap(Self.ratio) }
    package var sampleRate: Int? { sampleRateText.flatMap { Int($0) } }
    package var bitsPerSecond: Int? { bitRateText.flatMap { Int($0) } }
    /// Seconds.
    package var startTime: Double? { startText.flatMap(Double.init) }
    /// Seconds.
    package var duration: Double? { durationText.flatMap(Double.init) }
    /// Degrees of the display matrix, or nil when there is none.
    package var rotation: Double? { sideData?.compactMap(\.rotation).first }

    private static func ratio(_ text: String) -> Double? {
        let parts = text.split(separator: "/").compactMap { Double($0) }
        guard parts.count == 2, parts[1] != 0 else { return nil }
        return parts[0] / parts[1]
    }

    private enum CodingKeys: String, CodingKey {
        case profile, level, width, height, channels
        case kind = "codec_type"
        case codec = "codec_name"
        case pixelFormat = "pix_fmt"
        case sampleAspectRatio = "sample_aspect_ratio"
        case referenceFrames = "refs"
        case reorderedFrames = "has_b_frames"
        case colorRange = "color_range"
        case colorSpace = "color_space"
        case colorTransfer = "color_transfer"
        case colorPrimaries = "color_primaries"
        case channelLayout = "channel_layout"
        case averageRateText = "avg_frame_rate"
        case lowestRateText = "r_frame_rate"
        case sampleRateText = "sample_rate"
        case startText = "start_time"
        case durationText = "duration"
        case fieldOrder = "field_order"
        case bitRateText = "bit_rate"
        case sampleFormat = "sample_fmt"
        case sideData = "side_data_list"
    }
}

/// A picture's number, read from the strip over its top, and when it is shown.
package struct NumberedFrame: Sendable, Equatable {
    package let number: Int
    /// Seconds.
    package let pts: Double
}

/// Judges media files with ffprobe and ffmpeg, never with the code under test.
package enum Judge {
    package static func probe(_ path: String) throws -> Probe {
        let arguments = ["-v", "error", "-show_streams", "-show_format", "-of", "json", path]
        return try JSONDecoder().decode(Probe.self, from: try Tool.ffprobe.output(arguments))
    }

    /// One packet of a stream, as ffprobe lists it.
    package struct ListedPacket: Sendable {
        /// Seconds.
        package let pts: Double
        package let isKeyframe: Bool
        package let byteCount: Int
    }

    /// The packets of one stream in file order; `stream` is an ffprobe specifier such as `v:0`.
    package static func packets(_ path: String, stream: String = "v:0") throws -> [ListedPacket] {
        try listing(path, stream: stream, entries: "packet=pts_time,size,flags").compactMap { line in
            let fields = line.split(separator: ",")
            guard fields.count >= 3, let pts = Double(fields[0]), let size = Int(fields[1]) else {
                return nil
            }
            return ListedPacket(pts: pts, isKeyframe: fields[2].contains("K"), byteCount: size)
        }
    }

    /// What ffmpeg complains about while it decodes the whole file.
    package static func decodeErrors(_ path: String) throws -> [String] {
        let result = try Tool.ffmpeg.run([
            "-nostdin", "-v", "error", "-i", path, "-enc_time_base", "-1", "-f", "null", "-",
        ])
        guard result.status == 0 else { return ["ffmpeg ended with \(result.status)"] + result.errorLines }
        return result.errorLines
    }

    /// One hash a stream, of its packets as they are.
    package static func streamHashes(_ path: String) throws -> String {
        let arguments = ["-nostdin", "-v", "error", "-i", path, "-map", "0", "-c", "copy"]
        let hashes = try Tool.ffmpeg.output(arguments + ["-f", "streamhash", "-"])
        return String(decoding: hashes, as: UTF8.self)
    }

    /// The number in each picture's strip, with its pts, in the order of presentation.
    package static func frameNumbers(_ path: String) throws -> [NumberedFrame] {
        let strip = "crop=iw:ih/20:0:ih/40,format=gray,scale=16:1:flags=area"
        let pixels = try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-i", path, "-map", "0:v:0", "-vf", strip,
            "-fps_mode", "passthrough", "-f", "rawvideo", "-",
        ])
        let times = try listing(path, stream: "v:0", entries: "frame=best_effort_timestamp_time")
            .compactMap { line in line.split(separator: ",").first.flatMap { Double($0) } }
        guard pixels.count == times.count * 16 else {
            throw Tool.Failure(description: "\(path): \(pixels.count / 16) pictures, \(times.count) times")
        }
        let bytes = [UInt8](pixels)
        return times.enumerated().map { index, pts in
            let number = (0..<16).reduce(0) { $0 | (bytes[index * 16 + $1] > 127 ? 1 << $1 : 0) }
            return NumberedFrame(number: number, pts: pts)
        }
    }

    /// When each beep begins, in seconds on the file's own clock.
    ///
    /// A beep is the first loud sample after 200 ms of silence.
    package static func beepTimes(_ path: String) throws -> [Double] {
        let rate = 44_100
        // Silence is put before sound that starts late, so that the first sample is time 0.
        let pcm = try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-copyts", "-i", path, "-map", "0:a:0",
            "-af", "aresample=\(rate):async=1:first_pts=0", "-ac", "1", "-f", "s16le", "-",
        ])
        var times: [Double] = []
        var lastLoud = -rate
        pcm.withUnsafeBytes { bytes in
            for index in 0..<bytes.count / 2 {
                let sample = bytes.loadUnaligned(fromByteOffset: index * 2, as: Int16.self)
                guard abs(Int(Int16(littleEndian: sample))) > 1_500 else { continue }
                if index - lastLoud > rate / 5 { times.append(Double(index) / Double(rate)) }
                lastLoud = index
            }
        }
        return times
    }

    private static func listing(_ path: String, stream: String, entries: String) throws -> [String] {
        let data = try Tool.ffprobe.output([
            "-v", "error", "-select_streams", stream, "-show_entries", entries, "-of", "csv=p=0", path,
        ])
        return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
    }

    /// The types of the boxes an MP4 file consists of, in order (ISO/IEC 14496-12 §4.2).
    package static func topLevelBoxes(_ path: String) throws -> [String] {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        let end = try file.seekToEnd()
        var types: [String] = []
        var position: UInt64 = 0
        while position < end {
            try file.seek(toOffset: position)
            let header = try file.read(upToCount: 16) ?? Data()
            guard header.count >= 8 else { throw Tool.Failure(description: "\(path): box cut short") }
            types.append(String(decoding: header[4..<8], as: UTF8.self))
            var size = bigEndian(header[0..<4])
            if size == 0 { break }
            if size == 1, header.count == 16 { size = bigEndian(header[8..<16]) }
            guard size >= 8, size <= end - position else {
                throw Tool.Failure(description: "\(path): box of \(size) bytes")
            }
            position += size
        }
        return types
    }

    private static func bigEndian(_ bytes: Data) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
