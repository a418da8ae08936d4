import FeedModel
import Synchronization

/// What every connection of the process passes through, and has in common.
final class SubscriberGate: Sendable {
    /// Whether anybody is let in.
    enum State: UInt8, AtomicRepresentable, Sendable {
        /// The streams have not been caught up with.
        case notReady
        case open
        /// The process stops: who came now would have to leave at once.
        case stopping
    }

    let authenticator: Authenticator
    let admission: Admission
    let clock: StageClock
    private let connections = Atomic<UInt64>(0)
    private let instance = UInt32.random(in: .min ... .max)
    private let current = Atomic<State>(.notReady)

    init(authenticator: Authenticator, limits: BroadcasterLimits, clock: StageClock) {
        self.authenticator = authenticator
        self.clock = clock
        admission = Admission(limits: limits, now: clock.now.monotonic)
    }

    var state: State { current.load(ordering: .relaxed) }

    /// Whether the streams have been caught up with, and the process goes on.
    var isReady: Bool { state == .open }

    /// The streams have been caught up with. Returns whether that is news.
    func open() -> Bool {
        current.compareExchange(expected: .notReady, desired: .open, ordering: .relaxed).exchanged
    }

    /// From here on nobody is let in any more.
    func stop() { current.store(.stopping, ordering: .relaxed) }

    /// Unique among the instances, as good as.
    func nextConnectionName() -> String {
        let number = connections.add(1, ordering: .relaxed).newValue
        return String(instance, radix: 36) + "-" + String(number, radix: 36)
    }
}
