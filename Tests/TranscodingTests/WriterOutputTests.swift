import FFmpeg
import Foundation
import TestMedia
import Testing
import Transcoding

@Suite("An output written from front to back", .serialized)
struct WriterOutputTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func preset() throws -> Preset {
        try PresetLibrary(folders: [Samples.packageRoot.appendingPathComponent("presets")]).preset("web")
    }

    private func run(
        _ input: TranscodeInput,
        to output: TranscodeOutput
    ) async throws -> TranscodeResult {
        var request = TranscodeRequest(input: input, output: output, preset: try preset())
        // x264 repeats itself bit for bit with one thread only.
        request.threads = 1
        return try await Transcoder().transcode(request)
    }

    @Test("It holds the same packets as the file, with the index in front", arguments: [true, false])
    func equalsTheFile(hasSound: Bool) async throws {
        let input = try ClipRecipe(hasSound: hasSound).make(workspace.url("in.mp4"))
        let file = workspace.path("file.mp4")
        let streamed = workspace.path("streamed.mp4")
        let first = try await run(.file(path: input), to: .file(path: file))
        let writer = RecordingWriter(try FileWriter(creating: streamed))
        let reader = try FileReader(path: input)
        let second = try await run(
            .reader(reader, name: "clip"),
            to: .writer(writer, name: "result")
        )

        #expect(try Judge.streamHashes(streamed) == Judge.streamHashes(file))
        #expect(try Judge.decodeErrors(streamed) == [])
        #expect(try Judge.topLevelBoxes(streamed).prefix(4) == ["ftyp", "moov", "free", "free"])
        #expect(try Judge.topLevelBoxes(streamed).suffix(1) == ["mdat"])
        let probe = try Judge.probe(streamed)
        #expect(abs(try #require(probe.format.duration) - second.duration) < 0.01)
        #expect(probe.video?.width == second.size?.width)
        let size = try FileManager.default.attributesOfItem(atPath: streamed)[.size] as? Int64
        #expect(second.byteCount == size)
        #expect(second.frameCount == first.frameCount)
        #expect(second.video == first.video)
        #expect(second.audio == first.audio)
        #expect((second.audio != nil) == hasSound)
        #expect(second.input == first.input)
        #expect(second.outputPath == "result")
    }

    @Test("Bytes behind the head are written once each and in rising order, the head last")
    func writesInOrder() async throws {
        let input = try ClipRecipe().make(workspace.url("in.mp4"))
        let writer = RecordingWriter(try FileWriter(creating: workspace.path("out.mp4")))
        let result = try await run(.file(path: input), to: .writer(writer, name: "result"))
        let writes = writer.writes
        let head = try #require(writes.last)
        #expect(head.lowerBound == 0)
        #expect(head.upperBound < 200_000)
        var next = head.upperBound
        for write in writes.dropLast() {
            #expect(write.lowerBound == next)
            next = write.upperBound
        }
        #expect(next == result.byteCount)
    }

    @Test("An input that does not say how long it is needs a file, and nothing is written")
    func asksForAFile() async throws {
        let writer = RecordingWriter(try FileWriter(creating: workspace.path("out.mp4")))
        let error = await #expect(throws: TranscodingError.self) {
            try await run(.file(path: Samples.path("browser-live.webm")), to: .writer(writer, name: "result"))
        }
        #expect(error?.code == .outputNeedsFile)
        #expect(writer.writes.isEmpty)
    }

    @Test("A file without a name takes what a writer cannot")
    func fillsAnUnnamedFile() async throws {
        let path = workspace.path("spool.mp4")
        let writer = try FileWriter(creating: path)
        let result = try await run(
            .file(path: Samples.path("browser-live.webm")),
            to: .unnamedFile(writer, name: "result")
        )
        #expect(result.frameCount == 120)
        #expect(try Judge.frameNumbers(path).map(\.number) == Array(0..<120))
        #expect(try Judge.topLevelBoxes(path).prefix(2) == ["ftyp", "moov"])
    }

    @Test("An index that outgrows its place needs a file")
    func noticesAnIndexThatDoesNotFit() async throws {
        let input = try ClipRecipe(width: 160, height: 90, seconds: 40).make(workspace.url("in.mp4"))
        // The container promises a fortieth of what it holds.
        let liar = workspace.path("liar.mp4")
        try StatedDuration.shorten(input, to: liar, seconds: 1)
        let writer = RecordingWriter(try FileWriter(creating: workspace.path("out.mp4")))
        let error = await #expect(throws: TranscodingError.self) {
            try await run(.file(path: liar), to: .writer(writer, name: "result"))
        }
        #expect(error?.code == .outputNeedsFile)
        #expect(writer.writes.allSatisfy { $0.lowerBound > 0 })
    }

    @Test("A writer that fails fails the transcode, in its own words")
    func reportsAFailingWriter() async throws {
        let input = try ClipRecipe().make(workspace.url("in.mp4"))
        let writer = RecordingWriter(try FileWriter(creating: workspace.path("out.mp4")), capacity: 200_000)
        let error = await #expect(throws: TranscodingError.self) {
            try await run(.file(path: input), to: .writer(writer, name: "result"))
        }
        #expect(error?.code == .outputUnwritable)
        #expect(error?.message == "result cannot be written: No space left on device")
    }

    @Test("A reader that fails midway is damage at that place, not a shorter film")
    func reportsAFailingReader() async throws {
        let input = try ClipRecipe(seconds: 6).make(workspace.url("in.mp4"))
        let reader = FailingReader(try FileReader(path: input), limit: 300_000)
        let writer = RecordingWriter(try FileWriter(creating: workspace.path("out.mp4")))
        let error = await #expect(throws: TranscodingError.self) {
            try await run(.reader(reader, name: "clip"), to: .writer(writer, name: "result"))
        }
        #expect(error?.code == .inputDamaged || error?.code == .inputUnreadable)
        #expect(writer.writes.allSatisfy { $0.lowerBound > 0 })
    }

}

