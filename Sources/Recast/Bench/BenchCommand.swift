internal import ArgumentParser
internal import FFmpeg
internal import Foundation
internal import Transcoding

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures speed, memory and quality, in pairs with other programs.",
        discussion: """
            Each program makes the same rendition in turn, every second time in reverse, and what is printed \
            are medians of the ratios of runs that followed each other: other load on the machine meets both.

            With several presets, recast makes all renditions from one decode, and the others one after the \
            other: their costs are sums but for the peak, rates are sums, and qualities are means.
            """
    )

    @Argument(help: "The clips (default: those in samples/).")
    var clips: [String] = []

    @Option(
        name: .customLong("preset"),
        help: "A preset's name, id or JSON file (default: web); may be repeated."
    )
    var presets: [String] = []

    @OptionGroup var speedOption: SpeedOption

    @Option(
        help: "A program to run the same job with: ffmpeg or HandBrakeCLI, or either=PATH. May be repeated."
    )
    var against: [BenchPeer] = []

    @Option(help: "The others' x264 settings: medium, or same for the engine's own.")
    var peerSettings: BenchPeer.Settings = .medium

    @Option(help: "Runs of each program.")
    var runs = 3

    @Option(help: "An ffmpeg program with libvmaf, to score with.")
    var vmaf: String?

    @Option(help: "A Markdown file that gets the results as a table, between two lines that mark it.")
    var report: String?

    @Flag(help: "Print one JSON object a clip.")
    var json = false

    func validate() throws {
        guard (1...100).contains(runs) else { throw ValidationError("--runs takes 1 to 100") }
    }

    func run() async throws {
        let library = try CommandSettings.presets()
        do {
            let chosen = speedOption.applied(to: try names.map { try library.preset($0) })
            let folder = try makeFolder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let clips = clips.isEmpty ? try samples() : clips
            let versions = against.map(\.version)
            var results: [BenchResult] = []
            for clip in clips {
                let result = try measure(clip, chosen, versions, folder)
                results.append(result)
                if json {
                    let encoder = JSONEncoder()
                    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                    Console.print(String(decoding: try encoder.encode(result), as: UTF8.self))
                } else {
                    for line in BenchReport.lines(result) { Console.print(line) }
                }
            }
            if let report { try ReportFile(report).put(text(results)) }
        } catch let error as TranscodingError {
            Console.error("recast: \(error.message) [\(error.code.rawValue)]")
            throw CommandFailure(status: ExitStatus.of(error.code))
        } catch let error as MeasuredProcess.Failure {
            Console.error("recast: \(error.message)")
            throw CommandFailure(status: 6)
        }
    }

    private var names: [String] { presets.isEmpty ? ["web"] : presets }

    private func text(_ results: [BenchResult]) -> String {
        var command =
            "recast bench \(clips.map { ($0 as NSString).lastPathComponent }.joined(separator: " "))"
        for preset in presets where presets != ["web"] { command += " --preset \(preset)" }
        if let speed = speedOption.speed { command += " --speed \(speed.rawValue)" }
        for peer in against { command += " --against \(peer.kind.rawValue)" }
        if !against.isEmpty { command += " --peer-settings \(peerSettings.rawValue)" }
        command += " --runs \(runs)" + (vmaf == nil ? "" : " --vmaf ffmpeg")
        return BenchReport.markdown(results, machine: Machine.description, command: command)
    }

    private func measure(
        _ clip: String,
        _ presets: [Preset],
        _ versions: [String],
        _ folder: String
    ) throws -> BenchResult {
        _ = try Probe(path: clip)
        let ours = try ownOutputs(clip, folder)
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        var mine = [program, "transcode", clip, "-o", presets.count > 1 ? folder : ours[0], "--force"]
        for name in names { mine += ["--preset", name] }
        if let speed = speedOption.speed { mine += ["--speed", speed.rawValue] }
        let outputs = against.indices.map { peer in
            presets.indices.map { "\(folder)/peer\(peer)-\($0).mp4" }
        }
        var costs: [Cost] = []
        var peerCosts: [[Cost]] = against.map { _ in [] }
        func runPeers(_ order: some Sequence<Int>) throws {
            for index in order {
                let commands = try presets.indices.map { place in
                    try against[index].arguments(
                        clip,
                        outputs[index][place],
                        presets[place],
                        peerSettings,
                        try pictureSize(ours[place])
                    )
                }
                peerCosts[index].append(try MeasuredProcess.run(inTurn: commands))
            }
        }
        for run in 0..<runs {
            // The first time ours is first: the others make pictures of its size.
            let isReversed = !run.isMultiple(of: 2)
            if isReversed { try runPeers(against.indices.reversed()) }
            costs.append(try MeasuredProcess.run(mine))
            if !isReversed { try runPeers(against.indices) }
        }
        let peers = try against.indices.map { index in
            let pairs = zip(costs, peerCosts[index])
            return BenchResult.Peer(
                name: versions[index],
                settings: peerSettings.rawValue,
                side: try side(outputs[index], clip, peerCosts[index], folder),
                cpuRatio: BenchResult.median(pairs.map { $0.cpuSeconds / $1.cpuSeconds }),
                wallRatio: BenchResult.median(pairs.map { $0.wallSeconds / $1.wallSeconds }),
                peakRatio: BenchResult.median(pairs.map { Double($0.peakBytes) / Double($1.peakBytes) })
            )
        }
        return BenchResult(
            clip: clip,
            seconds: try Probe(path: ours[0]).duration ?? 0,
            runs: runs,
            recast: try side(ours, clip, costs, folder),
            peers: peers
        )
    }

    private func pictureSize(_ path: String) throws -> Size {
        try Probe(path: path).streams.first { $0.kind == .video }?.size ?? Size(0, 0)
    }

    /// Where `recast transcode` puts what it makes of a clip.
    private func ownOutputs(_ clip: String, _ folder: String) throws -> [String] {
        guard names.count > 1 else { return [folder + "/recast.mp4"] }
        let arguments = [clip, "-o", folder] + names.flatMap { ["--preset", $0] }
        let command = try TranscodeCommand.parse(arguments)
        return names.map { command.outputPath(clip, $0) }
    }

    private func side(
        _ outputs: [String],
        _ clip: String,
        _ costs: [Cost],
        _ folder: String
    ) throws -> BenchResult.Side {
        let count = Double(outputs.count)
        let probes = try outputs.map { try Probe(path: $0) }
        let quality = try outputs.map { try PictureComparison.run(output: $0, original: clip) }
        let scores = try vmaf.map { program in
            try outputs.map { try VMAF.score(program, output: $0, original: clip, folder: folder) }
        }
        return BenchResult.Side(
            cpuSeconds: BenchResult.median(costs.map(\.cpuSeconds)),
            wallSeconds: BenchResult.median(costs.map(\.wallSeconds)),
            peakBytes: costs.map(\.peakBytes).max() ?? 0,
            bitsPerSecond: probes.reduce(0) { $0 + Double($1.byteCount) * 8 / max($1.duration ?? 0, 0.001) },
            ssim: quality.reduce(0) { $0 + $1.ssim } / count,
            psnrY: quality.reduce(0) { $0 + $1.psnrY } / count,
            vmaf: scores.map { scores in
                VMAF(
                    mean: scores.reduce(0) { $0 + $1.mean } / count,
                    neg: scores.reduce(0) { $0 + $1.neg } / count,
                    low: scores.reduce(0) { $0 + $1.low } / count
                )
            }
        )
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
}

extension BenchPeer: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
    static var allValueStrings: [String] {
        Kind.allCases.flatMap { [$0.rawValue, "\($0.rawValue)=PATH"] }
    }
}

extension BenchPeer.Settings: ExpressibleByArgument {}
