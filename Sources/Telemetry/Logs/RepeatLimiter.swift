/// Decides which of many like lines are written: the first, then at most one per period, which says how many were left
/// out.
struct RepeatLimiter {
    /// A line to write now.
    struct Due: Equatable {
        let record: LogRecord
        /// How many like it were left out since the last that was written.
        let suppressed: Int
    }

    private struct Repeat {
        var lastWritten: Int64
        var suppressed = 0
        /// The newest of those left out.
        var newest: LogRecord?
    }

    private let period: Int64
    private let capacity: Int
    private var repeats: [LogRecord.Likeness: Repeat] = [:]

    /// - Parameters:
    ///   - period: microseconds.
    ///   - capacity: how many different lines are remembered at a time.
    init(period: Int64 = 10_000_000, capacity: Int = 256) {
        self.period = period
        self.capacity = capacity
    }

    /// What to write when a line comes: it, or not, and before it those that were left out and that nobody has told of.
    mutating func take(_ record: LogRecord, at now: Int64) -> [Due] {
        let likeness = record.likeness
        var due = takeExpired(except: likeness, at: now)
        guard let likeness else { return due + [Due(record: record, suppressed: 0)] }
        if let known = repeats[likeness], now - known.lastWritten < period {
            repeats[likeness] = Repeat(
                lastWritten: known.lastWritten, suppressed: known.suppressed + 1, newest: record)
            return due
        }
        let suppressed = repeats[likeness]?.suppressed ?? 0
        if repeats[likeness] == nil, repeats.count >= capacity { due += makeRoom() }
        repeats[likeness] = Repeat(lastWritten: now)
        return due + [Due(record: record, suppressed: suppressed)]
    }

    /// The other lines whose period is over: those that were left out since are written, which begins a new period; the
    /// rest is forgotten.
    private mutating func takeExpired(except likeness: LogRecord.Likeness?, at now: Int64) -> [Due] {
        var due: [(written: Int64, Due)] = []
        for (key, known) in repeats where key != likeness && now - known.lastWritten >= period {
            repeats[key] = nil
            guard let newest = known.newest else { continue }
            repeats[key] = Repeat(lastWritten: now)
            // Being written itself, it is none of those that were left out.
            due.append((known.lastWritten, Due(record: newest, suppressed: known.suppressed - 1)))
        }
        return due.sorted { $0.written < $1.written }.map(\.1)
    }

    private mutating func makeRoom() -> [Due] {
        guard let oldest = repeats.min(by: { $0.value.lastWritten < $1.value.lastWritten }) else { return [] }
        repeats[oldest.key] = nil
        return oldest.value.newest.map { [Due(record: $0, suppressed: oldest.value.suppressed - 1)] } ?? []
    }
}
