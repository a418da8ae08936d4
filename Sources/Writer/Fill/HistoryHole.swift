package import FeedModel
package import PostgresCopy

/// A stretch of a feed that the ledger does not have: an entry names a predecessor that is not there. After a restore from a
/// backup that is everything between the backup and the restore.
package struct HistoryHole: Sendable, Equatable {
    /// The last frame before it, and the last that is missing.
    package let after: FrameNumber
    package let last: FrameNumber
    /// The first frame behind it, and the last of that entry.
    package let next: ClosedRange<FrameNumber>
    /// The tenure of the entry behind it.
    package let term: Term
    /// Between which receipts it lies.
    package let from: Timestamp
    package let to: Timestamp
    /// Frames that the ledger has of the very moments `from` and `to`: a read cycle may be several entries.
    package let framesAtFrom: Int
    package let framesAtTo: Int

    /// Frames that are missing, our own control entries among them.
    package var count: Int { Int(last - after) }

    package init(
        after: FrameNumber, last: FrameNumber, next: ClosedRange<FrameNumber>, term: Term, from: Timestamp,
        to: Timestamp, framesAtFrom: Int = 0, framesAtTo: Int = 0
    ) {
        self.after = after
        self.last = last
        self.next = next
        self.term = term
        self.from = from
        self.to = to
        self.framesAtFrom = framesAtFrom
        self.framesAtTo = framesAtTo
    }
}

extension HistoryHole {
    private static let query = """
        WITH run AS (
            SELECT first_frame, last_frame, prev_frame, term, received_at,
                   lag(last_frame) OVER w AS before, lag(received_at) OVER w AS before_at
              FROM ingest_ledger WHERE feed_id = $1 WINDOW w AS (ORDER BY first_frame, received_at)),
        frames AS (
            SELECT received_at, sum(last_frame - first_frame + 1)::bigint AS count FROM ingest_ledger
             WHERE feed_id = $1 GROUP BY received_at)
        SELECT before, prev_frame, first_frame, last_frame, term, before_at, r.received_at, b.count, n.count
          FROM run r JOIN frames b ON b.received_at = before_at JOIN frames n ON n.received_at = r.received_at
         WHERE prev_frame > before
         ORDER BY first_frame
        """

    /// The holes of a feed, in order.
    package static func all(feedID: Int16, _ connection: PostgresConnection) async throws -> [HistoryHole] {
        try await connection.withSession { session in
            let rows = try session.query(query, [.int16(feedID)])
            return (0..<rows.count).compactMap { row in
                guard let after = rows.int64(row, 0), let last = rows.int64(row, 1), let first = rows.int64(row, 2),
                    let end = rows.int64(row, 3), let term = rows.int64(row, 4), let from = rows.timestamptz(row, 5),
                    let to = rows.timestamptz(row, 6), let framesAtFrom = rows.int64(row, 7),
                    let framesAtTo = rows.int64(row, 8), end >= first
                else { return nil }
                return HistoryHole(
                    after: after, last: last, next: first...end, term: Term(rawValue: UInt64(bitPattern: term)),
                    from: Timestamp(microseconds: from), to: Timestamp(microseconds: to),
                    framesAtFrom: Int(framesAtFrom), framesAtTo: Int(framesAtTo))
            }
        }
    }
}
