import FeedModel

/// The messages of a batch that the provider sent before and that were written then.
struct Repetitions: Sendable {
    /// In the history already.
    private(set) var written: Set<MessageID> = []
    /// Those of them that say nothing new of current state either: everything before them is written as well.
    private(set) var settled: Set<MessageID> = []

    init() {}

    init(in batch: WriteBatch, held: [TermKey: HeldSequences]) {
        guard !held.isEmpty else { return }
        let counts = Self.counts(batch, held)
        func judge(_ entry: Int32, _ position: Int64) {
            guard let count = counts[entry] else { return }
            let sequence = count.sequence(at: Position(rawValue: position))
            guard count.held.contains(sequence) else { return }
            let message = batch.message(entry, position)
            written.insert(message)
            if sequence <= count.held.wholeUpTo { settled.insert(message) }
        }
        for row in batch.odds { judge(row.entry, row.position) }
        for row in batch.bets { judge(row.entry, row.position) }
        for row in batch.fixtures { judge(row.entry, row.position) }
        for row in batch.settlements { judge(row.entry, row.position) }
    }

    /// The sequences of an entry's messages.
    private struct EntryCount {
        let held: HeldSequences
        /// From each position on, in ascending order.
        var counts: [(from: Position, count: SequenceCount)]

        func sequence(at position: Position) -> Int64 {
            let count = counts.last { $0.from <= position } ?? counts[0]
            return count.count.sequence(at: position)
        }
    }

    private static func counts(_ batch: WriteBatch, _ held: [TermKey: HeldSequences]) -> [Int32: EntryCount] {
        var result: [Int32: EntryCount] = [:]
        for (number, entry) in batch.entries.enumerated() {
            let header = entry.header
            guard let key = entry.termKey, let held = held[key],
                header.firstSequence <= header.lastSequence,
                held.overlaps(header.firstSequence...header.lastSequence)
            else { continue }
            let start = Position(frame: header.first, ordinal: 0)
            let count = SequenceCount(from: header.first, sequence: header.firstSequence)
            result[Int32(number)] = EntryCount(held: held, counts: [(start, count)])
        }
        for note in batch.sequences {
            guard let last = result[note.entry]?.counts.last else { continue }
            var count = last.count
            let position = Position(rawValue: note.position)
            count.note(note.sequence, at: position)
            result[note.entry]?.counts.append((position, count))
        }
        return result
    }
}
