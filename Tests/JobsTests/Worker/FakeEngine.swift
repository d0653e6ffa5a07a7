import Foundation
import IsolatedEngine
import Jobs
import Synchronization
import Transcoding

/// An engine without media: its output holds a head, and the input's bytes over and over.
final class FakeEngine: Sendable {
    private struct State {
        var runs: [String] = []
        var outputs: [[String]] = []
        var running = 0
    }

    static let head = Data("head".utf8)
    private let state = Mutex(State())
    /// Bytes behind the head.
    private let bodyByteCount: Int
    private let during: Hook
    private let afterReading: Hook
    private let afterWriting: Hook

    typealias Hook = @Sendable (String) async throws(EngineFailure) -> Void

    /// The hooks are called with the input's name, `during` when its first half was read, `afterReading`
    /// when all of it was, and `afterWriting` when the output is written.
    init(
        bodyByteCount: Int = 100,
        during: @escaping Hook = { _ in },
        afterReading: @escaping Hook = { _ in },
        afterWriting: @escaping Hook = { _ in }
    ) {
        self.bodyByteCount = bodyByteCount
        self.during = during
        self.afterReading = afterReading
        self.afterWriting = afterWriting
    }

    /// The inputs' names, in the order in which their transcodes began.
    var runs: [String] { state.withLock { $0.runs } }
    /// The names of the outputs that each of them was to make.
    var outputs: [[String]] { state.withLock { $0.outputs } }
    var isRunning: Bool { state.withLock { $0.running > 0 } }

    /// The whole output that `input` becomes.
    func output(of input: Data) -> Data {
        var body = input
        while body.count < bodyByteCount { body += body }
        return Self.head + body.prefix(bodyByteCount)
    }

    func run(
        _ request: EngineRequest,
        _ input: any AsyncInput,
        _ output: EngineOutput,
        _ onProgress: @Sendable (TranscodeProgress) -> Void = { _ in }
    ) async throws(EngineFailure) -> [TranscodeResult] {
        state.withLock { state in
            state.runs.append(request.inputName)
            state.outputs.append(request.outputs.map(\.name))
            state.running += 1
        }
        defer { state.withLock { $0.running -= 1 } }
        guard input.byteCount > 0 else {
            throw .transcoding(TranscodingError(.inputEmpty, "\(request.inputName) is empty"))
        }
        let result = try Self.result(100)
        onProgress(Self.progress(0, result.input))
        var data: Data
        let middle = input.byteCount / 2
        do { data = try await input.read(0..<middle) } catch { throw .input(error) }
        onProgress(Self.progress(0.5 * result.duration))
        try await during(request.inputName)
        do { data += try await input.read(middle..<input.byteCount) } catch { throw .input(error) }
        try await afterReading(request.inputName)
        let whole = self.output(of: data)
        do { try await write(whole, output) } catch { throw .output(error) }
        try await afterWriting(request.inputName)
        return try request.outputs.map { _ throws(EngineFailure) in try Self.result(whole.count) }
    }

    private func write(_ whole: Data, _ output: EngineOutput) async throws {
        switch output {
        case .files(let paths): for path in paths { try whole.write(to: URL(fileURLWithPath: path)) }
        case .streams(let streams):
            let headByteCount = Self.head.count
            for start in stride(from: headByteCount, to: whole.count, by: 1 << 20) {
                try Task.checkCancellation()
                let part = whole[start..<min(start + 1 << 20, whole.count)]
                for stream in streams { try await stream.write(part, at: Int64(start)) }
            }
            for stream in streams {
                try await stream.write(whole[..<2], at: 0)
                try await stream.write(whole[2..<headByteCount], at: 2)
            }
        }
    }

    private static func progress(_ seconds: Double, _ input: DetectedProperties? = nil) -> TranscodeProgress {
        TranscodeProgress(
            seconds: seconds,
            totalSeconds: 2.5,
            frameCount: 0,
            byteCount: 0,
            elapsed: 0,
            input: input
        )
    }

    private static func result(_ byteCount: Int) throws(EngineFailure) -> TranscodeResult {
        let json = """
            {"outputPath": "output", "byteCount": \(byteCount), "duration": 2.5,
             "size": {"width": 640, "height": 360}, "frameRate": {"numerator": 25, "denominator": 1},
             "video": {"codec": "h264", "byteCount": 50, "bitsPerSecond": 160},
             "audio": {"codec": "aac", "byteCount": 20, "bitsPerSecond": 64},
             "input": {"container": "mp4", "byteCount": 10, "duration": 2.5,
                       "size": {"width": 640, "height": 360},
                       "uprightSize": {"width": 640, "height": 360}, "frameRate": 25, "videoCodec": "vp9"},
             "decodedFrameCount": 62, "frameCount": 62, "wallSeconds": 1, "cpuSeconds": 1, "stages": [],
             "recipe": \(RecipeFixture.json)}
            """
        do {
            return try JSONDecoder().decode(TranscodeResult.self, from: Data(json.utf8))
        } catch {
            throw .transcoding(TranscodingError(.engine, "\(error)"))
        }
    }
}
