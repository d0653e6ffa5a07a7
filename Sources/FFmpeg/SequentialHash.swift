internal import Hashing

/// Hashes a body from front to back while it is read in whatever order.
///
/// What has been read in order is not read again; the rest is, at the end.
struct SequentialHash: ~Copyable {
    private var hash = SHA256()
    private var hashed = SequentialBytes()
    /// Bytes hashed so far.
    var position: Int64 { hashed.position }

    /// Takes bytes that were read at `offset`, as far as they follow what was hashed.
    mutating func take(_ bytes: UnsafeRawBufferPointer, at offset: Int64) {
        if let fresh = hashed.fresh(bytes, at: offset) { hash.add(fresh) }
    }

    /// Reads what is left of `reader` and returns the hash in hexadecimal.
    consuming func finish(_ reader: any ByteReader) throws(FFmpegError) -> String {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while position < reader.byteCount {
            let got = try reader.read(at: position, into: buffer)
            guard got > 0 else { break }
            take(UnsafeRawBufferPointer(rebasing: buffer[..<got]), at: position)
        }
        return hash.finish()
    }
}
