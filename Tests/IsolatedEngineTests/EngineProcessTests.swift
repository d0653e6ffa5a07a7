import FFmpeg
import Foundation
import IsolatedEngine
import TestMedia
import Testing
import Transcoding

@Suite("The engine in a process of its own", .serialized)
struct EngineProcessTests {
    private let workspace: Workspace
    private let engine = EngineProcess(executable: Tool.recast.path)

    init() throws { workspace = try Workspace() }

    private func request(_ change: (inout EngineRequest) -> Void = { _ in }) throws -> EngineRequest {
        let presets = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])
        var request = EngineRequest(
            inputName: "clip",
            outputs: [.init(name: "result", preset: try presets.preset("web"))],
            // x264 repeats itself bit for bit with one thread only.
            threads: 1
        )
        change(&request)
        return request
    }

    private func failure(
        _ request: EngineRequest,
        _ input: any AsyncInput,
        _ output: EngineOutput,
        onProgress: @escaping @Sendable (TranscodeProgress) -> Void = { _ in }
    ) async -> EngineFailure? {
        do throws(EngineFailure) {
            _ = try await engine.run(request, input: input, output: output, onProgress: onProgress)
            return nil
        } catch {
            return error
        }
    }

    private func code(_ failure: EngineFailure?) -> TranscodingError.Code? {
        guard case .transcoding(let error) = failure else { return nil }
        return error.code
    }

    @Test(
        "It makes what the engine makes of files, wherever the input has its index",
        arguments: [true, false]
    )
    func equalsTheFile(indexComesFirst: Bool) async throws {
        let clip = try ClipRecipe().make(workspace.url("clip.mp4"))
        let input = workspace.path("in.mp4")
        let flags = indexComesFirst ? ["-movflags", "+faststart"] : []
        try Tool.ffmpeg.output(["-nostdin", "-v", "error", "-i", clip, "-c", "copy"] + flags + [input])
        let file = workspace.path("file.mp4")
        var plain = TranscodeRequest(
            inputPath: input,
            outputPath: file,
            preset: try request().outputs[0].preset
        )
        plain.threads = 1
        let expected = try await Transcoder().transcode(plain)

        let path = workspace.path("out.mp4")
        let output = try FileOutput(path)
        let progress = Lock<[TranscodeProgress]>([])
        let result = try await engine.run(
            try request(),
            input: FileInput(input),
            output: .streams([output])
        ) { report in progress.withLock { $0.append(report) } }[0]

        #expect(try Judge.streamHashes(path) == Judge.streamHashes(file))
        #expect(try Judge.decodeErrors(path) == [])
        #expect(try Judge.topLevelBoxes(path).prefix(2) == ["ftyp", "moov"])
        #expect(try Judge.topLevelBoxes(path).last == "mdat")
        #expect(try Judge.frameNumbers(path).map(\.number) == Array(0..<60))
        #expect(result.frameCount == expected.frameCount)
        #expect(result.video == expected.video)
        #expect(result.audio == expected.audio)
        #expect(result.input == expected.input)
        #expect(progress.withLock { $0.last?.totalSeconds } != nil)
        #expect(Children.running.isEmpty)

        // Behind the head in order, then the head in order.
        let split = try #require(output.writes.firstIndex { $0.lowerBound == 0 })
        let head = try #require(output.writes.first?.lowerBound)
        let ordered = output.writes[split...] + output.writes[..<split]
        #expect(zip(ordered, ordered.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        #expect(output.writes.last?.upperBound == head)
        #expect(ordered.last?.upperBound == result.byteCount)
    }

    @Test(
        "Every encoder and container works where nothing but the bytes can be reached",
        arguments: [
            "web-hevc", "web-av1", "webm-720p", "webm-vp9-360p", "pal-mpg", "full-hd-1080i50-xdcam422", "gif",
            "hls-400k", "flash-video", "dash-audio-128k", "mp3-128k", "flac-cd", "wav-8bit", "opus-128k",
        ]
    )
    func makesAll(preset name: String) async throws {
        let input = try ClipRecipe(width: 160, height: 90, seconds: 1).make(workspace.url("clip.mp4"))
        let presets = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])
        let preset = try presets.preset(name)
        let request = try request { request in
            request.outputs[0].preset = preset
            request.threads = 2
        }
        let stream = try FileOutput(workspace.path("stream"))
        let first = await failure(request, try FileInput(input), .streams([stream]))
        #expect(code(first) == (preset.container == .mp4 ? nil : .outputNeedsFile))
        let path = workspace.path("out.\(preset.container.fileExtension)")
        let result = try await engine.run(request, input: FileInput(input), output: .files(paths: [path]))[0]
        #expect((result.video != nil) == (preset.video != nil))
        #expect((result.audio != nil) == (preset.audio != nil))
        #expect(try Judge.decodeErrors(path) == [])
        #expect(abs(try #require(try Judge.probe(path).format.duration) - 1) < 0.2)
    }

    @Test("What a stream cannot take goes to a file")
    func fallsBackToAFile() async throws {
        let input = Samples.path("browser-live.webm")
        let stream = try FileOutput(workspace.path("stream.mp4"))
        let first = await failure(try request(), try FileInput(input), .streams([stream]))
        #expect(code(first) == .outputNeedsFile)
        #expect(stream.writes.isEmpty)

        let path = workspace.path("spool.mp4")
        let result = try await engine.run(
            try request(),
            input: FileInput(input),
            output: .files(paths: [path])
        )[
            0
        ]
        #expect(result.frameCount == 120)
        #expect(try Judge.frameNumbers(path).map(\.number) == Array(0..<120))
        #expect(try Judge.topLevelBoxes(path).prefix(2) == ["ftyp", "moov"])

        let second = await failure(try request(), try FileInput(input), .files(paths: [path]))
        #expect(code(second) == .outputExists)
    }

    @Test(
        "A process that dies of a signal is a crash, and the next one works",
        arguments: [SIGSEGV, SIGKILL]
    )
    func survivesACrash(signal: Int32) async throws {
        let input = try ClipRecipe(seconds: 6).make(workspace.url("in.mp4"))
        let output = try FileOutput(workspace.path("out.mp4")) { _ in
            for child in Children.running { kill(child, signal) }
        }
        let crash = await failure(try request(), try FileInput(input), .streams([output]))
        #expect(code(crash) == .engineCrashed)
        #expect(Children.running.isEmpty)
        let again = try FileOutput(workspace.path("again.mp4"))
        let result = try await engine.run(try request(), input: FileInput(input), output: .streams([again]))[
            0
        ]
        #expect(result.frameCount == 180)
    }

    @Test("Cancelling ends the process before the call returns")
    func leavesNoChild() async throws {
        let input = try ClipRecipe(seconds: 20).make(workspace.url("in.mp4"))
        let (started, start) = AsyncStream<Void>.makeStream()
        let output = try FileOutput(workspace.path("out.mp4"))
        let request = try request()
        let source = try FileInput(input)
        let work = Task {
            await failure(request, source, .streams([output])) { _ in start.yield() }
        }
        for await _ in started { break }
        #expect(Children.running.count == 1)
        work.cancel()
        #expect(code(await work.value) == .cancelled)
        #expect(Children.running.isEmpty)
        #expect(output.writes.allSatisfy { $0.lowerBound > 0 })
    }

    @Test("Cancelling reaches an output that waits")
    func cancelsAWaitingOutput() async throws {
        let input = try ClipRecipe().make(workspace.url("in.mp4"))
        let (started, start) = AsyncStream<Void>.makeStream()
        let output = try FileOutput(workspace.path("out.mp4")) { _ in
            start.yield()
            try await Task.sleep(for: .seconds(3600))
        }
        let request = try request()
        let source = try FileInput(input)
        let work = Task { await failure(request, source, .streams([output])) }
        for await _ in started { break }
        work.cancel()
        #expect(code(await work.value) == .cancelled)
        #expect(Children.running.isEmpty)
    }

    @Test("Cancelling reaches an input that waits, and is no fault of its")
    func cancelsAWaitingInput() async throws {
        let request = try request()
        for _ in 0..<10 {
            let (started, start) = AsyncStream<Void>.makeStream()
            let source = EndlessInput(start: start)
            let output = try FileOutput(workspace.path("out.mp4"))
            let work = Task { await failure(request, source, .streams([output])) }
            for await _ in started { break }
            work.cancel()
            #expect(code(await work.value) == .cancelled)
        }
        #expect(Children.running.isEmpty)
    }

    @Test("A fault of the input's place comes back as it was")
    func passesOnInputFaults() async throws {
        let input = try ClipRecipe(width: 1280, height: 720, seconds: 6).make(workspace.url("in.ts"))
        let source = try FileInput(input, failsFrom: 4 << 20)
        try #require(source.byteCount > 5 << 20)
        let output = try FileOutput(workspace.path("out.mp4"))
        guard case .input(let fault) = await failure(try request(), source, .streams([output])) else {
            Issue.record("the fault was lost")
            return
        }
        #expect(fault as? StorageFault == StorageFault(number: 1))
        #expect(output.writes.allSatisfy { $0.lowerBound > 0 })
        #expect(Children.running.isEmpty)
    }

    @Test("A fault of the output's place comes back as it was")
    func passesOnOutputFaults() async throws {
        let input = try ClipRecipe().make(workspace.url("in.mp4"))
        let output = try FileOutput(workspace.path("out.mp4"), failsFrom: 200_000)
        guard case .output(let fault) = await failure(try request(), try FileInput(input), .streams([output]))
        else {
            Issue.record("the fault was lost")
            return
        }
        #expect(fault as? StorageFault == StorageFault(number: 2))
        #expect(Children.running.isEmpty)
    }

    @Test("A refusal keeps its code and its words")
    func passesOnRefusals() async throws {
        let damaged = await failure(
            try request(),
            try FileInput(Samples.path("damaged.mp4")),
            .streams([try FileOutput(workspace.path("out.mp4"))])
        )
        guard case .transcoding(let error) = damaged else {
            Issue.record("\(String(describing: damaged))")
            return
        }
        #expect([.inputDamaged, .inputUnreadable].contains(error.code))
        #expect(error.message.hasPrefix("clip "))
        let empty = workspace.path("empty")
        try Data().write(to: URL(fileURLWithPath: empty))
        let nothing = await failure(
            try request(),
            try FileInput(empty),
            .files(paths: [workspace.path("none")])
        )
        #expect(code(nothing) == .inputEmpty)
    }

    @Test("A process over its memory is ended, and the limit named")
    func limitsMemory() async throws {
        let input = try ClipRecipe(width: 1920, height: 1080, seconds: 4).make(workspace.url("in.mp4"))
        let tight = try request { $0.limits.maxResidentBytes = 60 << 20 }
        let output = try FileOutput(workspace.path("out.mp4"))
        guard case .transcoding(let error) = await failure(tight, try FileInput(input), .streams([output]))
        else {
            Issue.record("nothing was refused")
            return
        }
        #expect(error.code == .inputLimit)
        #expect(error.message.contains("maxResidentBytes"))
        #expect(Children.running.isEmpty)
    }

    @Test("An input of 300 MB passes through less than 48 MB of memory")
    func boundsMemory() async throws {
        let clip = try ClipRecipe(seconds: 6).make(workspace.url("clip.mp4"))
        let input = workspace.path("in.ts")
        // Empty transport packets fill the stream up to its rate.
        let rate = ["-f", "mpegts", "-muxrate", "400M"]
        try Tool.ffmpeg.output(["-nostdin", "-v", "error", "-i", clip, "-c", "copy"] + rate + [input])
        let source = try FileInput(input)
        try #require(source.byteCount > 250_000_000)
        let output = try FileOutput(workspace.path("out.mp4"))
        let result = try await engine.run(try request(), input: source, output: .streams([output]))[0]
        #expect(result.frameCount == 180)
        #expect(source.mostLiveBytes <= 48 << 20)
        let read = source.ranges.reduce(Int64(0)) { $0 + Int64($1.count) }
        // Probing goes through all of the empty packets in search of the streams.
        #expect(read <= 2 * source.byteCount + 64 << 20)
    }

    @Test("An input that comes at 5 MB a second is waited for")
    func waitsForSlowInputs() async throws {
        let input = try ClipRecipe(width: 1280, height: 720, seconds: 4).make(workspace.url("in.mp4"))
        let source = try FileInput(input, bytesPerSecond: 5_000_000)
        // Waiting does not count: the limits alone would leave it a twentieth of a second.
        let strict = try request { $0.limits.openSeconds = 0.05 }
        let output = try FileOutput(workspace.path("out.mp4"))
        let result = try await engine.run(strict, input: source, output: .streams([output]))[0]
        #expect(result.frameCount == 120)
    }

    @Test(
        "A process that is no engine is a crash, however it behaves",
        arguments: ["yes nonsense", "head -c 1000000 /dev/zero", "exit 3", "kill -SEGV $$", "cat"]
    )
    func distrustsTheProcess(script: String) async throws {
        let engine = EngineProcess(executable: try impostor(script))
        let output = try FileOutput(workspace.path("out.mp4"))
        let source = try FileInput(Samples.path("phone-portrait.mp4"))
        let error = await #expect(throws: EngineFailure.self) {
            try await engine.run(try request(), input: source, output: .streams([output]))
        }
        #expect(code(error) == .engineCrashed)
        #expect(output.writes.isEmpty)
    }

    private func impostor(_ script: String) throws -> String {
        let path = workspace.path("impostor")
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        return path
    }

    @Test("A process that does nothing and waits for nothing is ended")
    func losesPatience() async throws {
        let engine = EngineProcess(executable: try impostor("exec sleep 1000"), patience: .milliseconds(300))
        let output = try FileOutput(workspace.path("out.mp4"))
        let source = try FileInput(Samples.path("phone-portrait.mp4"))
        let error = await #expect(throws: EngineFailure.self) {
            try await engine.run(try request(), input: source, output: .streams([output]))
        }
        #expect(code(error) == .engineCrashed)
    }

    @Test("A process that computes without end is ended, and the limit named")
    func limitsTime() async throws {
        let engine = EngineProcess(executable: try impostor("while :; do :; done"))
        let output = try FileOutput(workspace.path("out.mp4"))
        let source = try FileInput(Samples.path("phone-portrait.mp4"))
        let strict = try request { $0.limits.cpuSecondsBase = 0.2 }
        let error = await #expect(throws: EngineFailure.self) {
            try await engine.run(strict, input: source, output: .streams([output]))
        }
        guard case .transcoding(let refusal) = error else { return }
        #expect(refusal.code == .inputLimit)
        #expect(refusal.message.contains("cpuSecondsPerSecond"))
    }

    @Test("A process whose parent is killed ends as well")
    func diesWithItsParent() throws {
        let input = try ClipRecipe(width: 1280, height: 720, seconds: 30).make(workspace.url("in.mp4"))
        let host = try Tool.built("EngineProbe")
            .start(["transcode", Tool.recast.path, input, workspace.path("out.mp4")])
        // It prints its child's number as soon as there is progress.
        #expect(host.wait(limit: 60) { host.outputByteCount > 0 })
        host.kill()
        let text = try host.finish().outputText
        let child = try #require(pid_t(text.split(separator: "\n").first.map(String.init) ?? ""))
        let isGone = {
            // A zombie that nobody reaps yet is gone as well.
            let status = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)
            return status == nil || status?.contains(") Z ") == true
        }
        let deadline = Date().addingTimeInterval(5)
        while !isGone(), Date() < deadline { sched_yield() }
        #expect(isGone())
    }

    @Test("A program that is not there is the engine's fault")
    func needsItsProgram() async throws {
        let engine = EngineProcess(executable: workspace.path("nothing"))
        let output = try FileOutput(workspace.path("out.mp4"))
        let source = try FileInput(Samples.path("phone-portrait.mp4"))
        let error = await #expect(throws: EngineFailure.self) {
            try await engine.run(try request(), input: source, output: .streams([output]))
        }
        #expect(code(error) == .engine)
    }
}
