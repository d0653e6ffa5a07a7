internal import Foundation
internal import NIOCore

/// Why an address cannot be listened on.
package enum ListenFailure {
    /// The system's own words where it refused, such as `Address already in use`.
    package static func reason(_ error: any Error) -> String {
        guard let refusal = error as? IOError else { return "\(error)" }
        return String(cString: strerror(refusal.errnoCode))
    }
}
