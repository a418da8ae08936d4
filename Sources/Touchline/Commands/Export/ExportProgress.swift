/// How far an export is, on standard error: once a second on a terminal, in one line that is overwritten; elsewhere once a
/// minute, because logs need no animation.
struct ExportProgress {
    private let isSilent: Bool
    private let start = ContinuousClock.now
    private var next: ContinuousClock.Instant
    private var hasLine = false
    private(set) var rows = 0

    init(isSilent: Bool) {
        self.isSilent = isSilent
        next = start + .seconds(1)
    }

    mutating func wrote(row bytes: Int64) {
        rows += 1
        // The clock is asked every few rows only: it costs as much as a small row.
        guard !isSilent, rows & 255 == 0, ContinuousClock.now >= next else { return }
        let isTerminal = ErrorTerminal.isThere
        next = .now + (isTerminal ? .seconds(1) : .seconds(60))
        let text = Self.sentence(rows: rows, bytes: bytes, since: start)
        if isTerminal { ErrorTerminal.overwrite(text) } else { printError("touchline: \(text)") }
        hasLine = isTerminal
    }

    /// Clears the line of a terminal, so that what comes next stands alone.
    func end() {
        if hasLine { ErrorTerminal.overwrite("") }
    }

    static func sentence(rows: Int, bytes: Int64, since start: ContinuousClock.Instant) -> String {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let rate = seconds > 0.001 ? ", \(Int(Double(rows) / seconds)) rows/s" : ""
        return "\(rows) rows, \(size(bytes))\(rate)"
    }

    static func size(_ bytes: Int64) -> String {
        let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1_024, unit + 1 < units.count {
            value /= 1_024
            unit += 1
        }
        return unit == 0 ? "\(bytes) bytes" : "\(Double(Int(value * 10)) / 10) \(units[unit])"
    }
}
