package import Hummingbird

/// What is known of a request while it is answered.
package struct ServiceRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Who sent it, once that was proved.
    package var user: String?

    package init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
    }

    /// Bytes of a body that is read as a whole.
    package var maxUploadSize: Int { 1 << 20 }
}
