internal import Foundation
internal import Jobs

/// The secret that sessions are signed with, kept in the store so that they outlive the process.
actor SessionKey {
    private struct Document: Codable { var secret: Data }

    private static let id = "sessions"

    private let store: any MetadataStore
    private var known: Data?

    init(store: any MetadataStore) { self.store = store }

    func data() async throws(BackendError) -> Data {
        if let known { return known }
        if let stored = try await stored() { return stored }
        var random = SystemRandomNumberGenerator()
        let secret = Data((0..<32).map { _ in UInt8.random(in: 0...255, using: &random) })
        let body = (try? JSONEncoder().encode(Document(secret: secret))) ?? Data()
        do throws(BackendError) {
            _ = try await store.insert(StoredDocument(kind: .accessKey, id: Self.id, body: body))
            known = secret
            return secret
        } catch {
            // Another process was faster.
            guard error.code == .conflict, let stored = try await stored() else { throw error }
            return stored
        }
    }

    private func stored() async throws(BackendError) -> Data? {
        guard let document = try await store.document(.accessKey, Self.id) else { return nil }
        guard let secret = try? JSONDecoder().decode(Document.self, from: document.body).secret,
            secret.count == 32
        else { throw BackendError(.invalid, "the key of sessions cannot be read") }
        known = secret
        return secret
    }
}
