import RedisStreams

/// What entries have held lately, so that a read asks for about as many as a batch still takes.
struct EntryExpectation: Sendable {
    private let policy: BatchPolicy
    private var rows = 16.0
    private var bytes = 4_096.0
    /// An average says nothing of what comes after quiet times: this bounds what one read brings.
    private var readSize: ReadSize

    init(_ policy: BatchPolicy) {
        self.policy = policy
        readSize = ReadSize(most: BatchPolicy.mostEntries, bytes: min(policy.bytes, ReadSize.usualBytes))
    }

    /// How much of the next expectation the last batch is.
    private static let weight = 0.25

    mutating func note(_ batch: WriteBatch) {
        let entries = Double(batch.entries.count)
        guard entries > 0 else { return }
        rows += (Double(batch.rowCount) / entries - rows) * Self.weight
        bytes += (Double(batch.byteCount) / entries - bytes) * Self.weight
    }

    /// After each read, of all feeds together.
    mutating func note(_ reading: StreamIntake.Reading) {
        readSize.note(sizes: reading.deliveries.flatMap { $0.entries.map(\.payload.count) })
    }

    func entriesToRead(_ fill: BatchPolicy.Fill, isSinkBusy: Bool) -> Int {
        let wanted = policy.entriesToRead(fill, rowsPerEntry: rows, bytesPerEntry: bytes, isSinkBusy: isSinkBusy)
        return min(wanted, readSize.entries)
    }
}
