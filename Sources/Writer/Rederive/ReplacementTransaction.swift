import FeedModel
import PostgresCopy

/// The rows of some entries of one feed, taken out and put in again in one transaction.
struct ReplacementTransaction: Sendable {
    let feedID: Int16
    let sealed: SealedBatch
    /// What today's decoder refuses of the entries.
    let letters: [DeadLetter]

    private var batch: WriteBatch { sealed.batch }

    func run(_ session: borrowing PostgresSession) throws -> HistoryReplacement.Outcome {
        var outcome = HistoryReplacement.Outcome()
        let isWritten = try lock(session)
        outcome.entries = isWritten.count { $0 }
        outcome.unwritten = isWritten.count { !$0 }
        guard outcome.entries > 0 else { return outcome }
        let exclusions = try refusedBefore(session)
        let filter = RowFilter(batch: batch, accepted: isWritten, exclusions: exclusions)
        let ranges = Ranges(batch, isWritten)
        outcome.rowsBefore = try remove(ranges, session)
        var resolved = sealed.resolved
        if !resolved.isComplete {
            resolved = try DimensionResolver(batch: batch, filter: filter).resolve(resolved, session)
        }
        var changes = CommitOutcome(resolved: resolved)
        try StateChanges(sealed: sealed, filter: filter, resolved: resolved, order: .sameOrNewer)
            .write(session, letters: [], into: &changes)
        try recount(exclusions, isWritten, session)
        outcome.newLetters = try refuse(ranges, session)
        outcome.landedLetters = try land(ranges, session)
        outcome.rowsAfter = try HistoryCopy(sealed: sealed, filter: filter, resolved: resolved)
            .run(session, committing: false).reduce(0, +)
        return outcome
    }

    // MARK: Ledger

    /// By entry number, whether the ledger has it: those it keeps from being written or replayed into meanwhile.
    private func lock(_ session: borrowing PostgresSession) throws -> [Bool] {
        let rows = try session.query(
            """
            SELECT l.first_frame FROM ingest_ledger l
              JOIN unnest($2::bigint[], $3::timestamptz[]) AS e (first_frame, received_at) USING (first_frame, received_at)
             WHERE l.feed_id = $1 ORDER BY l.first_frame FOR UPDATE OF l
            """,
            [
                .int16(feedID), .int64s(batch.entries.map(\.header.first)),
                .timestamptzs(batch.entries.map(\.header.receivedAt.microseconds)),
            ])
        let known = Set((0..<rows.count).compactMap { rows.int64($0, 0) })
        return batch.entries.map { known.contains($0.header.first) }
    }

    private func recount(
        _ exclusions: Exclusions, _ isWritten: [Bool], _ session: borrowing PostgresSession
    ) throws {
        let counts = sealed.rowCounts(without: exclusions)
        let numbers = batch.entries.indices.filter { isWritten[$0] }
        _ = try session.query(
            """
            UPDATE ingest_ledger l SET rows = e.rows
              FROM unnest($2::bigint[], $3::timestamptz[], $4::int[]) AS e (first_frame, received_at, rows)
             WHERE l.feed_id = $1 AND l.first_frame = e.first_frame AND l.received_at = e.received_at
            """,
            [
                .int16(feedID), .int64s(numbers.map { batch.entries[$0].header.first }),
                .timestamptzs(numbers.map { batch.entries[$0].header.receivedAt.microseconds }),
                .int32s(numbers.map { counts[$0] }),
            ])
    }

    // MARK: Rows

    /// Where the entries' messages stand.
    private struct Ranges {
        let times: [Int64]
        let lows: [Int64]
        let highs: [Int64]

        init(_ batch: WriteBatch, _ isWritten: [Bool]) {
            let entries = batch.entries.indices.filter { isWritten[$0] }.map { batch.entries[$0].header }
            times = entries.map(\.receivedAt.microseconds)
            lows = entries.map { Position(frame: $0.first, ordinal: 0).rawValue }
            highs = entries.map { Position(frame: $0.last + 1, ordinal: 0).rawValue - 1 }
        }

        /// The last two parameters spare the partitions that none of them is in.
        var parameters: [PostgresValue] {
            [
                .timestamptzs(times), .int64s(lows), .int64s(highs), .timestamptz(times.min() ?? 0),
                .timestamptz(times.max() ?? 0),
            ]
        }
    }

