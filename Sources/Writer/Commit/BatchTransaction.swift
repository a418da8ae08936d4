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
        outcome.repeatedMessages = exclusions.repeated.written.count
        if !outcome.resolved.isComplete {
            outcome.resolved = try DimensionResolver(batch: sealed.batch, filter: filter)
                .resolve(outcome.resolved, session)
        }
        let changes = StateChanges(sealed: sealed, filter: filter, resolved: outcome.resolved)
        try changes.write(session, letters: letters, into: &outcome)
        let history = HistoryCopy(sealed: sealed, filter: filter, resolved: outcome.resolved)
        // COMMIT travels with the last COPY: one round trip for all history.
        outcome.rows = try history.run(session, committing: !isTrial)
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
        let statements = [
            PostgresStatement(Statement.lockFeeds, [.int32(AdvisoryLock.feed), .int32s(feeds(of: numbers))]),
            PostgresStatement(Statement.ledger, ledgerParameters(numbers)),
        ]
        var refused = 0
        try session.pipeline(statements) { index, answer in
            guard index == 1 else { return }
            refused = numbers.count - answer.count
            try accept(answer, of: numbers, &flags)
        }
        return (flags, refused)
    }

    private func feeds(of numbers: [Int]) -> [Int32] {
        Set(numbers.map { sealed.batch.entries[$0].feedID }).sorted().map { Int32($0) }
    }

    private func accept(_ answer: borrowing PostgresRows, of numbers: [Int], _ flags: inout [Bool]) throws {
        if answer.count == numbers.count {
            for number in numbers { flags[number] = true }
            return
        }
        var places: [LedgerKey: Int] = [:]
        for number in numbers { places[sealed.batch.entries[number].ledgerKey] = number }
        for row in 0..<answer.count {
            guard let feedID = answer.int16(row, 0), let first = answer.int64(row, 1),
                let receivedAt = answer.timestamptz(row, 2),
                let number = places[LedgerKey(feedID: feedID, first: first, receivedAt: receivedAt)]
            else { throw PostgresError.unexpectedResult("the ledger returned an entry that it was not given") }
            flags[number] = true
        }
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

    private var rowCounts: [Int32] { sealed.rowCounts(without: exclusions) }

    /// What became a dead letter: refused messages and unreadable entries. A message that is replayed is one already.
    private var letters: [(feedID: Int16, letter: DeadLetter)] {
        exclusions.letters.filter { sealed.batch.letter(of: $0.key) == nil }.map { ($0.key.feedID, $0.value) }
            + exclusions.entries.map { (sealed.batch.entries[$0.key].feedID, $0.value) }
            + sealed.batch.unreadable.map { ($0.feedID, DeadLetter(unreadable: $0)) }
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

    /// Whether a row is to move current state, which takes more than the history does not have yet.
    func movesState(_ entry: Int32, _ position: Int64) -> Bool {
        guard accepted[Int(entry)] else { return false }
        return exclusions.isEmpty || exclusions.movesState(batch.message(entry, position))
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
