package import AWSSignature
internal import Foundation
package import Hashing
package import Jobs
internal import NIOPosix
internal import Synchronization

/// What an `Authorization` header of basic authentication (RFC 7617) proved.
package enum BasicOutcome: Sendable, Equatable {
    case missing
    /// Not basic, not base64, or without a colon.
    case malformed
    /// No such user, or another password.
    case denied
    case user(String)
}

/// Users and access keys: those of the configuration, and those in the store.
///
/// Of passwords only a salted hash is kept. The secrets of access keys are kept as they are, for without
/// them no signature could be verified: whoever reads the store can sign.
package final class Accounts: Sendable {
    package struct Settings: Sendable {
        /// Password hashes by user name, in the form that `addUser` stores.
        package var users: [String: String] = [:]
        package var accessKeys: [Credentials] = []
        /// Lets everybody in whose password is the name; the way of the service before this one.
        package var allowsNameAsPassword = false
        /// How new passwords are hashed.
        package var hashing = KeyDerivation.standard

        package init() {}
    }

    private struct UserDocument: Codable { var password: String }
    private struct AccessKeyDocument: Codable { var secret: String }

    private let store: any MetadataStore
    private let settings: Settings
    private let now: @Sendable () -> ContinuousClock.Instant
    private let gate = Gate(running: 2, waiting: 64)
    private let remembered = Mutex(RememberedPasswords())

    package init(
        store: any MetadataStore,
        settings: Settings = Settings(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.store = store
        self.settings = settings
        self.now = now
    }

    // MARK: - Users

    /// Whether the header proves who sent it; wrong users take as long as wrong passwords.
    package func authenticate(authorization: String?) async throws(BackendError) -> BasicOutcome {
        guard let authorization else { return .missing }
        let words = authorization.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "basic",
            let data = Data(base64Encoded: words[1].trimmingCharacters(in: .whitespaces)),
            let text = String(validating: data, as: UTF8.self),
            let colon = text.firstIndex(of: ":")
        else { return .malformed }
        let (name, password) = (String(text[..<colon]), String(text[text.index(after: colon)...]))
        return try await isPassword(password, of: name) ? .user(name) : .denied
    }

    /// Whether the user exists and has this password.
    package func isPassword(_ password: String, of name: String) async throws(BackendError) -> Bool {
        guard Self.isName(name), Self.isPassword(password) else { return false }
        if settings.allowsNameAsPassword, Digest.isEqual(Data(name.utf8), Data(password.utf8)) { return true }
        let known = try await passwordHash(of: name)
        let hash = known ?? .ofNobody(settings.hashing)
        let proof = RememberedPasswords.Proof(name: name, password: password, hash: hash.text)
        let isProved = { @Sendable [self] () -> Bool in
            known != nil && remembered.withLock { $0.holds(proof, now: now()) }
        }
        if isProved() { return true }
        let matches = try await computed { [self] () -> Bool? in
            // Of many requests that come at once the first alone has the work.
            if isProved() { return true }
            let matches = hash.matches(password)
            if matches == true, known != nil { remembered.withLock { $0.remember(proof, now: now()) } }
            return matches
        }
        guard let matches else {
            throw BackendError(.unavailable, "there is no memory to check the password")
        }
        return matches && known != nil
    }

    /// Adds a user, or gives one that exists another password.
    package func addUser(name: String, password: String) async throws(BackendError) {
        guard Self.isName(name) else {
            throw BackendError(.invalid, "a user's name has 1 to 128 bytes, and neither colons nor controls")
        }
        guard Self.isPassword(password), !password.isEmpty else {
            throw BackendError(.invalid, "a password has 1 to 1,024 bytes and no controls")
        }
        guard
            let hash = try await computed({ [settings] in
                PasswordHash(password: password, derivation: settings.hashing)
            })
        else {
            throw BackendError(.unavailable, "there is no memory to hash the password")
        }
        let body = Self.encoded(UserDocument(password: hash.text))
        try await put(StoredDocument(kind: .user, id: name, body: body))
    }

    /// Removes a user of the store; one who is not there is no error.
    package func removeUser(_ name: String) async throws(BackendError) {
        try await store.deleteDocument(.user, name)
    }

    /// The names of the store's users, in order.
    package func users() async throws(BackendError) -> [String] { try await ids(.user) }

    /// The ids of the store's access keys, in order.
    package func accessKeyIDs() async throws(BackendError) -> [String] {
        // The service keeps secrets of its own among the keys.
        try await ids(.accessKey).filter(Self.isAccessKeyID)
    }

    private func ids(_ kind: StoredDocument.Kind) async throws(BackendError) -> [String] {
        var ids: [String] = []
        var after: String?
        repeat {
            let page = try await store.documents(kind, ascending: true, after: after, limit: 100)
            ids += page.items.map(\.id)
            after = page.next
        } while after != nil
        return ids
    }

    /// Whether nobody can sign in or sign.
    package func isEmpty() async throws(BackendError) -> Bool {
        if !settings.users.isEmpty || !settings.accessKeys.isEmpty || settings.allowsNameAsPassword {
            return false
        }
        let users = try await store.documents(.user, ascending: true, after: nil, limit: 1)
        guard users.items.isEmpty else { return false }
        // The service keeps secrets of its own among the keys.
        let keys = try await store.documents(.accessKey, ascending: true, after: nil, limit: 10)
        return !keys.items.contains { Self.isAccessKeyID($0.id) }
    }

    /// The hash of a password, as the settings take it; `nil` for a password that no user can have.
    package static func hash(of password: String) -> String? {
        guard isPassword(password), !password.isEmpty else { return nil }
        return PasswordHash(password: password, derivation: .standard)?.text
    }

    /// Changes whenever the user's password does; `nil` for users that are not kept anywhere.
    func fingerprint(of name: String) async throws(BackendError) -> String? {
        try await passwordHash(of: name)?.text
    }

    /// Whether the user is still one: known, or let in by the name alone.
    func isUser(_ name: String) async throws(BackendError) -> Bool {
        if settings.allowsNameAsPassword { return true }
        return try await passwordHash(of: name) != nil
    }

    private func passwordHash(of name: String) async throws(BackendError) -> PasswordHash? {
        if let text = settings.users[name] { return PasswordHash(text) }
        guard let document = try await store.document(.user, name),
            let user = try? JSONDecoder().decode(UserDocument.self, from: document.body)
        else { return nil }
        return PasswordHash(user.password)
    }

    /// Computes on a thread for things that take long, a few at a time.
    private func computed<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value
    ) async throws(BackendError) -> Value {
        guard await gate.enter() else {
            throw BackendError(.throttled, "too many passwords are being checked", retryAfter: 1)
        }
        defer { gate.leave() }
        do {
            return try await NIOThreadPool.singleton.runIfActive { work() }
        } catch {
            throw BackendError(.unavailable, "passwords cannot be checked any more")
        }
    }

    // MARK: - Access keys

    /// Makes and stores an access key; its secret is not shown again.
    package func makeAccessKey() async throws(BackendError) -> (id: String, secret: String) {
        var random = SystemRandomNumberGenerator()
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        let id = "AKRC" + String((0..<16).map { _ in letters[Int.random(in: 0..<32, using: &random)] })
        let bytes = Data((0..<30).map { _ in UInt8.random(in: 0...255, using: &random) })
        let secret = bytes.base64EncodedString()
        let body = Self.encoded(AccessKeyDocument(secret: secret))
        _ = try await store.insert(StoredDocument(kind: .accessKey, id: id, body: body))
        return (id, secret)
    }

    /// The secret of an access key; `nil` for one that nobody made.
    package func secret(of accessKeyID: String) async throws(BackendError) -> String? {
        if let own = settings.accessKeys.first(where: { $0.accessKeyID == accessKeyID }) {
            return own.secretAccessKey
        }
        guard Self.isAccessKeyID(accessKeyID),
            let document = try await store.document(.accessKey, accessKeyID)
        else { return nil }
        return try? JSONDecoder().decode(AccessKeyDocument.self, from: document.body).secret
    }

    /// Removes an access key of the store; one that is not there is no error.
    package func removeAccessKey(_ id: String) async throws(BackendError) {
        try await store.deleteDocument(.accessKey, id)
    }

    // MARK: - Rules

    private static func isName(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && !text.contains(":") && hasNoControls(text)
    }

    private static func isPassword(_ text: String) -> Bool {
        text.utf8.count <= 1024 && hasNoControls(text)
    }

    private static func hasNoControls(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    private static func isAccessKeyID(_ text: String) -> Bool {
        (16...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }

    private func put(_ document: StoredDocument) async throws(BackendError) {
        guard var known = try await store.document(document.kind, document.id) else {
            _ = try await store.insert(document)
            return
        }
        known.body = document.body
        _ = try await store.replace(known)
    }

    private static func encoded(_ value: some Encodable) -> Data {
        // Strings alone: they can always be encoded.
        (try? JSONEncoder().encode(value)) ?? Data()
    }
}