/// Writes to a file that cannot be read back, and remembers where.
private final class RecordingWriter: ByteWriter {
    private let file: FileWriter
    private let capacity: Int64
    private let recorded = Lock<[Range<Int64>]>([])

    init(_ file: FileWriter, capacity: Int64 = .max) {
        self.file = file
        self.capacity = capacity
    }

    var writes: [Range<Int64>] { recorded.withLock { $0 } }
    var byteCount: Int64 { file.byteCount }
    var isRemote: Bool { true }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(FFmpegError) {
        let end = offset + Int64(bytes.count)
        guard end <= capacity else { throw FFmpegError(errno: ENOSPC, action: "write") }
        try file.write(bytes, at: offset)
        recorded.withLock { $0.append(offset..<end) }
    }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(FFmpegError) -> Int {
        throw FFmpegError(errno: ESPIPE, action: "read back")
    }

    func synchronize() throws(FFmpegError) { try file.synchronize() }
}

/// Reads a file up to a limit, and fails beyond.
private struct FailingReader: ByteReader {
    let file: FileReader
    let limit: Int64

    init(_ file: FileReader, limit: Int64) {
        self.file = file
        self.limit = limit
    }

    var byteCount: Int64 { file.byteCount }
    var isRemote: Bool { true }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(FFmpegError) -> Int {
        let isMoov = offset > byteCount - 100_000
        guard isMoov || offset + Int64(buffer.count) <= limit else {
            throw FFmpegError(errno: ECONNRESET, action: "read")
        }
        return try file.read(at: offset, into: buffer)
    }

    func interrupt() {}
}

/// Rewrites what an MP4 file says of its length.
private enum StatedDuration {
    /// Copies `path` with every duration of mvhd, tkhd, mdhd and elst (ISO/IEC 14496-12 §8) cut to `seconds`.
    static func shorten(_ path: String, to copy: String, seconds: Double) throws {
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        func find(_ type: String, from start: Int) -> Int? {
            let code = Array(type.utf8)
            return (start..<bytes.count - 4).first { Array(bytes[$0..<$0 + 4]) == code }
        }
        func number(_ at: Int) -> UInt32 { bytes[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        func put(_ value: UInt32, _ at: Int) {
            for index in 0..<4 { bytes[at + index] = UInt8(truncatingIfNeeded: value >> (24 - 8 * index)) }
        }
        // Version 0: version and flags (4), created, changed (8), timescale (4), duration (4).
        for type in ["mvhd", "mdhd"] {
            var start = 0
            while let place = find(type, from: start) {
                put(UInt32(Double(number(place + 16)) * seconds), place + 20)
                start = place + 4
            }
        }
        try Data(bytes).write(to: URL(fileURLWithPath: copy))
    }
}
