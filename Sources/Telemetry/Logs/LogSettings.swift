package import Logging
import Synchronization

/// How the log is written, and from which level on.
package struct LogSettings: Sendable, Equatable {
    package var format = LogFormat.logfmt
    package var level = Logger.Level.info
    /// Of components that have a level of their own.
    package var levels: [String: Logger.Level] = [:]

    package init() {}

    func level(of component: String) -> Logger.Level { levels[component] ?? level }
}

/// The level of one component, which may change while the process runs. Every handler of the component has the same
/// one: a logger asks it for each line, and that is to cost no lock.
final class LogThreshold: Sendable {
    private let index: Atomic<Int>

    init(_ level: Logger.Level) { index = Atomic(Self.index(of: level)) }

    var level: Logger.Level {
        let levels = Logger.Level.allCases
        let current = index.load(ordering: .relaxed)
        return levels.indices.contains(current) ? levels[current] : .info
    }

    func set(_ level: Logger.Level) { index.store(Self.index(of: level), ordering: .relaxed) }

    private static func index(of level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level) ?? 0 }
}
