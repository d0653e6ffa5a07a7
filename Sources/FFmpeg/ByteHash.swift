internal import CFFmpeg

/// SHA-256 (FIPS 180-4) of bytes that come in pieces, by libavutil.
struct ByteHash: ~Copyable {
    private let context: OpaquePointer

    private init(owning context: OpaquePointer) { self.context = context }

    static func open() throws(FFmpegError) -> ByteHash {
        let hash = ByteHash(owning: try allocated(av_sha_alloc(), "create a hash"))
        try check(av_sha_init(hash.context, 256), "create a hash")
        return hash
    }

    deinit { av_free(UnsafeMutableRawPointer(context)) }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
        av_sha_update(context, start, bytes.count)
    }

    /// The hash in hexadecimal.
    consuming func finish() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        av_sha_final(context, &digest)
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self
        )
    }
}

/// Hashes a body from front to back while it is read in whatever order.
///
/// What has been read in order is not read again; the rest is, at the end.
struct SequentialHash: ~Copyable {
    private var hash: ByteHash
    /// Bytes hashed so far.
    private(set) var position: Int64 = 0

    init() throws(FFmpegError) { hash = try ByteHash.open() }

    /// Takes bytes that were read at `offset`, as far as they follow what was hashed.
    mutating func take(_ bytes: UnsafeRawBufferPointer, at offset: Int64) {
        let skipped = position - offset
        guard skipped >= 0, skipped < Int64(bytes.count) else { return }
        hash.add(UnsafeRawBufferPointer(rebasing: bytes[Int(skipped)...]))
        position = offset + Int64(bytes.count)
    }

    /// Reads what is left of `reader` and returns the hash in hexadecimal.
    consuming func finish(_ reader: any ByteReader) throws(FFmpegError) -> String {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while position < reader.byteCount {
            let got = try reader.read(at: position, into: buffer)
            guard got > 0 else { break }
            hash.add(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
            position += Int64(got)
        }
        return hash.finish()
    }
}
