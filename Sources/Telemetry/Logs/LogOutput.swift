import Glibc
import Synchronization

/// Where the lines of all loggers of the process come together and are written, whole lines at a time.
package final class LogOutput: Sendable {
    private struct State {
        var settings: LogSettings
        var thresholds: [String: LogThreshold] = [:]
        var limiter = RepeatLimiter()
    }

    private let state: Mutex<State>
    private let now: @Sendable () -> Int64
    private let write: @Sendable (String) -> Void

    /// Standard error.
    package static let standardError = LogOutput { text in
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return }
            bytes = bytes.dropFirst(max(count, 0))
        }
    }

    /// - Parameters:
    ///   - now: the wall clock in microseconds since 1970.
    ///   - write: gets one or more whole lines.
    package init(
        _ settings: LogSettings = LogSettings(), now: @escaping @Sendable () -> Int64 = { SystemTime.now },
        write: @escaping @Sendable (String) -> Void
    ) {
        state = Mutex(State(settings: settings))
        self.now = now
        self.write = write
    }

    /// Writes like this from now on, also through loggers that exist.
    package func apply(_ settings: LogSettings) {
        state.withLock { state in
            state.settings = settings
            for (component, threshold) in state.thresholds { threshold.set(settings.level(of: component)) }
        }
    }

    func threshold(of component: String) -> LogThreshold {
        state.withLock { state in
            if let known = state.thresholds[component] { return known }
            let threshold = LogThreshold(state.settings.level(of: component))
            state.thresholds[component] = threshold
            return threshold
        }
    }

    /// Writes a record unless one like it was written in the last ten seconds, and what else has become due.
    func log(_ record: LogRecord) {
        let time = now()
        let (format, records) = state.withLock { state in
            (state.settings.format, state.limiter.take(record, at: time))
        }
        guard !records.isEmpty else { return }
        let stamp = SystemTime.text(time)
        write(records.map { format.line($0.record, time: stamp, suppressed: $0.suppressed) + "\n" }.joined())
    }
}
