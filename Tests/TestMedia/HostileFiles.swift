package import Foundation

/// Files that lie, made afresh in a folder.
package struct HostileFiles {
    package let folder: URL

    package init(in folder: URL) { self.folder = folder }

    private func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

    private func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: url(name))
        return url(name).path
    }

    func ffmpeg(_ arguments: [String], to name: String) throws -> String {
        let quiet = ["-nostdin", "-v", "error", "-y"]
        try Tool.ffmpeg.output(quiet + arguments + [url(name).path])
        return url(name).path
    }
}

// MARK: - Files that name other files

extension HostileFiles {
    /// The ways in which a file called .mp4 asks for another to be read.
    package enum Redirection: String, CaseIterable, Sendable {
        case playlistToFile, playlistToServer, playlistToMP4, concatenation, session
    }

    /// Writes a redirection to `victim`, or to `port` on this machine.
    package func redirection(_ kind: Redirection, victim: String, port: UInt16) throws -> String {
        let text =
            switch kind {
            case .playlistToFile: playlist("file:///etc/passwd")
            case .playlistToServer: playlist("http://127.0.0.1:\(port)/segment.ts")
            case .playlistToMP4: playlist(victim)
            case .concatenation: "ffconcat version 1.0\nfile '\(victim)'\n"
            case .session:
                """
                v=0
                o=- 0 0 IN IP4 127.0.0.1
                s=session
                c=IN IP4 127.0.0.1
                t=0 0
                m=video \(port) RTP/AVP 96
                a=rtpmap:96 H264/90000

                """
            }
        return try write(text, to: "\(kind.rawValue).mp4")
    }

    private func playlist(_ address: String) -> String {
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n\(address)\n#EXT-X-ENDLIST\n"
    }
}

// MARK: - Files that are no video

extension HostileFiles {
    package enum Impostor: String, CaseIterable, Sendable { case empty, text, jpeg, zip }

    /// Writes something that is no video under a name that ends in .mp4.
    package func impostor(_ kind: Impostor) throws -> String {
        let name = "\(kind.rawValue).mp4"
        switch kind {
        case .empty: return try write("", to: name)
        case .text: return try write(String(repeating: "This is not a video.\n", count: 500), to: name)
        case .jpeg:
            return try ffmpeg(
                ["-f", "lavfi", "-i", "testsrc2=size=320x240", "-frames:v", "1", "-f", "mjpeg"],
                to: name
            )
        case .zip:
            // One stored file called "a" (APPNOTE.TXT §4.3.7), with a body of zeros.
            var bytes = Data([0x50, 0x4b, 3, 4, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            bytes.append(contentsOf: [0, 0, 0, 0, 0, 16, 0, 0, 0, 16, 0, 0, 1, 0, 0, 0, 0x61])
            bytes.append(Data(count: 4096))
            try bytes.write(to: url(name))
            return url(name).path
        }
    }
}

// MARK: - Files that cost too much

extension HostileFiles {
    /// Black pictures of 67 million pixels each, in a small file.
    package func pictureBomb(container: String) throws -> String {
        let codec = ["webm": "libvpx", "avi": "mpeg4"][container] ?? "libx264"
        let size = codec == "mpeg4" ? "8176x8176" : "8192x8192"
        var arguments = [
            "-f", "lavfi", "-i", "color=black:size=\(size):rate=25,format=yuv420p", "-frames:v", "5",
            "-c:v", codec,
        ]
        switch codec {
        case "libx264":
            arguments += ["-preset", "ultrafast", "-x264-params", "sliced-threads=1:rc-lookahead=0"]
        case "libvpx": arguments += ["-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0"]
        default: break
        }
        return try ffmpeg(arguments, to: "pictures.\(container)")
    }

    /// An MPEG transport stream that begins small and goes on with pictures of 67 million pixels.
    package func growingPictures() throws -> String {
        let small = try ffmpeg(
            [
                "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25,format=yuv420p", "-frames:v", "50",
                "-c:v", "libx264", "-preset", "ultrafast",
            ],
            to: "small.ts"
        )
        let large = try pictureBomb(container: "ts")
        let path = folder.appendingPathComponent("growing.ts")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: small))
        bytes.append(try Data(contentsOf: URL(fileURLWithPath: large)))
        try bytes.write(to: path)
        return path.path
    }

