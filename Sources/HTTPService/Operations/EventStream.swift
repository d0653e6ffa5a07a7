internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore
internal import ServiceLifecycle

/// Writes pieces of a stream as they come, until it ends or the service stops.
enum EventStream {
    static func write(
        _ stream: AsyncStream<String>,
        to writer: inout any ResponseBodyWriter,
        end: @escaping @Sendable () -> Void
    ) async throws {
        try await withGracefulShutdownHandler {
            for await text in stream { try await writer.write(ByteBuffer(string: text)) }
        } onGracefulShutdown: {
            end()
        }
    }
}
