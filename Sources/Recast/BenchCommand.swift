internal import ArgumentParser
internal import FFmpeg
internal import Foundation
internal import Transcoding

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures speed, memory and quality, in pairs with the ffmpeg command."
    )

    @Argument(help: "The clips (default: those in samples/).")
    var clips: [String] = []

    @Option(help: "A preset's name, id or JSON file.")
    var preset = "web"

    @Option(help: "The ffmpeg program to run the same job with, in turn.")
    var against: String?

    @Option(help: "ffmpeg's x264 settings: medium, or same for the engine's own.")
    var peerSettings: PeerSettings = .medium

    @Option(help: "Runs of each program.")
    var runs = 3

    @Flag(help: "Print one JSON object a clip.")
    var json = false

    enum PeerSettings: String, ExpressibleByArgument, CaseIterable { case medium, same }

    func validate() throws {
        guard (1...100).contains(runs) else { throw ValidationError("--runs takes 1 to 100") }
    }

    func run() async throws {
        do {
            let chosen = try PresetLibrary.standard().preset(preset)
            let folder = try makeFolder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let clips = clips.isEmpty ? try samples() : clips
            for clip in clips { try measure(clip, chosen, folder) }
        } catch let error as TranscodingError {
            Console.error("recast: \(error.message) [\(error.code.rawValue)]")
            throw CommandFailure(status: ExitStatus.of(error.code))
        } catch let error as MeasuredProcess.Failure {
            Console.error("recast: \(error.message)")
            throw CommandFailure(status: 6)
        }
    }

    private func measure(_ clip: String, _ preset: Preset, _ folder: String) throws {
        let probe = try Probe(path: clip)
        let ours = folder + "/recast.mp4"
        let theirs = folder + "/ffmpeg.mp4"
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        let mine = [program, "transcode", clip, "-o", ours, "--force", "--preset", self.preset]
        var costs: [Cost] = []
        var peers: [Cost] = []
        for _ in 0..<runs {
            costs.append(try MeasuredProcess.run(mine))
            guard let against else { continue }
            let size =
                try Probe(path: ours).streams.first { $0.kind == .video }?.size ?? preset.video?.boundingSize
                ?? Size(0, 0)
            peers.append(try MeasuredProcess.run(peer(against, clip, theirs, preset, size)))
        }
        let output = try Probe(path: ours)
        let quality = try PictureComparison.run(output: ours, original: clip)
        let peerQuality = against == nil ? nil : try PictureComparison.run(output: theirs, original: clip)
        let seconds = output.duration ?? 0
        let wall = median(costs.map(\.wallSeconds))
        let cpu = median(costs.map(\.cpuSeconds))
        var fields: [String: any Sendable] = [
            "clip": clip, "seconds": seconds, "cpuSeconds": cpu, "wallSeconds": wall, "coresUsed": cpu / wall,
            "timesRealTime": seconds / wall, "peakBytes": costs.map(\.peakBytes).max() ?? 0,
            "bitsPerSecond": Double(output.byteCount) * 8 / max(seconds, 0.001),
            "ssim": quality.ssim, "psnrY": quality.psnrY, "runs": runs,
        ]
        if let peerQuality {
            fields["cpuRatio"] = median(zip(costs, peers).map { $0.cpuSeconds / $1.cpuSeconds })
            fields["wallRatio"] = median(zip(costs, peers).map { $0.wallSeconds / $1.wallSeconds })
            fields["peakRatio"] = median(
                zip(costs, peers).map { Double($0.peakBytes) / Double($1.peakBytes) }
            )
            fields["peerSsim"] = peerQuality.ssim
            fields["peerPsnrY"] = peerQuality.psnrY
            fields["peerSettings"] = peerSettings.rawValue
        }
        show(fields, probe)
    }

    private func show(_ fields: [String: any Sendable], _ probe: Probe) {
        if json {
            Console.event(fields)
            return
        }
        func number(_ key: String) -> Double { (fields[key] as? Double) ?? 0 }
        let name = (probe.path as NSString).lastPathComponent
        Console.print(
            String(
                format: "%@: CPU %.2f s, wall %.2f s, %.2f cores, %.1fx real time, peak %d MiB, %.0f kbit/s, "
                    + "SSIM %.4f, PSNR %.2f dB",
                name,
                number("cpuSeconds"),
                number("wallSeconds"),
                number("coresUsed"),
                number("timesRealTime"),
                ((fields["peakBytes"] as? Int64) ?? 0) >> 20,
                number("bitsPerSecond") / 1000,
                number("ssim"),
                number("psnrY")
            )
        )
        guard fields["cpuRatio"] != nil else { return }
        Console.print(
            String(
                format:
                    "  to ffmpeg (%@ settings): CPU %.3f, wall %.3f, peak %.3f, SSIM %+.4f, PSNR %+.2f dB",
                peerSettings.rawValue,
                number("cpuRatio"),
                number("wallRatio"),
                number("peakRatio"),
                number("ssim") - number("peerSsim"),
                number("psnrY") - number("peerPsnrY")
            )
        )
    }

    /// The same job for the ffmpeg command.
    private func peer(
        _ program: String,
        _ clip: String,
        _ output: String,
        _ preset: Preset,
        _ size: Size
    ) -> [String] {
        let speed =
            peerSettings == .same
            ? ["-preset", "faster", "-rc-lookahead", "40", "-refs", "1", "-aq-strength", "0.8"]
            : ["-preset", "medium"]
        guard let video = preset.video, let audio = preset.audio else { return [] }
        let rates = [
            "-b:v", "\(video.bitsPerSecond ?? 0)", "-maxrate", "14000k", "-bufsize", "14000k",
            "-g", "\(video.maxKeyframeDistance)", "-fpsmax", "\(video.maxFrameRate.numerator)",
        ]
        let sound = [
            "-c:a", "aac", "-b:a", "\(audio.bitsPerSecond ?? 0)", "-ar", "\(audio.sampleRate ?? 0)",
            "-ac", "\(audio.channelCount ?? 0)",
        ]
        return [program, "-nostdin", "-v", "error", "-y", "-i", clip, "-map", "0:v:0", "-map", "0:a:0?"]
            + ["-vf", "scale=\(size.width):\(size.height)", "-pix_fmt", "yuv420p", "-c:v", "libx264"]
            + speed + ["-profile:v", video.profile ?? "", "-level", video.level ?? ""] + rates + sound
            + ["-movflags", "+faststart", output]
    }

    private func samples() throws -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "samples")) ?? []
        let clips = files.filter {
            ($0.hasSuffix(".mp4") || $0.hasSuffix(".webm")) && !$0.hasPrefix("damaged")
        }
        guard !clips.isEmpty else { throw ValidationError("there is no folder samples/ here; name a clip") }
        return clips.sorted().map { "samples/" + $0 }
    }

    private func makeFolder() throws -> String {
        let url = try FileManager.default.url(
            for: .itemReplacementDirectory,
            in: .userDomainMask,
            appropriateFor: FileManager.default.temporaryDirectory,
            create: true
        )
        return url.path
    }

    private func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
