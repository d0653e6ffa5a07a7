import Foundation

/// A TCP port on 127.0.0.1 that nobody is expected to call.
package final class LocalListener: Sendable {
    package let port: UInt16
    private let descriptor: Int32

    package init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, generic, &length) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        guard isListening else { throw Tool.Failure(description: "could not listen on 127.0.0.1") }
    }

    deinit { close(descriptor) }

    /// Whether somebody has called since the last time this was asked.
    package func wasCalled() -> Bool {
        let caller = accept(descriptor, nil, nil)
        guard caller >= 0 else { return false }
        close(caller)
        return true
    }
}
