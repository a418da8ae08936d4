/// How long a batch waits before it is tried again: 250 ms doubling to 15 s, each wait between half of that and all of
/// it.
///
/// Never from nothing, unlike a reconnect: a retried batch costs the server a whole transaction.
package struct RetryBackoff: Sendable, Equatable {
    package let initial: Duration
    package let maximum: Duration
    /// Since the last reset.
    package private(set) var attempts = 0

    package init(initial: Duration = .milliseconds(250), maximum: Duration = .seconds(15)) {
        self.initial = initial
        self.maximum = maximum
    }

    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let ceiling = min(maximum, initial * (1 << min(attempts, 20)))
        attempts += 1
        return ceiling * Double.random(in: 0.5...1, using: &generator)
    }

    package mutating func reset() { attempts = 0 }
}
