import FeedModel
import Logging
import PostgresCopy
import Synchronization
import Telemetry

/// A resumed term of a feed, as a batch meets it.
struct TermKey: Sendable, Hashable {
    let feedID: Int16
    let term: ResumedTerm
}

/// The sequences that were written before a term resumed and are not in the feed's log any more.
struct HeldSequences: Sendable, Equatable {
    /// In ascending order.
    let ranges: [ClosedRange<Int64>]
    /// Everything up to here is held: what the provider repeats of it changes nothing.
    let wholeUpTo: Int64

    init(_ ranges: [ClosedRange<Int64>], after sequence: Int64) {
        self.ranges = ranges
        wholeUpTo = ranges.reduce(sequence) { $1.lowerBound <= $0 + 1 ? max($0, $1.upperBound) : $0 }
    }

    func overlaps(_ sequences: ClosedRange<Int64>) -> Bool { ranges.contains { $0.overlaps(sequences) } }
    func contains(_ sequence: Int64) -> Bool { ranges.contains { $0.contains(sequence) } }
}

/// What the ledger held already when terms resumed: asked for once a term, and remembered.
///
/// Redis that comes back older than what was written from it, and an owner that dies before it appends that again, fork a feed's
/// log. The provider repeats what the log lacks, under numbers of the new term; its sequences tell that it is the same.
///
/// Which of them are held is decided once and for all under a lock that every batch of the feed shares: whoever had an entry in
/// hand has written it by then. What comes later of it is refused by the ledger, and written as the provider repeats it.
final class ResumedTerms: Sendable {
    private let known = Mutex<[TermKey: HeldSequences]>([:])

    /// What is held of the terms that `batch` belongs to; those that nothing is held of are left out.
    func held(for batch: WriteBatch, _ retry: SinkRetry) async throws -> [TermKey: HeldSequences] {
        var held: [TermKey: HeldSequences] = [:]
        for key in batch.resumedTerms {
            let sequences: HeldSequences
            if let found = known.withLock({ $0[key] }) {
                sequences = found
            } else {
                sequences = try await register(key, retry)
                remember(key, sequences)
            }
            if !sequences.ranges.isEmpty { held[key] = sequences }
        }
        return held
    }

    /// Of each feed only the last terms are met again.
    private func remember(_ key: TermKey, _ sequences: HeldSequences) {
        known.withLock { known in
            let older = known.keys.filter { $0.feedID == key.feedID }.sorted { $0.term.first < $1.term.first }
            for key in older.dropLast(Self.termsPerFeed - 1) { known[key] = nil }
            known[key] = sequences
        }
    }

    private static let termsPerFeed = 4

    private func register(_ key: TermKey, _ retry: SinkRetry) async throws -> HeldSequences {
        while true {
            let registration = TermRegistration(key: key)
            let held = try await retry.run(()) { _ in
                try await registration.run(on: retry.connection)
            } mend: { _, _, _ in
                .wait
            }
            if let held {
                if !held.ranges.isEmpty {
                    retry.logger.warning(
                        "the feed's log went back: what is written already is not written again",
                        metadata: ["feed_id": "\(key.feedID)", "sequences": "\(held.ranges)"])
                }
                return held
            }
            if retry.stop.isRequested {
                throw WriterError.abandoned("another Writer holds a batch of feed \(key.feedID) open")
            }
            try await retry.stop.pause(for: .seconds(1))
        }
    }
}

/// Finds out what is held of a resumed term, unless another Writer has done so.
struct TermRegistration: Sendable {
    let key: TermKey

    /// A batch of this feed that hangs must not keep all others waiting.
    private static let lockTimeout = "200ms"
    private static let lockNotGiven = "55P03"

    /// Nil if batches of the feed are in the way: try again later.
    func run(on connection: PostgresConnection) async throws -> HeldSequences? {
        do {
            return try await connection.withTransaction { session in
                if let held = try registered(session) { return held }
                try session.execute("SET LOCAL lock_timeout = '\(Self.lockTimeout)'")
                _ = try session.query(
                    "SELECT pg_advisory_xact_lock($1, $2)", [.int32(AdvisoryLock.feed), .int32(Int32(key.feedID))])
                try register(session)
                return try registered(session) ?? HeldSequences([], after: key.term.sequence)
            }
        } catch {
            guard case .server(let failure)? = SinkRetry.postgresError(of: error),
                failure.sqlState == Self.lockNotGiven
            else { throw error }
            return nil
        }
    }

    /// Nil if nobody has found out yet.
    func registered(_ session: borrowing PostgresSession) throws -> HeldSequences? {
        let rows = try session.query(
            """
            SELECT lower(range), upper(range) - 1 FROM resumed_terms
              LEFT JOIN LATERAL unnest(held) AS range ON true
             WHERE feed_id = $1 AND first_frame = $2 ORDER BY 1
            """, [.int16(key.feedID), .int64(key.term.first)])
        guard rows.count > 0 else { return nil }
        let ranges = (0..<rows.count).compactMap { row -> ClosedRange<Int64>? in
            guard let low = rows.int64(row, 0), let high = rows.int64(row, 1), low <= high else { return nil }
            return low...high
        }
        return HeldSequences(ranges, after: key.term.sequence)
    }

    private func register(_ session: borrowing PostgresSession) throws {
        _ = try session.query(
            """
            INSERT INTO resumed_terms (feed_id, first_frame, behind, held)
            SELECT $1, $2, $3, coalesce(range_agg(int8range(first_seq, last_seq, '[]')), '{}')
              FROM ingest_ledger
             WHERE feed_id = $1 AND first_frame > $5 AND first_frame < $2 AND first_seq > 0 AND last_seq > $4
            ON CONFLICT DO NOTHING
            """,
            [
                .int16(key.feedID), .int64(key.term.first), .int64(key.term.behind), .int64(key.term.sequence),
                .int64(key.term.since),
            ])
    }
}
