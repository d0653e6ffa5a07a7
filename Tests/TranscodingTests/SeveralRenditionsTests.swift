import FFmpeg
import Foundation
import Synchronization
import TestMedia
import Testing

@testable import Transcoding

@Suite("Several renditions from one decode", .serialized)
struct SeveralRenditionsTests {
    private let workspace: Workspace
    private let presets = PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")])

    init() throws { workspace = try Workspace() }

    private func rendition(_ preset: String, in folder: URL) throws -> TranscodeRequest.Rendition {
        let preset = try presets.preset(preset)
        let name = preset.name.filter { $0.isLetter || $0.isNumber } + "." + preset.container.fileExtension
        return .init(preset: preset, outputPath: folder.appendingPathComponent(name).path)
    }

    private func request(
        _ clips: [InputClip],
        _ names: [String],
        in folder: String = "together",
        threads: Int = 1
    ) throws -> TranscodeRequest {
        let folder = try workspace.subfolder(folder)
        var request = TranscodeRequest(
            clips: clips,
            renditions: try names.map { try rendition($0, in: folder) }
        )
        request.threads = threads
        return request
    }

    /// Its pictures are 16 macroblocks wide: at widths that are no multiple of 8, x264's macroblock tree reads
    /// memory that it has not written, and repeats itself only in a fresh process.
    private func clip(_ name: String = "in.mp4", seconds: Int = 2, hasSound: Bool = true) throws -> InputClip
    {
        let recipe = ClipRecipe(width: 256, height: 144, seconds: seconds, hasSound: hasSound)
        return InputClip(.file(path: try recipe.make(workspace.url(name))))
    }

