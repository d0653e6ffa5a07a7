package import AWSSignature
package import Foundation
internal import Hashing
package import Jobs

/// Upload forms that go to this service itself, signed with a secret that only it knows.
///
/// The secret is made when it is first needed, and is kept in the store, so that a form outlives the process
/// and is taken by every process that shares the store.
package actor LocalUploadForms: UploadForms {
    static let accessKeyID = "RECASTUPLOADS"
    static let region = "local"
    private static let documentID = "upload-forms"

    private let store: any MetadataStore
    private let now: @Sendable () -> Date
    private var known: Credentials?

    package init(store: any MetadataStore, now: @escaping @Sendable () -> Date = { Date() }) {
        self.store = store
        self.now = now
    }

    package func form(
        for policy: PostPolicy,
        origin: String
    ) async throws(BackendError) -> (url: String, fields: [(name: String, value: String)]) {
        let fields = policy.formFields(credentials: try await credentials(), region: Self.region, date: now())
        return ("\(origin)/\(policy.bucket)", fields)
    }

    /// Proves that the policy of a form was made here; `fields` are by their names in lower case.
    func verify(_ fields: [String: String]) async throws(UploadRefusal) {
        guard let policy = fields["policy"], let signature = fields["x-amz-signature"] else {
            throw UploadRefusal(403, "AccessDenied", "Access Denied")
        }
        guard fields["x-amz-algorithm"] == SignatureV4.algorithm else {
            throw .argument("X-Amz-Algorithm only supports \"\(SignatureV4.algorithm)\"")
        }
        guard let timestamp = fields["x-amz-date"],
            let scope = SigningScope(timestamp: timestamp, region: Self.region, service: "s3")
        else { throw .argument("X-Amz-Date must be formatted via ISO8601 Long format") }
        let credential = (fields["x-amz-credential"] ?? "").split(separator: "/", maxSplits: 1)
        guard credential.first == Self.accessKeyID[...] else {
            throw UploadRefusal(
                403,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records."
            )
        }
        guard credential.count == 2, credential[1] == scope.text else {
            throw .argument("Error parsing the X-Amz-Credential parameter")
        }
        let secret: String
        do {
            secret = try await credentials().secretAccessKey
        } catch {
            throw UploadRefusal(error)
        }
        let expected = scope.signature(ofText: policy, secretAccessKey: secret)
        guard Digest.isEqual(Data(expected.utf8), Data(signature.utf8)) else {
            throw UploadRefusal(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided."
            )
        }
    }

    private func credentials() async throws(BackendError) -> Credentials {
        if let known { return known }
        let secret = try await secret()
        let credentials = Credentials(accessKeyID: Self.accessKeyID, secretAccessKey: secret)
        known = credentials
        return credentials
    }

    private func secret() async throws(BackendError) -> String {
        // Of several processes that begin at the same time one makes it, and all use that one.
        for _ in 0..<2 {
            if let document = try await store.document(.secret, Self.documentID) {
                return String(decoding: document.body, as: UTF8.self)
                    .trimmingCharacters(in: CharacterSet(charactersIn: "\""))
            }
            var random = SystemRandomNumberGenerator()
            let secret = Data((0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }).hexadecimal
            do throws(BackendError) {
                let body = Data("\"\(secret)\"".utf8)
                _ = try await store.insert(
                    StoredDocument(kind: .secret, id: Self.documentID, body: body)
                )
                return secret
            } catch {
                guard error.code == .conflict else { throw error }
            }
        }
        throw BackendError(.unavailable, "the secret of upload forms can neither be read nor made")
    }
}