    private func remove(_ ranges: Ranges, _ session: borrowing PostgresSession) throws -> Int {
        let statements = CopyTarget.allCases.map { target in
            PostgresStatement(
                """
                DELETE FROM \(target.table) t
                 USING unnest($2::timestamptz[], $3::bigint[], $4::bigint[]) AS e (received_at, low, high)
                 WHERE t.feed_id = $1 AND t.received_at = e.received_at AND t.position BETWEEN e.low AND e.high
                   AND t.received_at BETWEEN $5 AND $6
                """, [.int16(feedID)] + ranges.parameters)
        }
        var removed = 0
        try session.pipeline(statements) { _, answer in removed += answer.affectedRows }
        return removed
    }

    // MARK: Letters

    /// What Postgres itself refused of these entries is left out again: it would refuse it again.
    private func refusedBefore(_ session: borrowing PostgresSession) throws -> Exclusions {
        guard let first = batch.entries.first?.header.first, let last = batch.entries.last?.header.last else {
            return Exclusions()
        }
        let rows = try session.query(
            """
            SELECT position, detail FROM dead_letters
             WHERE feed_id = $1 AND stage = $2 AND state <> 'replayed' AND position BETWEEN $3 AND $4
            """,
            [
                .int16(feedID), .int16(Int16(DeadLetterStage.writer.rawValue)),
                .int64(Position(frame: first, ordinal: 0).rawValue),
                .int64(Position(frame: last + 1, ordinal: 0).rawValue - 1),
            ])
        var exclusions = Exclusions()
        exclusions.repeated = try repetitions(session)
        for row in 0..<rows.count {
            guard let position = rows.int64(row, 0) else { continue }
            exclusions.letters[MessageID(feedID: feedID, position: position)] = DeadLetter(
                position: Position(rawValue: position), stage: .writer, reason: .writeRejected,
                detail: rows.text(row, 1) ?? "", payload: [], receivedAt: .init(microseconds: 0))
        }
        return exclusions
    }

    /// What the Writer did not write, because it had written it before.
    private func repetitions(_ session: borrowing PostgresSession) throws -> Repetitions {
        var held: [TermKey: HeldSequences] = [:]
        for key in batch.resumedTerms { held[key] = try TermRegistration(key: key).registered(session) }
        return Repetitions(in: batch, held: held)
    }

    /// Letters of what is refused now. What was refused before says why it is refused today, and what had been replayed waits
    /// again. Returns how many are new.
    private func refuse(_ ranges: Ranges, _ session: borrowing PostgresSession) throws -> Int {
        let refused = letters.filter { letter in
            zip(ranges.lows, ranges.highs).contains { ($0...$1).contains(letter.position.rawValue) }
        }
        guard !refused.isEmpty else { return 0 }
        let rows = try session.query(LetterInsert.statement(refused.map { (feedID, $0) }, or: Self.renew))
        return (0..<rows.count).count { rows.bool($0, 2) ?? false }
    }

    /// What waits again is a new letter, whose payload may have been let go as that of an old one.
    private static let renew = """
        ON CONFLICT (feed_id, position, stage) DO UPDATE SET reason = excluded.reason, detail = excluded.detail,
            (state, sqlstate, payload, written_at) = (
                SELECT 'new', excluded.sqlstate, excluded.payload, now() WHERE dead_letters.state = 'replayed'
                UNION ALL
                SELECT dead_letters.state, dead_letters.sqlstate, dead_letters.payload, dead_letters.written_at
                 WHERE dead_letters.state <> 'replayed')
        RETURNING stage, reason, xmax = 0
        """

    /// Letters of the Processor that today's decoder takes: their messages are in the history now.
    private func land(_ ranges: Ranges, _ session: borrowing PostgresSession) throws -> Int {
        try session.query(
            """
            UPDATE dead_letters d SET state = 'replayed'
              FROM unnest($2::timestamptz[], $3::bigint[], $4::bigint[]) AS e (received_at, low, high)
             WHERE d.feed_id = $1 AND d.position BETWEEN e.low AND e.high AND d.stage = $5 AND d.state <> 'replayed'
               AND d.position <> ALL ($6::bigint[])
            """,
            [.int16(feedID), .timestamptzs(ranges.times), .int64s(ranges.lows), .int64s(ranges.highs)]
                + [.int16(Int16(DeadLetterStage.processor.rawValue)), .int64s(letters.map(\.position.rawValue))]
        ).affectedRows
    }
}
