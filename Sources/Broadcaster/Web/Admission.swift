import Synchronization

/// How many connections a second this process takes, and how much of everything each key has.
final class Admission: Sendable {
    enum Answer: Sendable, Equatable {
        case admitted
        case tooManyOfKey
        case tooManyASecond
    }

    private struct Key {
        var connections = 0
        var commands: TokenBucket
        var requests: TokenBucket
    }

    private struct State {
        var accepts: TokenBucket
        var keys: [String: Key] = [:]
    }

    private let limits: BroadcasterLimits
    private let state: Mutex<State>

    /// With more keys than this, those that have no connection are forgotten.
    private static let mostIdleKeys = 10_000

    init(limits: BroadcasterLimits, now: Duration) {
        self.limits = limits
        state = Mutex(
            State(accepts: TokenBucket(perSecond: limits.acceptsPerSecond, burst: limits.acceptsPerSecond, now: now)))
    }

    /// Counts a connection; who is admitted is released at its end. A nil grant has not said yet who it is.
    func admit(_ grant: AccessGrant?, at now: Duration) -> Answer {
        state.withLock { state in
            guard state.accepts.take(at: now) else { return .tooManyASecond }
            guard let grant else { return .admitted }
            return count(grant, at: now, &state) ? .admitted : .tooManyOfKey
        }
    }

    /// A connection that was admitted without a key has presented one. False: the key has too many.
    func identify(_ grant: AccessGrant, at now: Duration) -> Bool { state.withLock { count(grant, at: now, &$0) } }

    func release(_ grant: AccessGrant?) {
        guard let name = grant?.name else { return }
        state.withLock { $0.keys[name]?.connections -= 1 }
    }

    /// Whether the key may send one more command, over all its connections.
    func takeCommand(_ grant: AccessGrant, at now: Duration) -> Bool {
        take(grant, at: now) { $0.commands.take(at: now) }
    }

    /// Whether the key may make one more request.
    func takeRequest(_ grant: AccessGrant, at now: Duration) -> Bool {
        take(grant, at: now) { $0.requests.take(at: now) }
    }

    private func take(_ grant: AccessGrant, at now: Duration, _ body: (inout Key) -> Bool) -> Bool {
        guard let name = grant.name else { return true }
        return state.withLock { state in body(&state.keys[name, default: newKey(at: now)]) }
    }

    private func count(_ grant: AccessGrant, at now: Duration, _ state: inout State) -> Bool {
        guard let name = grant.name else { return true }
        if state.keys.count >= Self.mostIdleKeys { state.keys = state.keys.filter { $0.value.connections > 0 } }
        var key = state.keys[name] ?? newKey(at: now)
        guard key.connections < grant.limits(limits).connectionsPerKey else { return false }
        key.connections += 1
        state.keys[name] = key
        return true
    }

    private func newKey(at now: Duration) -> Key {
        Key(
            commands: TokenBucket(
                perSecond: limits.commandsPerSecondOfKey, burst: 2 * limits.commandsPerSecondOfKey, now: now),
            requests: TokenBucket(perSecond: limits.requestsPerSecond, burst: 2 * limits.requestsPerSecond, now: now))
    }
}
