import Synchronization

/// How many connections a second, and how many of each key, this process takes.
final class Admission: Sendable {
    enum Answer: Sendable, Equatable {
        case admitted
        case tooManyOfKey
        case tooManyASecond
    }

    private struct State {
        var accepts: TokenBucket
        var connectionsOfKey: [Int: Int] = [:]
    }

    private let limits: BroadcasterLimits
    private let state: Mutex<State>

    init(limits: BroadcasterLimits, now: Duration) {
        self.limits = limits
        state = Mutex(
            State(accepts: TokenBucket(perSecond: limits.acceptsPerSecond, burst: limits.acceptsPerSecond, now: now)))
    }

    /// Counts a connection; who is admitted is released at its end.
    func admit(key: Int?, at now: Duration) -> Answer {
        state.withLock { state in
            guard state.accepts.take(at: now) else { return .tooManyASecond }
            return count(key, &state) ? .admitted : .tooManyOfKey
        }
    }

    /// A connection that was admitted without a key has presented one. False: the key has too many.
    func identify(key: Int?) -> Bool { state.withLock { count(key, &$0) } }

    func release(key: Int?) {
        guard let key else { return }
        state.withLock { state in
            guard let open = state.connectionsOfKey[key] else { return }
            state.connectionsOfKey[key] = open > 1 ? open - 1 : nil
        }
    }

    private func count(_ key: Int?, _ state: inout State) -> Bool {
        guard let key else { return true }
        let open = state.connectionsOfKey[key, default: 0]
        guard open < limits.connectionsPerKey else { return false }
        state.connectionsOfKey[key] = open + 1
        return true
    }
}
