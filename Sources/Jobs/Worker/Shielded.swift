/// Does what must not be cut short: it goes on when the surrounding task is cancelled.
func shielded<Value: Sendable>(
    _ body: @escaping @Sendable () async throws(BackendError) -> Value
) async throws(BackendError) -> Value {
    let result = await Task { () async -> Result<Value, BackendError> in
        do throws(BackendError) { return .success(try await body()) } catch { return .failure(error) }
    }.value
    return try result.get()
}
