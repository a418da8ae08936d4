import FeedModel
import PostgresCopy

/// One batch as one transaction: ledger, dimensions, current state, history, COMMIT. Runs on the connection's thread,
/// as
/// often as it is retried, and always says the same.
struct BatchTransaction {
    let sealed: SealedBatch
    let exclusions: Exclusions
    /// A trial is rolled back by its caller.
    let isTrial: Bool

    func run(_ session: borrowing PostgresSession) throws -> CommitOutcome {
        var accepted = try takeIntoLedger(session)
        let replay = LetterReplay(batch: sealed.batch, exclusions: exclusions)
        let unlanded = try replay.land(session, rows: rowCounts, isAccepted: &accepted.flags)
        let filter = RowFilter(batch: sealed.batch, accepted: accepted.flags, exclusions: exclusions)
        var outcome = CommitOutcome(resolved: sealed.resolved)
        outcome.unlandedLetters = unlanded
        outcome.duplicates = accepted.refused + sealed.ledger.repeats
        outcome.refusedMessages = exclusions.letters.count + exclusions.entries.count
        if !outcome.resolved.isComplete {
            outcome.resolved = try DimensionResolver(batch: sealed.batch, filter: filter)
                .resolve(outcome.resolved, session)
        }
        let changes = StateChanges(sealed: sealed, filter: filter, resolved: outcome.resolved)
        try changes.write(session, letters: letters, into: &outcome)
        outcome.rows = try copy(session, filter, outcome.resolved)
        return outcome
    }

    // MARK: Ledger

    private func takeIntoLedger(
        _ session: borrowing PostgresSession
    ) throws -> (flags: [Bool], refused: Int) {
        let batch = sealed.batch
        var flags = [Bool](repeating: false, count: batch.entries.count)
        let numbers = sealed.ledger.entries.filter { exclusions.entries[$0] == nil }
        guard !numbers.isEmpty else { return (flags, 0) }
        let answer = try session.query(Statement.ledger, ledgerParameters(numbers))
        if answer.count == numbers.count {
            for number in numbers { flags[number] = true }
            return (flags, 0)
        }
        var places: [LedgerKey: Int] = [:]
        for number in numbers { places[batch.entries[number].ledgerKey] = number }
        for row in 0..<answer.count {
            guard let feedID = answer.int16(row, 0), let first = answer.int64(row, 1),
                let receivedAt = answer.timestamptz(row, 2),
                let number = places[LedgerKey(feedID: feedID, first: first, receivedAt: receivedAt)]
            else { throw PostgresError.unexpectedResult("the ledger returned an entry that it was not given") }
            flags[number] = true
        }
        return (flags, numbers.count - answer.count)
    }

    private func ledgerParameters(_ numbers: [Int]) -> [PostgresValue] {
        let entries = sealed.batch.entries
        let counts = rowCounts
        return [
            .int16s(numbers.map { entries[$0].feedID }),
            .int64s(numbers.map { entries[$0].header.first }),
            .timestamptzs(numbers.map { entries[$0].header.receivedAt.microseconds }),
            .int64s(numbers.map { entries[$0].header.last }),
            .int64s(numbers.map { entries[$0].header.prev }),
            .int64s(numbers.map { Int64(bitPattern: entries[$0].header.term.rawValue) }),
            .int64s(numbers.map { entries[$0].header.firstSequence }),
            .int64s(numbers.map { entries[$0].header.lastSequence }),
            // A replayed letter's rows count with the entry that its message came with.
            .int32s(numbers.map { entries[$0].header.letter == nil ? counts[$0] : 0 }),
        ]
    }

    private var rowCounts: [Int32] { exclusions.isEmpty ? sealed.ledger.rowCounts : remainingRowCounts() }

    /// Rows per entry without the excluded messages.
    private func remainingRowCounts() -> [Int32] {
        let batch = sealed.batch
        var counts = sealed.ledger.rowCounts
        func subtract(_ entry: Int32, _ position: Int64) {
            if !exclusions.includes(batch.message(entry, position)) { counts[Int(entry)] -= 1 }
        }
        for index in sealed.order.odds { subtract(batch.odds[Int(index)].entry, batch.odds[Int(index)].position) }
        for index in sealed.order.bets { subtract(batch.bets[Int(index)].entry, batch.bets[Int(index)].position) }
        for index in sealed.order.fixtures {
            subtract(batch.fixtures[Int(index)].entry, batch.fixtures[Int(index)].position)
        }
        for index in sealed.order.settlements {
            subtract(batch.settlements[Int(index)].entry, batch.settlements[Int(index)].position)
        }
        return counts
    }

