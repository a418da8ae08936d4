import Foundation

/// How long the tests go on that break things again and again: short in CI, long when `TOUCHLINE_SOAK=1` (`make soak`).
package enum Soak {
    package static let isOn = ProcessInfo.processInfo.environment["TOUCHLINE_SOAK"] == "1"

    /// How often something is broken.
    package static var rounds: Int { isOn ? 10 : 3 }
}
