internal import ArgumentParser
internal import Dispatch
internal import FFmpeg
internal import Foundation
internal import Glibc
internal import IsolatedEngine
internal import Transcoding

struct TranscodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transcode",
        abstract: "Makes a rendition of each input."
    )

    @Argument(help: "The files to transcode.")
    var inputs: [String]

    @Option(name: [.short, .long], help: "The output file, or a folder for several (default: .).")
    var output: String?

    @Option(help: "A preset's name, id or JSON file.")
    var preset = "web"

    @OptionGroup var speedOption: SpeedOption

    @Flag(help: "Replace outputs that exist.")
    var force = false

    @Flag(help: "Print one JSON event a line on standard output.")
    var json = false

    @Flag(help: "Transcode a damaged input as far as it goes, and say what is damaged.")
    var allowDamaged = false

    @OptionGroup var clips: ClipOptions

    @Option(help: "Write what made the output to this file, as JSON.")
    var recipe: String?

    @Option(help: "Cores to use (default: all).")
    var threads: Int?

    @Option(
        help:
            "Encode the pictures in so many ranges, side by side; 1 for none (default: where it is worth it)."
    )
    var segments: Int?

    @Option(help: "Keep finished ranges in this folder, and go on from those that are there.")
    var resume: String?

    @Flag(help: "Show what each stage was busy with.")
    var stats = false

    @Flag(help: "Say what would be made, and make nothing.")
    var dryRun = false

    func validate() throws {
        if recipe != nil, inputs.count > 1, !clips.join { throw ValidationError("--recipe takes one output") }
        guard !inputs.isEmpty else { throw ValidationError("name at least one input") }
        if let threads, !(1...256).contains(threads) { throw ValidationError("--threads takes 1 to 256") }
        if let segments, !(1...10_000).contains(segments) {
            throw ValidationError("--segments takes 1 to 10000")
        }
        if resume != nil, segments == 1 { throw ValidationError("--resume needs ranges") }
        if let problem = clips.problem(inputs: inputs.count) { throw ValidationError(problem) }
        guard !clips.join else { return }
        let targets = inputs.map(outputPath)
        if inputs.count > 1, !isFolder(output ?? ".") {
            throw ValidationError(
                "several inputs need a folder as --output, or --join; \(output ?? ".") is a file"
            )
        }
        if Set(targets).count < targets.count {
            throw ValidationError("two inputs would have the same output; transcode them one by one")
        }
    }

    func run() async throws {
        Allocator.keepSmall()
        var chosen: Preset
        do { chosen = try PresetLibrary.standard().preset(preset) } catch {
            try fail(error, input: nil)
            return
        }
        if let speed = speedOption.speed { chosen.engine.speed = speed }
        let limits = try CommandLimits.read()
        if let output, isFolder(output), !dryRun {
            // What fails here fails again, with its reason, where the output is created.
            try? FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        }
        var worst: Int32 = 0
        let all = inputs.enumerated().map { clips.clip($1, at: $0) }
        for part in clips.join ? [all] : all.map({ [$0] }) {
            let status = await transcode(part, chosen, limits)
            worst = max(worst, status)
            if status == ExitStatus.of(.cancelled) { break }
        }
        if worst != 0 { throw CommandFailure(status: worst) }
    }

    private func transcode(_ parts: [InputClip], _ preset: Preset, _ limits: IngestLimits) async -> Int32 {
        let input = parts[0].input.name
        var request = TranscodeRequest(
            clips: parts,
            output: .file(path: outputPath(input)),
            preset: preset
        )
        request.language = clips.language
        request.loudness = clips.loudness
        request.threads = threads
        request.replacesOutput = force
        request.limits = limits
        request.allowsDamage = allowDamaged
        request.segments = segments.map { $0 > 1 ? .count($0) : .off } ?? .automatic
        request.resumeFolder = resume
        do {
            if dryRun {
                let inputs = try parts.map { part in
                    let path = part.input.name
                    return "\(path) (\(Description.line(try Probe(path: path, limits: limits))))"
                }
                let all = inputs.joined(separator: " + ")
                Console.print("\(all) → \(request.outputPath), preset \(preset.name)")
                return 0
            }
            let result = try await run(request)
            if let recipe { try write(result.recipe, to: recipe) }
            show(result, input)
            return 0
        } catch let error as TranscodingError {
            report(error, input: input)
            return ExitStatus.of(error.code)
        } catch {
            Console.error("recast: \(error)")
            return ExitStatus.of(.engine)
        }
    }

    private func run(_ request: TranscodeRequest) async throws -> TranscodeResult {
        let name = (request.inputPath as NSString).lastPathComponent
        let bar = !json && Console.isTerminal ? ProgressBar(name: name) : nil
        let json = json
        // From the first line on, Ctrl-C cleans up.
        let interrupt = InterruptWatch()
        if json {
            Console.event(["event": "started", "input": request.inputPath, "output": request.outputPath])
        }
        let work = Task {
            try await Transcoder().transcode(request) { progress in
                bar?.draw(progress)
                guard json else { return }
                Console.event([
                    "event": "progress", "input": request.inputPath, "seconds": progress.seconds,
                    "frames": progress.frameCount, "bytes": progress.byteCount, "elapsed": progress.elapsed,
                ])
            }
        }
        interrupt.onInterrupt { work.cancel() }
        defer {
            interrupt.stop()
            bar?.clear()
        }
        return try await work.value
    }

    private func show(_ result: TranscodeResult, _ input: String) {
        let speed = result.duration / max(result.wallSeconds, 0.001)
        if json {
            var stages: [String: Double] = [:]
            for stage in result.stages { stages[stage.name] = stage.busySeconds }
            var fields: [String: any Sendable] = [
                "event": "finished", "input": input, "output": result.outputPath, "bytes": result.byteCount,
                "duration": result.duration,
                "frames": result.frameCount, "decodedFrames": result.decodedFrameCount,
                "wallSeconds": result.wallSeconds, "cpuSeconds": result.cpuSeconds, "stages": stages,
            ]
            fields["width"] = result.size?.width
            fields["height"] = result.size?.height
            fields["ssim"] = result.ssim
            fields["segments"] = result.segments.map(Description.fields)
            fields["damage"] = result.damage.map(Description.fields)
            fields["recipe"] = Description.fields(result.recipe)
            Console.event(fields)
            return
        }
        let line = String(
            format: "%@: %@%.2f s, %@%@, %.2f MB in %.1f s (%.1fx real time)",
            result.outputPath,
            result.size.map { "\($0), " } ?? "",
            result.duration,
            result.frameRate.map { String(format: "%.3g fps, ", $0.value) } ?? "",
            result.hasAudio ? "with sound" : "no sound",
            Double(result.byteCount) / 1e6,
            result.wallSeconds,
            speed
        )
        Console.print(line)
        if let damage = result.damage { Console.print("  the input is damaged: \(damage)") }
        guard stats else { return }
        if let segments = result.segments { Console.print("  \(Description.line(segments))") }
        for stage in result.stages {
            let name = stage.name.padding(toLength: 8, withPad: " ", startingAt: 0)
            Console.print(String(format: "  %@ busy %7.2f s", name, stage.busySeconds))
        }
        let cores = result.cpuSeconds / max(result.wallSeconds, 0.001)
        Console.print(String(format: "  CPU %.2f s, %.2f cores busy", result.cpuSeconds, cores))
        if let ssim = result.ssim { Console.print(String(format: "  SSIM %.4f of sampled pictures", ssim)) }
    }

    private func write(_ made: Recipe, to path: String) throws(TranscodingError) {
        do { try made.json.write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw TranscodingError(.outputUnwritable, "\(path) cannot be written: \(error)")
        }
    }

    private func report(_ error: TranscodingError, input: String?) {
        Console.error("recast: \(error.message) [\(error.code.rawValue)]")
        guard json else { return }
        Console.event([
            "event": "failed", "input": input ?? "", "code": error.code.rawValue, "message": error.message,
        ])
    }

    private func fail(_ error: TranscodingError, input: String?) throws {
        report(error, input: input)
        throw CommandFailure(status: ExitStatus.of(error.code))
    }

    /// How outputs are told apart: the preset's name without what names of files had better not hold.
    private var shortName: String {
        let name = (preset as NSString).lastPathComponent
        return preset.hasSuffix(".json") ? (name as NSString).deletingPathExtension : name
    }

    /// The ending of an output's name; a preset that cannot be read is refused later, with its reason.
    private var ending: String {
        (try? PresetLibrary.standard().preset(preset))?.container.fileExtension ?? "mp4"
    }

    private func outputPath(_ input: String) -> String {
        let base = ((input as NSString).lastPathComponent as NSString).deletingPathExtension
        guard let output else { return "\(base).\(shortName).\(ending)" }
        return isFolder(output) ? (output as NSString).appendingPathComponent("\(base).\(ending)") : output
    }

    /// Whether outputs go into `path`: it is a folder, or will be one, as its slash or several inputs say.
    private func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) { return isFolder.boolValue }
        return path.hasSuffix("/") || (inputs.count > 1 && !clips.join)
    }
}
