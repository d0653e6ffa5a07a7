package import AWSSignature
package import Jobs

/// Wherever credentials come from.
package protocol CredentialSource: Sendable {
    /// Credentials that work now and for the next minutes.
    ///
    /// - Throws: `denied` when there are none.
    func credentials() async throws(BackendError) -> Credentials

    /// Says that a service took these for expired, so that they are not given out again.
    func discard(_ credentials: Credentials) async
}

/// Credentials that were given and never change.
package struct FixedCredentials: CredentialSource {
    private let value: Credentials

    package init(_ value: Credentials) { self.value = value }

    package func credentials() async throws(BackendError) -> Credentials { value }
    package func discard(_ credentials: Credentials) async {}
}
