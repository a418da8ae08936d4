/// Decides which of many equal lines are written: the first, then one per period, which says how many were left out.
struct RepeatLimiter {
    private struct Repeat {
        var lastWritten: Int64
        var suppressed: Int
    }

    private let period: Int64
    private let capacity: Int
    private var lines: [String: Repeat] = [:]

    /// - Parameters:
    ///   - period: microseconds.
    ///   - capacity: how many different lines are remembered at a time.
    init(period: Int64 = 10_000_000, capacity: Int = 256) {
        self.period = period
        self.capacity = capacity
    }

    /// What to do with a line: write it with the number of its like that were suppressed before, or, for nil, suppress it.
    mutating func admit(_ line: String, at now: Int64) -> Int? {
        if var known = lines[line], now - known.lastWritten < period {
            known.suppressed += 1
            lines[line] = known
            return nil
        }
        let suppressed = lines[line]?.suppressed ?? 0
        if lines[line] == nil, lines.count >= capacity { makeRoom() }
        lines[line] = Repeat(lastWritten: now, suppressed: 0)
        return suppressed
    }

    /// The other lines whose period is over: those that were suppressed since are due once more, with their number; all
    /// are forgotten.
    mutating func takeExpired(except line: String?, at now: Int64) -> [(line: String, suppressed: Int)] {
        let expired = lines.filter { now - $0.value.lastWritten >= period && $0.key != line }
        for line in expired.keys { lines[line] = nil }
        return expired.filter { $0.value.suppressed > 0 }.map { ($0.key, $0.value.suppressed) }.sorted { $0.0 < $1.0 }
    }

    private mutating func makeRoom() {
        if let oldest = lines.min(by: { $0.value.lastWritten < $1.value.lastWritten }) { lines[oldest.key] = nil }
    }
}
