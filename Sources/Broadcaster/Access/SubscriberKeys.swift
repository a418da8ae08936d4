import Synchronization

/// The API keys that are good at the moment: they may change while the process runs. Connections of keys that are gone end
/// within seconds.
package final class SubscriberKeys: Sendable {
    private struct State {
        var grants: [String: AccessGrant]
        var generation = 0
    }

    private let state: Mutex<State>

    /// - Parameter keys: what they may see, by the SHA-256 of the key.
    package init(_ keys: [String: AccessGrant]) { state = Mutex(State(grants: keys)) }

    /// From now on only these are good.
    package func replace(_ keys: [String: AccessGrant]) {
        state.withLock { $0 = State(grants: keys, generation: $0.generation + 1) }
    }

    func grant(of digest: String) -> AccessGrant? { state.withLock { $0.grants[digest] } }

    /// How often they were replaced.
    var generation: Int { state.withLock { $0.generation } }
}
