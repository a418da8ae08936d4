import FeedModel
import PostgresCopy

/// Entries whose rows no partition takes.
extension Exclusions {
    /// Leaves out every entry still wanted for which `refusal` gives a letter; how many those are.
    mutating func leaveOut(of batch: WriteBatch, _ refusal: (_ number: Int, BatchEntry) -> DeadLetter?) -> Int {
        var count = 0
        for (number, entry) in batch.entries.enumerated() where isWanted(entry, number) {
            guard let letter = refusal(number, entry) else { continue }
            leaveOut(entry, number, letter)
            count += 1
        }
        return count
    }

    /// Leaves out the entries with rows for a table that was detached; how many those are. Only of the table that refused: rows
    /// that another table takes are no reason to lose them.
    mutating func leaveOut(of batch: WriteBatch, asTold partitions: PartitionsMade, _ failure: ServerFailure) -> Int {
        guard !partitions.detached.isEmpty,
            let table = PartitionedTable(rawValue: failure.copyTable ?? failure.table)
        else { return 0 }
        let numbers = batch.entries(in: table)
        return leaveOut(of: batch) { number, entry in
            guard numbers.contains(Int32(number)) else { return nil }
            // The ledger goes by when the entry came, also when it brings an old message.
            let time = table == .ingestLedger ? entry.header.receivedAt : entry.rowsReceivedAt
            guard let name = partitions.detachedName(of: table, at: time) else { return nil }
            return DeadLetter(refused: entry, failure, because: .detached([name]))
        }
    }

    /// From the earliest to the latest time of what is still wanted; nil if nothing is.
    func times(of batch: WriteBatch) -> ClosedRange<Timestamp>? {
        let times = batch.entries.enumerated().filter { isWanted($0.element, $0.offset) }.map(\.element.rowsReceivedAt)
        guard let first = times.min(), let last = times.max() else { return nil }
        return first...last
    }
}

extension WriteBatch {
    /// The numbers of the entries that have rows for a table.
    fileprivate func entries(in table: PartitionedTable) -> Set<Int32> {
        switch table {
        case .oddsTicks: Set(odds.map(\.entry))
        case .betEvents: Set(bets.map(\.entry))
        case .fixtureUpdates: Set(fixtures.map(\.entry))
        case .settlements: Set(settlements.map(\.entry))
        case .ingestLedger: Set(entries.indices.map { Int32($0) })
        case .rawFrames: []
        }
    }
}
