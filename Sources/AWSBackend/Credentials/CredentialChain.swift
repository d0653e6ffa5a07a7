package import AWSSignature
internal import Foundation
package import HTTPTransport
package import Jobs
package import Logging

/// Finds credentials where AWS tools look for them, keeps them, and renews them before they expire.
///
/// In order: environment, shared files, web identity, container, instance. The first place that is set up
/// decides: when it then fails, the others are not asked, as they would belong to somebody else.
package actor CredentialChain: CredentialSource {
    /// Seconds before they expire at which credentials are renewed.
    private static let margin = 300.0
    /// Seconds between attempts to renew credentials that still work.
    private static let pause = 30.0

    private let places: CredentialPlaces
    private let timing: Timing
    private let log: Logger
    private var current: Credentials?
    private var hadCredentials = false
    private var isFresh = false
    private var nextAttempt: Date?
    private var renewal: Task<Result<Credentials, BackendError>, Never>?

    package init(
        environment: [String: String],
        transport: (any HTTPSending)? = nil,
        timing: Timing = .system,
        log: Logger
    ) {
        let settings = environment.filter { !$0.value.isEmpty }
        places = CredentialPlaces(
            environment: settings,
            transport: transport ?? HTTPClient(certificates: settings["AWS_CA_BUNDLE"]),
            timing: timing,
            log: log
        )
        self.timing = timing
        self.log = log
    }

    package func credentials() async throws(BackendError) -> Credentials {
        let now = timing.now()
        if let current {
            guard let expires = current.expires, expires < now.addingTimeInterval(Self.margin) else {
                return current
            }
            // What still works is good enough while the place they come from has trouble; and what was
            // handed out just now counts as good, whatever a wrong clock makes of its date.
            if expires > now || isFresh, let nextAttempt, now < nextAttempt { return current }
        }
        switch await renewed() {
        case .success(let fresh): return fresh
        case .failure(let error):
            guard let current, let expires = current.expires, expires > timing.now() else {
                // A machine does not lose its role; its metadata service is out for a while.
                throw hadCredentials ? BackendError(.unavailable, error.message) : error
            }
            log.warning("credentials are not renewed", metadata: ["reason": "\(error)"])
            return current
        }
    }

    package func discard(_ credentials: Credentials) async {
        // Those of an older request are gone already.
        if current == credentials { current = nil }
    }

    /// Asks once, however many wait for the answer.
    private func renewed() async -> Result<Credentials, BackendError> {
        if let renewal { return await renewal.value }
        let task = Task { [places] () -> Result<Credentials, BackendError> in
            do throws(BackendError) {
                return .success(try await places.find())
            } catch { return .failure(error) }
        }
        renewal = task
        let result = await task.value
        renewal = nil
        nextAttempt = timing.now().addingTimeInterval(Self.pause)
        isFresh = false
        if case .success(let fresh) = result { (current, isFresh, hadCredentials) = (fresh, true, true) }
        return result
    }
}