    /// A clip whose sound begins half a second before its pictures, so that who wants no sound starts later.
    private func clipWithEarlySound() throws -> InputClip {
        let base = try ClipRecipe(width: 256, height: 144).make(workspace.url("base.mp4"))
        let path = workspace.path("early.mp4")
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-itsoffset", "0.5", "-i", base, "-i", base, "-map", "0:v",
            "-map",
            "1:a", "-c", "copy", path,
        ])
        return InputClip(.file(path: path))
    }

    /// Makes the renditions together, then each alone, and compares the files.
    private func expectSameAsAlone(_ clips: [InputClip], _ names: [String]) async throws {
        let together = try request(clips, names)
        let results = try await Transcoder().transcodeAll(together)
        #expect(results.map(\.outputPath) == together.renditions.map(\.output.name))
        for (index, name) in names.enumerated() {
            let alone = try request(clips, [name], in: "alone")
            let result = try await Transcoder().transcode(alone)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: results[index].outputPath))
            #expect(try Data(contentsOf: URL(fileURLWithPath: result.outputPath)) == bytes, "\(name)")
            #expect(results[index].recipe == result.recipe, "\(name)")
            #expect(results[index].frameCount == result.frameCount)
            #expect(results[index].ssim == result.ssim)
        }
    }

    @Test("Each is what it is alone, byte for byte, whatever streams, codecs and containers stand beside it")
    func equalsAlone() async throws {
        let names = ["generic-320x240", "hls-400k", "webm-vp9-360p", "gif", "mp3-128k", "hls-video-400k"]
        try await expectSameAsAlone([try clip()], names)
    }

    @Test("So it is where an input's sound begins before its pictures")
    func equalsAloneAfterEarlySound() async throws {
        try await expectSameAsAlone(
            [try clipWithEarlySound()],
            ["generic-320x240", "hls-video-400k", "mp3-128k"]
        )
    }

    @Test("So it is with a part of an input")
    func equalsAloneInPart() async throws {
        var part = try clip(seconds: 4)
        part.start = 0.7
        part.duration = 2.2
        try await expectSameAsAlone([part], ["generic-320x240", "hls-video-400k", "mp3-128k"])
    }

    @Test("So it is with joined inputs, of which one has no sound")
    func equalsAloneJoined() async throws {
        let clips = [try clip("a.mp4"), try clip("b.mp4", seconds: 1, hasSound: false)]
        try await expectSameAsAlone(clips, ["generic-320x240", "hls-400k", "mp3-128k"])
    }

    @Test("Equal sound is the same packets in each output, and every output passes its judge")
    func sharesSound() async throws {
        let request = try request([try clip()], ["generic-480p-16-9", "generic-360p-16-9"], threads: 2)
        let results = try await Transcoder().transcodeAll(request)
        let hashes = try results.map { result in
            try Judge.streamHashes(result.outputPath).split(separator: "\n").filter { $0.contains(",a,") }
        }
        #expect(!hashes[0].isEmpty)
        #expect(hashes[0] == hashes[1])
        for result in results {
            #expect(try Judge.decodeErrors(result.outputPath) == [])
            #expect(try Judge.frameNumbers(result.outputPath).map(\.number) == Array(0..<60))
            #expect(try Judge.beepTimes(result.outputPath).count == 2)
        }
    }

    @Test("One of several is made again from its recipe, alone")
    func reproduces() async throws {
        let input = try clip()
        let request = try request([input], ["generic-320x240", "webm-vp9-360p", "mp3-128k"], threads: 1)
        for result in try await Transcoder().transcodeAll(request) {
            let again = try await Reproduction.run(
                result.recipe,
                input: input.input.name,
                rendition: result.outputPath
            )
            #expect(again.outcome == .sameBytes, "\(result.outputPath)")
        }
    }

    @Test(
        "An input without sound gives pictures alone, and is refused where one rendition is nothing but sound"
    )
    func takesSilentInputs() async throws {
        let input = try clip(hasSound: false)
        let results = try await Transcoder().transcodeAll(
            request([input], ["generic-320x240", "hls-400k"], in: "silent")
        )
        #expect(results.map(\.hasAudio) == [false, false])
        let error = await #expect(throws: TranscodingError.self) {
            try await Transcoder().transcodeAll(request([input], ["generic-320x240", "mp3-128k"]))
        }
        #expect(error?.code == .inputUnsupported)
        #expect(contents(of: workspace.url("together")) == [])
    }

    @Test("Where one output cannot be written, none appears, and the error names it")
    func failsAsAWhole() async throws {
        var request = try request([try clip(seconds: 4)], ["generic-320x240", "generic-360p-4-3"])
        let spool = try FileWriter(creating: workspace.path("spool"))
        let full = TranscodeOutput.unnamedFile(FullWriter(spool, capacity: 40_000), name: "the second")
        request.renditions[1].output = full
        let error = await #expect(throws: TranscodingError.self) {
            try await Transcoder().transcodeAll(request)
        }
        #expect(error?.code == .outputUnwritable)
        #expect(error?.message.hasPrefix("the second cannot be written") == true)
        #expect(contents(of: workspace.url("together")) == [])
    }

    @Test("Whoever cancels finds none of the outputs")
    func cancels() async throws {
        let request = try request([try clip(seconds: 30)], ["generic-320x240", "hls-400k", "mp3-128k"])
        let began = AsyncStream<Void>.makeStream()
        let work = Task {
            try await Transcoder().transcodeAll(request) { _ in began.continuation.yield() }
        }
        for await _ in began.stream { break }
        work.cancel()
        let error = await #expect(throws: TranscodingError.self) { try await work.value }
        #expect(error?.code == .cancelled)
        #expect(contents(of: workspace.url("together")) == [])
    }

    @Test("Two renditions with one name are refused, by whatever path it is reached")
    func refusesOneName() async throws {
        let folder = try workspace.subfolder("together")
        try FileManager.default.createSymbolicLink(at: workspace.url("link"), withDestinationURL: folder)
        let first = try rendition("generic-320x240", in: folder)
        let second = try rendition("generic-320x240", in: workspace.url("link"))
        let input = try clip().input.name
        var request = TranscodeRequest(inputPath: input, renditions: [first, second])
        request.replacesOutput = true
        let error = await #expect(throws: TranscodingError.self) {
            try await Transcoder().transcodeAll(request)
        }
        #expect(error?.code == .outputExists)
        #expect(contents(of: folder) == [])
    }

    @Test("Where somebody takes the second name meanwhile, the first output stays, and theirs does")
    func keepsWhatIsPublished() async throws {
        let request = try request([try clip()], ["generic-320x240", "mp3-128k"])
        let theirs = request.renditions[1].output.name
        let error = await #expect(throws: TranscodingError.self) {
            try await Transcoder().transcodeAll(request) { progress in
                if progress.input != nil {
                    try? Data([1]).write(to: URL(fileURLWithPath: theirs))
                }
            }
        }
        #expect(error?.code == .outputExists)
        #expect(try Data(contentsOf: URL(fileURLWithPath: theirs)) == Data([1]))
        #expect(try Judge.decodeErrors(request.renditions[0].output.name) == [])
    }

    @Test("Progress counts all outputs, and each has an event of its own at the end")
    func tellsOfEach() async throws {
        let request = try request([try clip()], ["generic-320x240", "hls-video-400k"])
        var seconds: [Double] = []
        var results: [TranscodeResult] = []
        for try await event in Transcoder().events(request) {
            switch event {
            case .progress(let progress): seconds.append(progress.seconds)
            case .finished(let result): results.append(result)
            }
        }
        #expect(seconds == seconds.sorted())
        #expect(results.map(\.outputPath) == request.renditions.map(\.output.name))
    }
}

/// A place that is full after some bytes.
private final class FullWriter: ByteWriter {
    private let file: FileWriter
    private let capacity: Int64

    init(_ file: FileWriter, capacity: Int64) {
        self.file = file
        self.capacity = capacity
    }

    var byteCount: Int64 { file.byteCount }
    var isRemote: Bool { false }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(FFmpegError) {
        guard offset + Int64(bytes.count) <= capacity else {
            throw FFmpegError(errno: ENOSPC, action: "write")
        }
        try file.write(bytes, at: offset)
    }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(FFmpegError) -> Int {
        try file.read(at: offset, into: buffer)
    }

    func synchronize() throws(FFmpegError) { try file.synchronize() }
}