    /// Two pictures that lie `seconds` apart.
    ///
    /// A program that fills the gap at a constant frame rate makes millions of pictures.
    package func gapBomb(seconds: Int, container: String) throws -> String {
        try ffmpeg(
            [
                "-f", "lavfi", "-i", "color=gray:size=320x240:rate=1,format=yuv420p", "-frames:v", "2",
                "-vf", "settb=1/10,setpts=N*\(seconds)*10", "-fps_mode", "passthrough",
                "-enc_time_base", "1:10", "-c:v", "libx264", "-bf", "0", "-video_track_timescale", "10",
            ],
            to: "gap-\(seconds).\(container)"
        )
    }
}

// MARK: - Clocks that misbehave

extension HostileFiles {
    /// Timestamps at the edges of what their types hold.
    package enum Clock: String, CaseIterable, Sendable {
        /// Milliseconds that only just fit 64 bits once they are microseconds.
        case hugeOffset
        /// Fragments whose decode time is close to the greatest 64-bit number.
        case hugeDecodeTime
        /// Every picture lasts 2³¹ − 1 ticks.
        case hugeDuration
        /// The clip begins two seconds before 0, and an edit list says to skip them.
        case negative
        /// The clip begins two seconds before 0, which Matroska cannot say.
        case negativeMatroska
        /// The 33 bits of an MPEG-TS clock overflow after 3.7 of 6 seconds.
        case wrapping

        /// Seconds that a file made of the clip may last.
        package var durations: [Double] {
            switch self {
            case .negative: [4]
            case .negativeMatroska: [4, 6]
            default: [6]
            }
        }
    }

    private static let clockSeconds = 6

    /// Makes a clip whose clock misbehaves.
    package func clock(_ kind: Clock) throws -> String {
        let name = kind.rawValue
        switch kind {
        case .hugeOffset:
            return try clip(["-output_ts_offset", "9000000000000"], to: "\(name).mkv")
        case .hugeDecodeTime:
            let options = ["-movflags", "frag_keyframe+empty_moov"]
            let path = try clip(options, to: "\(name).mp4", hasSound: false)
            // The three low bytes stay, so that the clock still runs.
            return try patch(path, box: "tfdt", at: 4, with: [0x7f, 255, 255, 255, 255])
        case .hugeDuration:
            let path = try clip([], to: "\(name).mp4")
            return try patch(path, box: "stts", at: 12, with: [0x7f, 255, 255, 255])
        case .negative, .negativeMatroska:
            let options = ["-output_ts_offset", "-2", "-avoid_negative_ts", "disabled"]
            return try clip(options, to: "\(name).\(kind == .negative ? "mp4" : "mkv")")
        case .wrapping:
            return try clip(
                ["-muxdelay", "0", "-muxpreload", "0", "-output_ts_offset", "95440"],
                to: "\(name).ts"
            )
        }
    }

    private func clip(
        _ options: [String],
        to name: String,
        hasSound: Bool = true
    ) throws -> String {
        let recipe = ClipRecipe(width: 320, height: 240, seconds: Self.clockSeconds, hasSound: hasSound)
        return try ffmpeg(recipe.arguments + options, to: name)
    }

    /// Overwrites bytes in each box of a type, `offset` bytes after the type.
    func patch(_ path: String, box: String, at offset: Int, with bytes: [UInt8]) throws -> String {
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        let type = Data(box.utf8)
        var position = data.startIndex
        var count = 0
        while let found = data.range(of: type, in: position..<data.endIndex) {
            let start = found.upperBound + offset
            data.replaceSubrange(start..<start + bytes.count, with: bytes)
            position = start + bytes.count
            count += 1
        }
        guard count > 0 else { throw Tool.Failure(description: "\(path) has no \(box)") }
        try data.write(to: URL(fileURLWithPath: path))
        return path
    }
}
