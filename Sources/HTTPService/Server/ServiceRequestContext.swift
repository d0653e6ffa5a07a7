internal import Foundation
package import Hummingbird
internal import Synchronization

/// What is known of a request while it is answered.
package struct ServiceRequestContext: RequestContext {
    /// What is found out on the way, for those who saw the request earlier.
    private final class Facts: Sendable {
        let user = Mutex<String?>(nil)
    }

    package var coreContext: CoreRequestContextStorage
    /// A UUID, which the answer names too.
    package let requestID: String
    /// The other end of the connection; `nil` when it is unknown.
    package let address: String?
    private let facts = Facts()

    package init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        requestID = UUID().uuidString.lowercased()
        address = source.channel.remoteAddress?.ipAddress
    }

    /// Who sent it, once that was proved.
    package var user: String? {
        get { facts.user.withLock { $0 } }
        nonmutating set { facts.user.withLock { $0 = newValue } }
    }

    /// Bytes of a body that is read as a whole.
    package var maxUploadSize: Int { 1 << 20 }
}
