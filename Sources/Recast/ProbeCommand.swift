internal import ArgumentParser
internal import FFmpeg
internal import Foundation
internal import Transcoding

struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Says what a file is: streams, duration, rotation, colour."
    )

    @Argument(help: "The file.")
    var input: String

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Decode all of it, and say what it really holds.")
    var deep = false

    func run() async throws {
        let limits = try CommandSettings.limits()
        do throws(TranscodingError) {
            let examination = deep ? try MediaExamination.run(path: input, limits: limits) : nil
            let probe = try Probe(path: input, limits: limits)
            if json {
                var fields = Description.fields(probe)
                fields["decoded"] = examination.map(Description.fields)
                Console.event(fields)
                return
            }
            Console.print("\(input): \(Description.line(probe))")
            for stream in probe.streams { Console.print("  \(Description.line(stream))") }
            guard let examination else { return }
            Console.print("  decoded:")
            for line in Description.lines(examination) { Console.print("    \(line)") }
        } catch {
            Console.error("recast: \(error.message) [\(error.code.rawValue)]")
            throw CommandFailure(status: ExitStatus.of(error.code))
        }
    }
}

/// Words and fields for what a probe found.
enum Description {
    static func line(_ probe: Probe) -> String {
        let duration = probe.duration.map { String(format: "%.2f s", $0) } ?? "duration not stated"
        // One demuxer reads a family of formats; the first two names tell which: `mov/mp4`, `matroska/webm`.
        let container = probe.container.split(separator: ",").prefix(2).joined(separator: "/")
        return String(format: "%@, %@, %.2f MB", container, duration, Double(probe.byteCount) / 1e6)
    }

    static func line(_ stream: FFmpeg.Stream) -> String {
        let language = stream.language.map { $0 == "und" ? "" : ", \($0)" } ?? ""
        switch stream.kind {
        case .video:
            let rotation = stream.orientation
            var words = "stream \(stream.index): \(stream.codec) video, \(stream.size), \(stream.pixelFormat)"
            words += String(format: ", %.2f fps", stream.averageFrameRate.value)
            if rotation.clockwiseDegrees != 0 {
                words += ", shown turned \(rotation.clockwiseDegrees)° clockwise"
            }
            if rotation.isMirrored { words += ", mirrored" }
            let color = [stream.color.matrixName, stream.color.transferName]
            words +=
                color == ["unknown", "unknown"]
                ? ", colour not stated" : ", colour \(color.joined(separator: "/"))"
            if stream.color.isFullRange { words += ", full range" }
            return words + language
        case .audio:
            return "stream \(stream.index): \(stream.codec) sound, \(stream.channelCount) channels, "
                + "\(stream.sampleRate) Hz" + language
        case .subtitle, .data:
            return "stream \(stream.index): \(stream.kind.rawValue) (\(stream.codec))" + language
        }
    }

    static func fields(_ probe: Probe) -> [String: any Sendable] {
        var fields: [String: any Sendable] = [
            "path": probe.path, "bytes": probe.byteCount, "container": probe.container,
            "streams": probe.streams.map(Description.fields),
        ]
        if let duration = probe.duration { fields["duration"] = duration }
        return fields
    }

    private static func fields(_ stream: FFmpeg.Stream) -> [String: any Sendable] {
        var fields: [String: any Sendable] = [
            "index": stream.index, "kind": stream.kind.rawValue, "codec": stream.codec,
            "default": stream.isDefault,
        ]
        if let language = stream.language { fields["language"] = language }
        switch stream.kind {
        case .video:
            fields["width"] = stream.size.width
            fields["height"] = stream.size.height
            fields["pixelFormat"] = stream.pixelFormat.description
            fields["frameRate"] = stream.averageFrameRate.value
            fields["rotation"] = stream.orientation.clockwiseDegrees
            fields["mirrored"] = stream.orientation.isMirrored
            fields["primaries"] = stream.color.primariesName
            fields["transfer"] = stream.color.transferName
            fields["matrix"] = stream.color.matrixName
            fields["fullRange"] = stream.color.isFullRange
        case .audio:
            fields["sampleRate"] = stream.sampleRate
            fields["channels"] = stream.channelCount
        case .subtitle, .data: break
        }
        return fields
    }
}
