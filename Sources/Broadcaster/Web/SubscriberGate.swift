import FeedModel
import Synchronization

/// What every connection of the process passes through, and has in common.
final class SubscriberGate: Sendable {
    let authenticator: Authenticator
    let admission: Admission
    let clock: StageClock
    private let connections = Atomic<UInt64>(0)
    private let instance = UInt32.random(in: .min ... .max)
    private let readiness = Atomic<Bool>(false)

    init(authenticator: Authenticator, limits: BroadcasterLimits, clock: StageClock) {
        self.authenticator = authenticator
        self.clock = clock
        admission = Admission(limits: limits, now: clock.now.monotonic)
    }

    /// Whether the streams have been caught up with: before that nobody is let in.
    var isReady: Bool {
        get { readiness.load(ordering: .relaxed) }
        set { readiness.store(newValue, ordering: .relaxed) }
    }

    /// Unique among the instances, as good as.
    func nextConnectionName() -> String {
        let number = connections.add(1, ordering: .relaxed).newValue
        return String(instance, radix: 36) + "-" + String(number, radix: 36)
    }
}
