/// Which frames are missing, and which gaps are none.
extension AuditQuery {
    /// A time as a number that `MissingFrames` reads.
    static func microseconds(_ time: String) -> String { "(extract(epoch FROM \(time)) * 1000000)::bigint" }

    /// Raw entries `r` that the ledger does not have and nothing explains; `written` says how far each feed's ledger goes.
    static let fromUnwritten = """
        FROM raw_frames r JOIN written w ON w.feed_id = r.feed_id AND r.first_frame < w.last
          LEFT JOIN ingest_ledger l ON l.feed_id = r.feed_id AND l.first_frame = r.first_frame AND l.received_at = r.received_at
         WHERE r.received_at >= $1 AND r.received_at < least($2, $3) AND l.feed_id IS NULL
           AND NOT EXISTS (
                   SELECT FROM dead_letters d WHERE d.feed_id = r.feed_id AND d.position >> 13 = r.first_frame)
           AND NOT EXISTS (
                   SELECT FROM feed_gaps g WHERE g.feed_id = r.feed_id AND g.kind = 5
                      AND r.received_at BETWEEN g.from_time AND g.to_time)
        """

    /// The same entries, those between two of the ledger's together. Where an entry ends only the next one in the ledger says.
    static let unwritten = """
        WITH written AS (
            SELECT feed_id, max(first_frame) AS last FROM ingest_ledger
             WHERE received_at >= $1 AND received_at < $2 GROUP BY feed_id),
        unwritten AS (SELECT r.feed_id, r.first_frame, r.received_at \(fromUnwritten)),
        placed AS (
            SELECT feed_id, first_frame, is_written,
                   max(last_frame) OVER earlier AS before, max(at) OVER earlier AS before_at,
                   min(prev_frame) OVER later AS next_prev, min(at) OVER later AS next_at
              FROM (SELECT feed_id, first_frame, last_frame, nullif(prev_frame, 0) AS prev_frame, received_at AS at,
                           true AS is_written
                      FROM ingest_ledger
                     WHERE received_at >= $1 AND received_at < $2 AND feed_id IN (SELECT feed_id FROM unwritten)
                    UNION ALL
                    SELECT feed_id, first_frame, NULL, NULL, NULL, false FROM unwritten) AS entries
            WINDOW earlier AS (PARTITION BY feed_id ORDER BY first_frame ROWS UNBOUNDED PRECEDING),
                   later AS (PARTITION BY feed_id ORDER BY first_frame DESC ROWS UNBOUNDED PRECEDING)),
        ranges AS (
            SELECT feed_id, min(first_frame) AS first, greatest(max(first_frame), min(next_prev)) AS last,
                   min(before_at) AS before_at, min(next_at) AS next_at
              FROM placed WHERE NOT is_written GROUP BY feed_id, before)
        SELECT 'unwrittenFrames', feed_id, 0::bigint, '', array_to_string((array_agg(
                   format('%s,%s,%s,%s', first, last, \(microseconds("before_at")), \(microseconds("next_at")))
                   ORDER BY first))[1:10], ';')
          FROM ranges GROUP BY feed_id
        """

    /// Gaps that are still open although the ledger has all their numbers. An entry says its lowest and its highest number, and
    /// those between are there for certain only if they are no more than its frames: a gap may be among them.
    static let filledGaps = """
        WITH open AS (
            SELECT feed_id, int8range(from_sequence, to_sequence, '[]') AS numbers,
                   coalesce(gap_kind_name(kind), 'unknown') AS kind
              FROM feed_gaps
             WHERE healed_at IS NULL AND from_sequence > 0 AND to_sequence >= from_sequence
               AND coalesce(to_time, from_time, 'infinity') >= $1 AND coalesce(from_time, to_time, '-infinity') < $2),
        held AS (
            SELECT feed_id, range_agg(int8range(first_seq, last_seq, '[]')) AS numbers
              FROM ingest_ledger
             WHERE received_at >= $1 AND received_at < $2 AND first_seq > 0
               AND last_seq - first_seq <= last_frame - first_frame AND last_seq >= first_seq
               AND feed_id IN (SELECT feed_id FROM open)
             GROUP BY feed_id)
        SELECT 'filledGap', open.feed_id, count(*), open.kind
          FROM open JOIN held ON held.feed_id = open.feed_id AND open.numbers <@ held.numbers
         GROUP BY open.feed_id, open.kind ORDER BY open.feed_id, open.kind
        """
}
