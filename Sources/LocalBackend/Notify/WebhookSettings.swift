/// How webhooks are called.
package struct WebhookSettings: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The key of the signatures; without one, nothing is signed.
    let secret: String?
    /// Whether a webhook may be on this machine or in a private network.
    package let allowsPrivateAddresses: Bool

    package init(secret: String? = nil, allowsPrivateAddresses: Bool = false) {
        self.secret = secret.flatMap { $0.isEmpty ? nil : $0 }
        self.allowsPrivateAddresses = allowsPrivateAddresses
    }

    /// Without the secret, however the value is printed.
    package var description: String {
        "webhooks, \(secret == nil ? "unsigned" : "signed"), "
            + "\(allowsPrivateAddresses ? "any address" : "public addresses only")"
    }
    package var debugDescription: String { description }
    package var customMirror: Mirror {
        Mirror(self, children: ["allowsPrivateAddresses": allowsPrivateAddresses])
    }
}
