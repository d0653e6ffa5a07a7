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
        abstract: "Makes renditions of each input.",
        discussion: """
            Several presets make several renditions of an input from one decode. Their names end in the preset's. \
            If one of them fails, none is made.
            """
    )

    @Argument(help: "The files to transcode.")
    var inputs: [String]

    @Option(name: [.short, .long], help: "The output file, or a folder for several (default: .).")
    var output: String?

    @Option(
        name: .customLong("preset"),
        help: "A preset's name, id or JSON file (default: web); may be repeated."
    )
    var presets: [String] = []

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

    @Option(help: "Cores to share the work out for (default: all).")
    var threads: Int?

    @Option(
        help:
            "Encode the pictures in so many ranges, side by side; 1 for none (default: where it is worth it)."
    )
    var segments: Int?

    @Option(
        help: .init(
            "Seconds that a range lasts at least (default: 10); shorter ones cost quality.",
            visibility: .hidden
        )
    )
    var rangeSeconds: Double?

    @Option(help: "Keep finished ranges in this folder, and go on from those that are there.")
    var resume: String?

    @Flag(help: "Show what each stage was busy with.")
    var stats = false

    @Flag(help: "Say what would be made, and make nothing.")
    var dryRun = false

    func validate() throws {
        if recipe != nil, chosen.count > 1 || (inputs.count > 1 && !clips.join) {
            throw ValidationError("--recipe takes one output")
        }
        guard !inputs.isEmpty else { throw ValidationError("name at least one input") }
        if let threads, !(1...256).contains(threads) { throw ValidationError("--threads takes 1 to 256") }
        if let segments, !(1...10_000).contains(segments) {
            throw ValidationError("--segments takes 1 to 10000")
        }
        if let rangeSeconds, !(0.1...3_600).contains(rangeSeconds) {
            throw ValidationError("--range-seconds takes 0.1 to 3600")
        }
        if resume != nil, segments == 1 { throw ValidationError("--resume needs ranges") }
        if let problem = clips.problem(inputs: inputs.count) { throw ValidationError(problem) }
        if let output {
            guard !output.isEmpty else { throw ValidationError("--output is empty; name a file or a folder") }
            if let problem = ambiguity(of: output) { throw ValidationError(problem) }
        }
        if let output, !isFolder(output) {
            if chosen.count > 1 {
                throw ValidationError("several presets need a folder as --output; \(output) is a file")
            }
            if inputs.count > 1, !clips.join {
                throw ValidationError(
                    "several inputs need a folder as --output, or --join; \(output) is a file"
                )
            }
        }
        let first = chosen.map { outputPath(inputs[0], $0) }
        if Set(first).count < first.count {
            throw ValidationError("two presets would have the same output; use one after the other")
        }
        guard !clips.join else { return }
        let targets = inputs.flatMap { input in chosen.map { outputPath(input, $0) } }
        if Set(targets).count < targets.count {
            throw ValidationError("two inputs would have the same output; transcode them one by one")
        }
    }

    func run() async throws {
        Allocator.keepSmall()
        let library = try CommandSettings.presets()
        var presets: [Preset]
        do throws(TranscodingError) {
            presets = try chosen.map { name throws(TranscodingError) in
                try library.preset(name)
            }
        } catch {
            try fail(error, input: nil)
            return
        }
        presets = speedOption.applied(to: presets)
        let limits = try CommandSettings.limits()
        if let output, isFolder(output), !dryRun {
            // What fails here fails again, with its reason, where the output is created.
            try? FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        }
        var worst: Int32 = 0
        let all = inputs.enumerated().map { clips.clip($1, at: $0) }
        for part in clips.join ? [all] : all.map({ [$0] }) {
            let status = await transcode(part, presets, limits)
            worst = max(worst, status)
            if status == ExitStatus.of(.cancelled) { break }
        }
        if worst != 0 { throw CommandFailure(status: worst) }
    }

    private func transcode(
        _ parts: [InputClip],
        _ presets: [Preset],
        _ limits: IngestLimits
    ) async -> Int32 {
        let input = parts[0].input.name
        let renditions = zip(presets, chosen).map { preset, name in
            TranscodeRequest.Rendition(preset: preset, outputPath: outputPath(input, name))
        }
        var request = TranscodeRequest(clips: parts, renditions: renditions)
        request.language = clips.language
        request.loudness = clips.loudness
        request.threads = threads
        request.replacesOutput = force
        request.limits = limits
        request.allowsDamage = allowDamaged
        request.segments = segments.map { $0 > 1 ? .count($0) : .off } ?? .automatic
        request.leastSegmentSeconds = rangeSeconds
        request.resumeFolder = resume
        do {
            if dryRun {
                let inputs = try parts.map { part in
                    let path = part.input.name
                    return "\(path) (\(Description.line(try Probe(path: path, limits: limits))))"
                }
                let all = inputs.joined(separator: " + ")
                for rendition in renditions {
                    Console.print("\(all) → \(rendition.output.name), \(rendition.preset.name)")
                }
                return 0
            }
            let results = try await run(request)
            for result in results {
                if let recipe { try write(result.recipe, to: recipe) }
                show(result, input)
            }
            return 0
        } catch let error as TranscodingError {
            report(error, input: input)
            return ExitStatus.of(error.code)
        } catch {
            Console.error("recast: \(error)")
            return ExitStatus.of(.engine)
        }
    }

    private func run(_ request: TranscodeRequest) async throws -> [TranscodeResult] {
        let name = (request.inputPath as NSString).lastPathComponent
        let bar = !json && Console.isTerminal ? ProgressBar(name: name) : nil
        let json = json
        // From the first line on, Ctrl-C cleans up.
        let interrupt = InterruptWatch()
        if json {
            for rendition in request.renditions {
                Console.event([
                    "event": "started", "input": request.inputPath, "output": rendition.output.name,
                ])
            }
        }
        let work = Task {
            try await Transcoder().transcodeAll(request) { progress in
                Allocator.forgetStart(progress)
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
            fields["shortSeconds"] = result.shortSeconds
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
        if let short = result.shortSeconds {
            Console.print(String(format: "  %.2f s shorter than asked: the input ends before", short))
        }
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
        let hint = error.code == .inputDamaged && !allowDamaged ? "; --allow-damaged takes what is there" : ""
        Console.error("recast: \(error.message)\(hint) [\(error.code.rawValue)]")
        guard json else { return }
        Console.event([
            "event": "failed", "input": input ?? "", "code": error.code.rawValue, "message": error.message,
        ])
    }

    private func fail(_ error: TranscodingError, input: String?) throws {
        report(error, input: input)
        throw CommandFailure(status: ExitStatus.of(error.code))
    }
}