    /// What became a dead letter: refused messages and unreadable entries. A message that is replayed is one already.
    private var letters: [(feedID: Int16, letter: DeadLetter)] {
        exclusions.letters.filter { sealed.batch.letter(of: $0.key) == nil }.map { ($0.key.feedID, $0.value) }
            + exclusions.entries.map { (sealed.batch.entries[$0.key].feedID, $0.value) }
            + sealed.batch.unreadable.map { ($0.feedID, DeadLetter(unreadable: $0)) }
    }

    // MARK: History

    private func copy(
        _ session: borrowing PostgresSession, _ filter: RowFilter, _ resolved: ResolvedDimensions
    ) throws -> [Int] {
        let tables = encode(filter, resolved)
        var counts = [Int](repeating: 0, count: CopyTarget.allCases.count)
        guard !tables.isEmpty else { return counts }
        do {
            // COMMIT travels with the last COPY: one round trip for all history.
            let stored = try session.copyIn(tables.map(\.target.statement), committing: !isTrial) { index, stream in
                try stream.write(tables[index].rows.encoder)
            }
            for (table, count) in zip(tables, stored) { counts[table.target.rawValue] = count }
            return counts
        } catch let error as PostgresError {
            throw BatchRefusal(error: error, message: refusedMessage(error, tables))
        }
    }

    private struct EncodedTable {
        let target: CopyTarget
        let rows: EncodedRows
    }

    private func encode(_ filter: RowFilter, _ resolved: ResolvedDimensions) -> [EncodedTable] {
        let batch = sealed.batch
        let order = sealed.order
        let isWanted: RowEncoding.Filter? = filter.isTrivial ? nil : { filter.includes($0, $1) }
        var tables: [EncodedTable] = []
        func add(_ target: CopyTarget, _ rows: EncodedRows) {
            if !rows.rows.isEmpty { tables.append(EncodedTable(target: target, rows: rows)) }
        }
        if filter.isTrivial, let encoded = sealed.encodedOdds {
            add(.oddsTicks, encoded)
        } else if !order.odds.isEmpty {
            // Keys that were only just found or made have their place in the order as well.
            let sorted = sealed.resolved.isComplete ? order.odds : RowOrder.odds(batch.odds, resolved)
            add(.oddsTicks, RowEncoding.odds(batch, sorted, resolved, isWanted: isWanted))
        }
        if !order.fixtures.isEmpty {
            add(.fixtureUpdates, RowEncoding.fixtures(batch, order.fixtures, resolved, isWanted: isWanted))
        }
        if !order.settlements.isEmpty {
            add(.settlements, RowEncoding.settlements(batch, order.settlements, resolved, isWanted: isWanted))
        }
        if !order.bets.isEmpty {
            add(.betEvents, RowEncoding.bets(batch, order.bets, resolved, isWanted: isWanted))
        }
        return tables
    }

    /// The message whose row is the line that the server refused.
    private func refusedMessage(_ error: PostgresError, _ tables: [EncodedTable]) -> MessageID? {
        guard case .server(let failure) = error, let line = failure.copyLine, let name = failure.copyTable,
            let table = tables.first(where: { $0.target.table == name }), line >= 1, line <= table.rows.rows.count
        else { return nil }
        let batch = sealed.batch
        let index = Int(table.rows.rows[line - 1])
        switch table.target {
        case .oddsTicks: return batch.message(batch.odds[index].entry, batch.odds[index].position)
        case .fixtureUpdates: return batch.message(batch.fixtures[index].entry, batch.fixtures[index].position)
        case .settlements: return batch.message(batch.settlements[index].entry, batch.settlements[index].position)
        case .betEvents: return batch.message(batch.bets[index].entry, batch.bets[index].position)
        }
    }
}

/// Which rows of a batch a transaction writes: those of entries that the ledger accepted and of messages not excluded.
struct RowFilter {
    let batch: WriteBatch
    let accepted: [Bool]
    let exclusions: Exclusions
    /// Everything is written.
    let isTrivial: Bool

    init(batch: WriteBatch, accepted: [Bool], exclusions: Exclusions) {
        self.batch = batch
        self.accepted = accepted
        self.exclusions = exclusions
        isTrivial = exclusions.isEmpty && !accepted.contains(false)
    }

    func includes(_ entry: Int32, _ position: Int64) -> Bool {
        guard accepted[Int(entry)] else { return false }
        return exclusions.isEmpty || exclusions.includes(batch.message(entry, position))
    }
}

extension DeadLetter {
    /// An entry that could not be read to its end.
    init(unreadable entry: UnreadableEntry) {
        self.init(
            position: entry.position, stage: .writer, reason: .writeRejected, detail: entry.why,
            payload: entry.payload, receivedAt: entry.seenAt)
    }
}
