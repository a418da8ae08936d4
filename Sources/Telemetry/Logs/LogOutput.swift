import Glibc
import Synchronization

/// Where the lines of all loggers of the process come together and are written, whole lines at a time.
package final class LogOutput: Sendable {
    private let limiter = Mutex(RepeatLimiter())
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
        now: @escaping @Sendable () -> Int64 = { SystemTime.now }, write: @escaping @Sendable (String) -> Void
    ) {
        self.now = now
        self.write = write
    }

    /// - Parameter isLimited: equal lines are written once per period.
    func log(_ body: String, isLimited: Bool) {
        let time = now()
        let lines = limiter.withLock { limiter -> [String] in
            let expired = limiter.takeExpired(except: isLimited ? body : nil, at: time)
            var lines = expired.map { "\($0.line) suppressed=\($0.suppressed)" }
            guard isLimited else { return lines + [body] }
            if let suppressed = limiter.admit(body, at: time) {
                lines.append(suppressed > 0 ? "\(body) suppressed=\(suppressed)" : body)
            }
            return lines
        }
        guard !lines.isEmpty else { return }
        let stamp = SystemTime.text(time)
        write(lines.map { "ts=\(stamp) \($0)\n" }.joined())
    }
}
