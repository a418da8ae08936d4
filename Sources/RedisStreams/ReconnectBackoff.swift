// SPDX-License-Identifier: Apache-2.0

/// How long to wait before the next attempt to connect: doubling, capped, with full jitter.
///
/// A value without a clock: the caller sleeps, and the caller decides when a connection was stable enough for `reset`.
package struct ReconnectBackoff: Sendable, Equatable {
    package let initial: Duration
    package let maximum: Duration
    /// Attempts since the last reset.
    package private(set) var attempts = 0

    package init(initial: Duration = .milliseconds(500), maximum: Duration = .seconds(30)) {
        self.initial = initial
        self.maximum = maximum
    }

    /// The longest that the next wait can be.
    package var ceiling: Duration {
        // Beyond 2^20 every sensible initial value is past its maximum; bounding the shift keeps it from overflowing.
        min(maximum, initial * (1 << min(attempts, 20)))
    }

    /// The next wait: anything from nothing to `ceiling`, so that many clients do not come back in one instant.
    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let wait = ceiling * Double.random(in: 0...1, using: &generator)
        attempts += 1
        return wait
    }

    package mutating func reset() { attempts = 0 }
}
