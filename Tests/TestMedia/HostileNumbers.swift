import Foundation

/// One absurd number in a small file that is whole otherwise.
package struct HostileNumber: Sendable, CustomStringConvertible {
    package let name: String
    let container: String
    /// What comes before the number, and how many bytes lie in between.
    let mark: [UInt8]
    let offset: Int
    let bytes: [UInt8]

    package var description: String { name }

    private static func box(_ type: String, _ offset: Int, _ bytes: [UInt8], _ name: String) -> HostileNumber
    {
        HostileNumber(name: name, container: "mp4", mark: Array(type.utf8), offset: offset, bytes: bytes)
    }

    private static func chunk(_ type: String, _ offset: Int, _ bytes: [UInt8], _ name: String)
        -> HostileNumber
    {
        HostileNumber(name: name, container: "avi", mark: Array(type.utf8), offset: offset, bytes: bytes)
    }

    /// The element's id and size come first.
    private static func element(_ head: [UInt8], _ bytes: [UInt8], _ name: String) -> HostileNumber {
        HostileNumber(name: name, container: "mkv", mark: head, offset: 0, bytes: bytes)
    }

    private static let most: [UInt8] = [255, 255, 255, 255]
    private static let half: [UInt8] = [0x7f, 255, 255, 255]
    private static let least: [UInt8] = [0x80, 0, 0, 0]
    private static let none: [UInt8] = [0, 0, 0, 0]

    /// ISO/IEC 14496-12 §8, the Matroska and AVI specifications.
    package static let all: [HostileNumber] = [
        box("mdhd", 12, none, "a media timescale of 0"),
        box("mdhd", 12, most, "a media timescale of 2³² − 1"),
        box("mdhd", 16, most, "a media duration of 2³² − 1"),
        box("mvhd", 12, none, "a movie timescale of 0"),
        box("mvhd", 12, most, "a movie timescale of 2³² − 1"),
        box("mvhd", 16, most, "a movie duration of 2³² − 1"),
        box("stts", 12, none, "pictures that last 0"),
        box("stts", 12, most, "pictures that last 2³² − 1"),
        box("stts", 8, half, "2³¹ − 1 pictures"),
        box("ctts", 12, half, "pictures shown 2³¹ − 1 later"),
        box("ctts", 12, least, "pictures shown 2³¹ earlier"),
        box("elst", 8, most, "an edit of 2³² − 1"),
        box("elst", 12, half, "an edit from 2³¹ − 1 on"),
        box("elst", 12, least, "an edit from −2³¹ on"),
        box("elst", 16, most, "an edit at another rate"),
        box("avc1", 24, [255, 255, 255, 255], "pictures of 65535x65535"),
        box("avc1", 24, none, "pictures of 0x0"),
        box("mp4a", 16, [255, 255], "65535 channels"),
        box("mp4a", 16, [0, 0], "0 channels"),
        box("mp4a", 24, none, "0 samples a second"),
        box("mp4a", 24, most, "65535 samples a second"),
        box("stsz", 4, half, "packets of 2³¹ − 1 bytes"),
        box("stsz", 8, most, "2³² − 1 packets"),
        box("stsc", 12, most, "2³² − 1 packets in a chunk"),
        box("stco", 8, most, "a chunk 4 GiB away"),
        chunk("avih", 4, none, "AVI pictures that last 0"),
        chunk("strh", 24, none + none, "a rate of 0/0"),
        chunk("strh", 24, none + [1, 0, 0, 0], "a rate of 1/0"),
        chunk("strh", 24, [1, 0, 0, 0] + [0, 0, 0, 0x80], "a rate of 2³¹"),
        chunk("strh", 24, most + [1, 0, 0, 0], "a rate of 1/(2³² − 1)"),
        chunk("strh", 32, [0, 0, 0, 0x80], "a start of 2³¹"),
        chunk("strh", 36, most, "a length of 2³² − 1"),
        element([0x2a, 0xd7, 0xb1, 0x83], [0, 0, 0], "ticks of 0 ns"),
        element([0x2a, 0xd7, 0xb1, 0x83], [255, 255, 255], "ticks of 17 ms"),
        element([0x44, 0x89, 0x88], [0x7f, 0xf8, 0, 0, 0, 0, 0, 0], "a duration that is no number"),
        element([0x44, 0x89, 0x88], [0x7f, 0xf0, 0, 0, 0, 0, 0, 0], "an infinite duration"),
        element([0x44, 0x89, 0x88], [0xff, 0xe0, 0, 0, 0, 0, 0, 0], "a duration of −10³⁰⁷"),
        element([0x23, 0xe3, 0x83, 0x84], [0, 0, 0, 1], "pictures that last 1 ns"),
        element([0x23, 0xe3, 0x83, 0x84], most, "pictures that last 4 s"),
    ]
}

extension HostileFiles {
    /// Makes a clip of two seconds with one absurd number in it.
    package func number(_ number: HostileNumber) throws -> String {
        let recipe = ClipRecipe(width: 320, height: 240, seconds: 2)
        var arguments = recipe.arguments
        if number.container == "avi" {
            arguments += ["-c:v", "mpeg4", "-c:a", "libmp3lame"]
        } else {
            arguments += ["-preset", "veryfast"]
        }
        let original = folder.appendingPathComponent("numbers.\(number.container)")
        if !FileManager.default.fileExists(atPath: original.path) {
            _ = try ffmpeg(arguments, to: original.lastPathComponent)
        }
        var data = try Data(contentsOf: original)
        guard let found = data.range(of: Data(number.mark)) else {
            throw Tool.Failure(description: "the clip has no place for \(number.name)")
        }
        let start = found.upperBound + number.offset
        data.replaceSubrange(start..<start + number.bytes.count, with: number.bytes)
        let path = folder.appendingPathComponent("number.\(number.container)")
        try data.write(to: path)
        return path.path
    }
}
