package import FeedModel
package import PostgresCopy
import RedisStreams

/// Writes entries into a hole of a feed's history, as the Writer would have: under their positions and times, through the
/// ledger, so that what is there already is not written again. Nothing is broadcast; current state moves forward or not at all.
package struct HistoryFilling: Sendable {
    /// What was written.
    package struct Outcome: Sendable, Equatable {
        package var entries = 0
        package var rows = 0
        package var letters = 0

        package init() {}

        package static func += (left: inout Outcome, right: Outcome) {
            left.entries += right.entries
            left.rows += right.rows
            left.letters += right.letters
        }
    }

    /// An entry as it stood in `raw`, and what was decoded of it.
    package struct Entry: Sendable {
        package let raw: [UInt8]
        package let decoded: HistoryReplacement.Entry

        package init(raw: [UInt8], decoded: HistoryReplacement.Entry) {
            self.raw = raw
            self.decoded = decoded
        }
    }

    private let route: FeedRoute
    private let connection: PostgresConnection
    private let partitions = PartitionKeeper()
    private let isRawAuditOn: Bool

    package init(feed: FeedName, feedID: Int16, connection: PostgresConnection, isRawAuditOn: Bool) {
        route = FeedRoute(index: 0, feedID: feedID, streams: StreamNames(feed: feed))
        self.connection = connection
        self.isRawAuditOn = isRawAuditOn
    }

    /// Writes entries of one hole, all or none. Throws what Postgres says, and `PartitionError` where their day is retired.
    package func write(_ entries: [Entry]) async throws -> Outcome {
        guard let first = entries.first?.decoded.header.receivedAt, let last = entries.last?.decoded.header.receivedAt
        else { return Outcome() }
        let sealed = try SealedBatch(decoding: entries.map(\.decoded), of: route)
        do {
            return try await commit(sealed, entries)
        } catch {
            guard SinkRetry.sqlStateClass(of: error) == .missingPartition else { throw error }
            try await connection.connect()
            let made = try await partitions.ensure(covering: first...max(first, last), now: WallClock.now, connection)
            if let trouble = made.trouble { throw trouble }
            return try await commit(sealed, entries)
        }
    }

    private func commit(_ sealed: SealedBatch, _ entries: [Entry]) async throws -> Outcome {
        try await connection.withTransaction { session in
            // Not its own COMMIT: letters and raw frames belong to the same transaction.
            let committed = try BatchTransaction(sealed: sealed, exclusions: Exclusions(), isTrial: true).run(session)
            var outcome = Outcome()
            outcome.entries = entries.count - committed.duplicates
            outcome.rows = committed.rowCount
            outcome.letters = try write(entries.flatMap(\.decoded.letters), session)
            if isRawAuditOn { try archive(entries, session) }
            return outcome
        }
    }

    private func write(_ letters: [DeadLetter], _ session: borrowing PostgresSession) throws -> Int {
        guard !letters.isEmpty else { return 0 }
        return try session.query(LetterInsert.statement(letters.map { (route.feedID, $0) })).count
    }

    private func archive(_ entries: [Entry], _ session: borrowing PostgresSession) throws {
        var batch = RawBatch()
        for entry in entries { try batch.append(entry.raw, feedID: route.feedID) }
        _ = try batch.write(session)
    }

    /// Heals the loss that a hole is on record as, if the provider's own numbers now go through without a jump. False if they do
    /// not, or if it has none.
    package func heal(_ hole: HistoryHole) async throws -> Bool {
        try await connection.withTransaction { session in
            let rows = try session.query(
                Self.isUnbroken, [.int16(route.feedID), .int64(hole.after), .int64(hole.next.lowerBound)])
            guard rows.bool(0, 0) == true else { return false }
            _ = try session.query(
                Self.healLoss,
                [
                    .int16(route.feedID), .int64(hole.after), .int64(hole.next.upperBound + 1_024),
                    .int16(Int16(GapKind.lost.rawValue)),
                ])
            return true
        }
    }

    private static let isUnbroken = """
        SELECT count(*) > 1 AND bool_and(first_seq = before + 1 OR before IS NULL)
          FROM (SELECT first_seq, lag(last_seq) OVER (ORDER BY first_frame) AS before
                  FROM ingest_ledger
                 WHERE feed_id = $1 AND last_seq > 0 AND last_frame >= $2 AND first_frame <= $3) run
        """
    private static let healLoss = """
        UPDATE feed_gaps SET healed_at = now()
         WHERE feed_id = $1 AND kind = $4 AND healed_at IS NULL AND position >> 13 > $2 AND position >> 13 <= $3
        """
}
