internal import FFmpeg
internal import Foundation
internal import Transcoding

/// The head of one message between the engine's two processes; both run on one machine, so in its byte order.
struct FrameHead: Sendable, Equatable {
    enum Kind: UInt8, Sendable {
        /// To the engine: what to do, as JSON.
        case request = 1
        /// To the engine: the bytes it asked for.
        case bytes
        /// From the engine: asks for `count` bytes from `offset`.
        case read
        /// From the engine: `count` bytes at `offset` of the output with the number `output`.
        case write
        /// From the engine, as JSON; what is finished are all outputs.
        case progress, finished, failed
    }

    static let byteCount = 16
    /// The most bytes of one message.
    static let maxCount = 1 << 20

    let kind: Kind
    /// Bytes that follow, or for `read` bytes that are wanted.
    let count: Int
    let offset: Int64
    /// Which of the outputs, from 0 on.
    let output: Int

    init(_ kind: Kind, count: Int, offset: Int64 = 0, output: Int = 0) {
        self.kind = kind
        self.output = output
        self.count = count
        self.offset = offset
    }

    /// `nil` for bytes that no engine of this version sends.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == FrameHead.byteCount, let kind = Kind(rawValue: bytes[0]) else { return nil }
        let count = bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
        let offset = bytes.loadUnaligned(fromByteOffset: 8, as: Int64.self)
        guard count <= FrameHead.maxCount, offset >= 0 else { return nil }
        self.init(kind, count: Int(count), offset: offset, output: Int(bytes[1]))
    }

    /// Bytes that follow the head.
    var payloadCount: Int { kind == .read ? 0 : count }

    var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: FrameHead.byteCount)
        bytes[0] = kind.rawValue
        bytes[1] = UInt8(truncatingIfNeeded: output)
        bytes.withUnsafeMutableBytes { buffer in
            buffer.storeBytes(of: UInt32(count), toByteOffset: 4, as: UInt32.self)
            buffer.storeBytes(of: offset, toByteOffset: 8, as: Int64.self)
        }
        return bytes
    }
}

/// The request as it crosses to the engine.
struct EngineOrder: Codable, Sendable {
    var request: EngineRequest
    var inputByteCount: Int64
    /// Whether the outputs go to the files that are open as descriptors from 3 on.
    var usesFiles: Bool
    /// The longest that each output may become.
    var maxOutputBytes: [Int64]
}

/// A `TranscodingError` as it comes back.
struct EngineComplaint: Codable, Sendable {
    var code: TranscodingError.Code
    var message: String

    init(_ error: TranscodingError) {
        code = error.code
        message = error.message
    }

    /// Shortened, because a hostile engine could send anything.
    var error: TranscodingError { TranscodingError(code, String(message.prefix(2000))) }
}
