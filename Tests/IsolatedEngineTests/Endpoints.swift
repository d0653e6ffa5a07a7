import FFmpeg
import Foundation
import IsolatedEngine

/// A storage fault of the tests' own.
struct StorageFault: Error, Equatable { let number: Int }

/// A file as an input from afar.
final class FileInput: AsyncInput {
    private struct State {
        var liveBytes = 0
        var mostLiveBytes = 0
        var ranges: [Range<Int64>] = []
    }

    private let handle: FileHandle
    private let state = Lock(State())
    private let bytesPerSecond: Double?
    private let failsFrom: Int64
    let byteCount: Int64

    init(_ path: String, bytesPerSecond: Double? = nil, failsFrom: Int64 = .max) throws {
        handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        byteCount = Int64(try handle.seekToEnd())
        self.bytesPerSecond = bytesPerSecond
        self.failsFrom = failsFrom
    }

    /// The most bytes that were in memory at the same time.
    var mostLiveBytes: Int { state.withLock { $0.mostLiveBytes } }
    var ranges: [Range<Int64>] { state.withLock { $0.ranges } }

    func read(_ range: Range<Int64>) async throws -> Data {
        guard range.upperBound <= failsFrom else { throw StorageFault(number: 1) }
        if let bytesPerSecond { try await Task.sleep(for: .seconds(Double(range.count) / bytesPerSecond)) }
        let count = range.count
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 16)
        let got = pread(handle.fileDescriptor, memory, count, off_t(range.lowerBound))
        state.withLock { state in
            state.ranges.append(range)
            state.liveBytes += count
            state.mostLiveBytes = max(state.mostLiveBytes, state.liveBytes)
        }
        let release: (UnsafeMutableRawPointer, Int) -> Void = { [self] memory, count in
            state.withLock { $0.liveBytes -= count }
            memory.deallocate()
        }
        return Data(bytesNoCopy: memory, count: max(0, got), deallocator: .custom(release))
    }
}

/// An input whose bytes never come.
struct EndlessInput: AsyncInput {
    let start: AsyncStream<Void>.Continuation
    var byteCount: Int64 { 1 << 30 }

    func read(_ range: Range<Int64>) async throws -> Data {
        start.yield()
        try await Task.sleep(for: .seconds(3600))
        return Data()
    }
}

/// An output that goes to a file, and remembers the order.
final class FileOutput: AsyncOutput {
    private let handle: FileHandle
    private let recorded = Lock<[Range<Int64>]>([])
    private let failsFrom: Int64
    /// Called with the bytes written so far.
    private let onWrite: @Sendable (Int64) async throws -> Void

    init(
        _ path: String,
        failsFrom: Int64 = .max,
        onWrite: @escaping @Sendable (Int64) async throws -> Void = { _ in }
    ) throws {
        try Data().write(to: URL(fileURLWithPath: path))
        handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        self.failsFrom = failsFrom
        self.onWrite = onWrite
    }

    var writes: [Range<Int64>] { recorded.withLock { $0 } }

    func write(_ data: Data, at offset: Int64) async throws {
        let end = offset + Int64(data.count)
        guard end <= failsFrom else { throw StorageFault(number: 2) }
        let written = data.withUnsafeBytes {
            pwrite(handle.fileDescriptor, $0.baseAddress, $0.count, off_t(offset))
        }
        guard written == data.count else { throw StorageFault(number: 3) }
        recorded.withLock { $0.append(offset..<end) }
        try await onWrite(end)
    }
}

/// The engine's processes that this one has started.
enum Children {
    static var running: [pid_t] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { pid_t($0) }.filter { process in
            guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
                let line = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)
            else { return false }
            // Behind the name in brackets: the state, then the parent.
            let fields = status.split(separator: ")").last?.split(separator: " ") ?? []
            return fields.count > 1 && fields[1] == "\(getpid())" && line.hasPrefix("recast\0engine")
        }
    }
}
