internal import CLinux
internal import Foundation
internal import Glibc
internal import Jobs

/// An open file.
struct OpenFile: ~Copyable {
    let descriptor: Int32
    /// For messages.
    let label: String

    init(owning descriptor: Int32, label: String) {
        self.descriptor = descriptor
        self.label = label
    }

    deinit { close(descriptor) }

    func stamp() throws(BackendError) -> FileStamp {
        var status = stat()
        try FileCall.check("examine \(label)") { fstat(descriptor, &status) }
        return FileStamp(status)
    }

    /// Up to `range`'s length of bytes; fewer when the file ends before.
    func read(_ range: Range<Int64>) throws(BackendError) -> Data {
        var data = Data(count: range.count)
        var filled = 0
        while filled < data.count {
            let count = try FileCall.check("read \(label)") {
                data.withUnsafeMutableBytes { bytes in
                    pread(
                        descriptor,
                        bytes.baseAddress! + filled,
                        bytes.count - filled,
                        off_t(range.lowerBound) + off_t(filled)
                    )
                }
            }
            if count == 0 { break }
            filled += count
        }
        return data.prefix(filled)
    }

    func append(_ data: Data) throws(BackendError) {
        var rest = data[...]
        while !rest.isEmpty {
            let count = try FileCall.check("write \(label)") {
                rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Appends the whole of `other`, which must not have been read from.
    func append(_ other: borrowing OpenFile) throws(BackendError) {
        let (input, output) = (other.descriptor, descriptor)
        while true {
            guard let count = FileCall.answer({ recast_copy(input, output, 1 << 30) }) else {
                // Not every file system lets the kernel copy.
                guard [EXDEV, EINVAL, ENOSYS, EOPNOTSUPP].contains(errno) else {
                    throw FileCall.error(errno, "write \(label)")
                }
                return try appendByHand(other)
            }
            if count == 0 { return }
        }
    }

    private func appendByHand(_ other: borrowing OpenFile) throws(BackendError) {
        let input = other.descriptor
        var piece = Data(count: 1 << 20)
        while true {
            let count = try FileCall.check("read \(other.label)") {
                piece.withUnsafeMutableBytes { Glibc.read(input, $0.baseAddress, $0.count) }
            }
            if count == 0 { return }
            try append(piece.prefix(count))
        }
    }

    /// Sets the time of change to now, as exactly as the file system can.
    func touch() throws(BackendError) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        try FileCall.check("write \(label)") { futimens(descriptor, [now, now]) }
    }

    /// Makes the bytes last through a power failure.
    func sync() throws(BackendError) {
        try FileCall.check("write \(label)") { fsync(descriptor) }
    }

    /// Waits until no other process has the file locked, and locks it until it is closed.
    func lock() throws(BackendError) {
        try FileCall.check("lock \(label)") { flock(descriptor, LOCK_EX) }
    }

    /// Locks the file unless another process has, and says whether it did.
    func tryLock() -> Bool { FileCall.answer { flock(descriptor, LOCK_EX | LOCK_NB) } != nil }
}
