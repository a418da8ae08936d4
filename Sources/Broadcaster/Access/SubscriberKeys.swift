import Synchronization

/// The API keys that are good at the moment: they may change while the process runs. Connections that were let in stay.
package final class SubscriberKeys: Sendable {
    private let current: Mutex<[String: AccessGrant]>

    /// - Parameter keys: what they may see, by the SHA-256 of the key.
    package init(_ keys: [String: AccessGrant]) { current = Mutex(keys) }

    /// From now on only these are good.
    package func replace(_ keys: [String: AccessGrant]) { current.withLock { $0 = keys } }

    func grant(of digest: String) -> AccessGrant? { current.withLock { $0[digest] } }
}
