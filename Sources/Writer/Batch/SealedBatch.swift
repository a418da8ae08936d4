import FeedModel
import PostgresCopy
import RedisStreams

/// A batch that is complete: sorted, merged, counted and, if every key is known, encoded. What one transaction writes,
/// as
/// often as it takes.
final class SealedBatch: Sendable {
    let batch: WriteBatch
    let trigger: BatchPolicy.Trigger
    /// Keys known so far.
    let resolved: ResolvedDimensions
    let ledger: LedgerRows
    /// Which rows are written, in which order.
    let order: BatchOrder
    /// The odds rows in COPY's format; nil while a key is unknown.
    let encodedOdds: EncodedRows?

    init(_ batch: WriteBatch, _ trigger: BatchPolicy.Trigger, _ resolved: ResolvedDimensions) {
        self.batch = batch
        self.trigger = trigger
        self.resolved = resolved
        order = BatchOrder(batch, resolved)
        ledger = LedgerRows(batch, order)
        encodedOdds =
            resolved.isComplete && ledger.repeats == 0
            ? RowEncoding.odds(batch, order.odds, resolved, isWanted: nil) : nil
    }

    /// The ids to acknowledge once this is committed, by feed index.
    var acknowledgements: [Int: [StreamID]] {
        var ids: [Int: [StreamID]] = [:]
        for entry in batch.entries { ids[entry.feed, default: []].append(entry.id) }
        for entry in batch.unreadable { ids[entry.feed, default: []].append(entry.id) }
        for entry in batch.lost { ids[entry.feed, default: []].append(entry.id) }
        return ids
    }
}

extension SealedBatch {
    /// By entry number: rows of history that the entry becomes without the messages that are left out.
    func rowCounts(without exclusions: Exclusions) -> [Int32] {
        var counts = ledger.rowCounts
        guard !exclusions.isEmpty else { return counts }
        func subtract(_ entry: Int32, _ position: Int64) {
            if !exclusions.includes(batch.message(entry, position)) { counts[Int(entry)] -= 1 }
        }
        for index in order.odds { subtract(batch.odds[Int(index)].entry, batch.odds[Int(index)].position) }
        for index in order.bets { subtract(batch.bets[Int(index)].entry, batch.bets[Int(index)].position) }
        for index in order.fixtures {
            subtract(batch.fixtures[Int(index)].entry, batch.fixtures[Int(index)].position)
        }
        for index in order.settlements {
            subtract(batch.settlements[Int(index)].entry, batch.settlements[Int(index)].position)
        }
        return counts
    }
}

/// The rows that are written, per table, as indices into the batch's arrays.
struct BatchOrder: Sendable {
    let odds: [UInt32]
    let bets: [UInt32]
    let fixtures: [UInt32]
    let settlements: [UInt32]

    init(_ batch: WriteBatch, _ resolved: ResolvedDimensions) {
        odds = RowOrder.odds(batch.odds, resolved)
        bets = batch.bets.indices.map { UInt32($0) }
        fixtures = RowOrder.lastOfEach(batch.fixtures) {
            RepeatKey(entry: $0.entry, position: $0.position, subject: $0.fixture)
        }
        settlements = RowOrder.lastOfEach(batch.settlements) {
            RepeatKey(entry: $0.entry, position: $0.position, subject: $0.selection)
        }
    }

    private struct RepeatKey: Hashable {
        let entry: Int32
        let position: Int64
        let subject: DimensionRef
    }
}

/// What the ledger is asked to take: the batch's entries by key, each once.
struct LedgerRows: Sendable {
    /// Entry numbers, sorted by ledger key.
    let entries: [Int]
    /// How many entries were left out because the batch holds them twice.
    let repeats: Int
    /// By entry number: rows of history that the entry becomes.
    let rowCounts: [Int32]

    init(_ batch: WriteBatch, _ order: BatchOrder) {
        let sorted = batch.entries.indices.sorted { batch.entries[$0].ledgerKey < batch.entries[$1].ledgerKey }
        var entries: [Int] = []
        entries.reserveCapacity(sorted.count)
        for number in sorted {
            if let last = entries.last, batch.entries[last].ledgerKey == batch.entries[number].ledgerKey { continue }
            entries.append(number)
        }
        self.entries = entries
        repeats = sorted.count - entries.count
        rowCounts = Self.count(batch, order)
    }

    private static func count(_ batch: WriteBatch, _ order: BatchOrder) -> [Int32] {
        var counts = [Int32](repeating: 0, count: batch.entries.count)
        for index in order.odds { counts[Int(batch.odds[Int(index)].entry)] &+= 1 }
        for index in order.bets { counts[Int(batch.bets[Int(index)].entry)] &+= 1 }
        for index in order.fixtures { counts[Int(batch.fixtures[Int(index)].entry)] &+= 1 }
        for index in order.settlements { counts[Int(batch.settlements[Int(index)].entry)] &+= 1 }
        return counts
    }
}

/// Encoded rows of one table, and which rows of the batch they are: the refused line of a COPY counts from the first.
final class EncodedRows: Sendable {
    let encoder: BinaryCopyEncoder
    let rows: [UInt32]

    init(_ encoder: consuming BinaryCopyEncoder, _ rows: [UInt32]) {
        self.encoder = encoder
        self.rows = rows
    }
}
