/// When a batch is full: by rows, by bytes or by time, whichever comes first.
///
/// Pure. While the previous batch is still being committed a full one would only wait, so it goes on growing, up to a
/// bound: that is how batches become large under lag and stay small without it.
package struct BatchPolicy: Sendable, Equatable {
    /// Rows and bytes of a full batch.
    package var rows: Int
    package var bytes: Int
    /// How long the first entry of a batch may wait for company.
    package var period: Duration
    /// What a batch may grow to while the previous one is being committed.
    package var maximumRows: Int
    package var maximumBytes: Int

    package init(
        rows: Int = 5_000, bytes: Int = 4 << 20, period: Duration = .milliseconds(50), maximumRows: Int = 20_000,
        maximumBytes: Int = 16 << 20
    ) {
        self.rows = rows
        self.bytes = bytes
        self.period = period
        self.maximumRows = max(rows, maximumRows)
        self.maximumBytes = max(bytes, maximumBytes)
    }

    /// Why a batch was closed.
    package enum Trigger: String, Sendable, CaseIterable {
        case rows, bytes, period
        /// The stage is shutting down.
        case drain
        /// A source or the sink failed, or an entry is to be written alone: what is in hand goes now.
        case interrupted
    }

    /// How far a batch has come.
    package struct Fill: Sendable, Equatable {
        /// Rows, or entries where those are more: an entry without rows still costs one in the ledger.
        package var rows: Int
        package var bytes: Int
        /// Since the first entry came.
        package var age: Duration

        package init(rows: Int, bytes: Int, age: Duration) {
            self.rows = rows
            self.bytes = bytes
            self.age = age
        }
    }

    /// The reason to close the batch now, or nil to go on filling it.
    ///
    /// - Parameters:
    ///   - isSinkBusy: the previous batch is still being committed.
    ///   - hasMore: the last read brought as much as it asked for, so that more can be had without waiting.
    package func trigger(_ fill: Fill, isSinkBusy: Bool, hasMore: Bool) -> Trigger? {
        if fill.rows >= maximumRows { return .rows }
        if fill.bytes >= maximumBytes { return .bytes }
        if isSinkBusy && hasMore { return nil }
        if fill.rows >= rows { return .rows }
        if fill.bytes >= bytes { return .bytes }
        return fill.age >= period ? .period : nil
    }

    /// How many entries to ask for, so that a batch is filled but not by much overfilled.
    ///
    /// - Parameter rowsPerEntry: what entries have held lately.
    package func entriesToRead(_ fill: Fill, rowsPerEntry: Double, bytesPerEntry: Double, isSinkBusy: Bool) -> Int {
        let missingRows = Double((isSinkBusy ? maximumRows : rows) - fill.rows)
        let missingBytes = Double((isSinkBusy ? maximumBytes : bytes) - fill.bytes)
        let wanted = min(missingRows / max(rowsPerEntry, 1), missingBytes / max(bytesPerEntry, 1))
        return min(max(Int(wanted.rounded(.up)), Self.fewestEntries), Self.mostEntries)
    }

    private static let fewestEntries = 4
    /// One reply stays within what a Redis serves without keeping others waiting, and within 16 MiB as long as no single frame
    /// is larger than an entry.
    static let mostEntries = 256
}
