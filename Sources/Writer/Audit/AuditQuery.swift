/// The questions of an audit. `$1` and `$2` are the window's bounds everywhere. Each question is one statement and so sees
/// one state of the database, in which ledger and rows agree however busy it is. The answers are rows of
/// `kind, feed, count, text` and, where frames are missing, which: the text is an example, or what tells findings of a kind apart.
enum AuditQuery {
    static let extent = """
        SELECT max(received_at), count(*) FROM ingest_ledger WHERE received_at >= $1 AND received_at < $2
        """

    /// Times that cut the window into pieces of about `$3` rows, so that each piece is grouped in memory.
    static let slices = """
        SELECT min(received_at)
          FROM (SELECT received_at, sum(sum(rows)) OVER (ORDER BY received_at) AS running
                  FROM ingest_ledger WHERE received_at >= $1 AND received_at < $2 GROUP BY received_at) sums
         GROUP BY div(running, $3) ORDER BY 1
        """

    /// Rows against the ledger. All rows of an entry carry its `received_at`; entries that share one are judged together.
    /// The number of rows seen comes under kind `total`.
    static let rows = """
        WITH stored AS (
            SELECT feed_id, received_at, sum(copies)::bigint AS rows, (sum(copies) - count(*))::bigint AS doubles,
                   min(position) >> 13 AS first, max(position) >> 13 AS last
              FROM (SELECT feed_id, received_at, position, count(*) AS copies
                      FROM odds_ticks WHERE received_at >= $1 AND received_at < $2
                     GROUP BY feed_id, received_at, position, selection_key
                    UNION ALL
                    SELECT feed_id, received_at, position, count(*)
                      FROM fixture_updates WHERE received_at >= $1 AND received_at < $2
                     GROUP BY feed_id, received_at, position, fixture_key
                    UNION ALL
                    SELECT feed_id, received_at, position, count(*)
                      FROM settlements WHERE received_at >= $1 AND received_at < $2
                     GROUP BY feed_id, received_at, position, selection_key
                    UNION ALL
                    SELECT feed_id, received_at, position, count(*)
                      FROM bet_events WHERE received_at >= $1 AND received_at < $2
                     GROUP BY feed_id, received_at, position, bet_id) AS grouped
             GROUP BY feed_id, received_at),
        written AS (
            SELECT feed_id, received_at, sum(rows)::bigint AS rows, min(first_frame) AS first, max(last_frame) AS last
              FROM ingest_ledger WHERE received_at >= $1 AND received_at < $2
             GROUP BY feed_id, received_at),
        judged AS (
            SELECT feed_id, received_at, w.rows AS expected, coalesce(s.rows - s.doubles, 0) AS found,
                   coalesce(s.doubles, 0) AS doubles, w.first, w.last,
                   coalesce(s.first < w.first OR s.last > w.last, false) AS is_misplaced
              FROM written w FULL JOIN stored s USING (feed_id, received_at)
             WHERE w.rows IS NULL OR w.rows <> coalesce(s.rows, 0) OR s.doubles > 0 OR s.first < w.first OR s.last > w.last),
        wrong AS (
            SELECT feed_id, received_at, 'missingRows' AS kind, expected - found AS amount FROM judged WHERE found < expected
            UNION ALL
            SELECT feed_id, received_at, 'surplusRows', found - expected FROM judged WHERE found > expected
            UNION ALL
            SELECT feed_id, received_at, 'unrecordedRows', found FROM judged WHERE expected IS NULL
            UNION ALL
            SELECT feed_id, received_at, 'duplicateRows', doubles FROM judged WHERE doubles > 0
            UNION ALL
            SELECT j.feed_id, j.received_at, 'misplacedRows', count(*)
              FROM judged j
             CROSS JOIN LATERAL (
                       SELECT feed_id, received_at, position FROM odds_ticks
                       UNION ALL SELECT feed_id, received_at, position FROM fixture_updates
                       UNION ALL SELECT feed_id, received_at, position FROM settlements
                       UNION ALL SELECT feed_id, received_at, position FROM bet_events) r
             WHERE j.is_misplaced AND r.feed_id = j.feed_id AND r.received_at = j.received_at
               AND r.position >> 13 NOT BETWEEN j.first AND j.last
             GROUP BY j.feed_id, j.received_at)
        SELECT kind, feed_id, sum(amount)::bigint, min(received_at)::text FROM wrong GROUP BY kind, feed_id
        UNION ALL
        SELECT 'total', NULL, coalesce(sum(rows), 0)::bigint, NULL FROM stored
        """

    /// The chain: every entry names the last frame of the one before it. A gap of kind lost stands at the entry's first
    /// frame, or among the first frames of a new term; a refused entry left a letter. From `$3` on, a predecessor may still
    /// come. An entry without a predecessor began in an empty Redis, and what had been there may be lost.
    static let chain = """
        WITH run AS (
            SELECT feed_id, first_frame, last_frame, prev_frame, term, received_at,
                   lag(last_frame) OVER w AS before, lag(term) OVER w AS before_term, lag(received_at) OVER w AS before_at
              FROM ingest_ledger WHERE received_at >= $1 AND received_at < $2
            WINDOW w AS (PARTITION BY feed_id ORDER BY first_frame, received_at)),
        judged AS (
            SELECT feed_id, first_frame, prev_frame, received_at, before, before_at,
                   CASE WHEN first_frame <= before THEN 'overlap'
                        WHEN prev_frame > 0 AND prev_frame < before AND term <> before_term THEN 'fork'
                        WHEN EXISTS (
                                 SELECT FROM resumed_terms t
                                  WHERE t.feed_id = run.feed_id AND t.behind < prev_frame AND t.first_frame > prev_frame)
                            THEN 'fork'
                        WHEN EXISTS (
                                 SELECT FROM feed_gaps g
                                  WHERE g.feed_id = run.feed_id AND g.kind = 5 AND g.position >> 13 > before
                                    AND g.position >> 13
                                        <= last_frame + CASE WHEN term = before_term THEN 0 ELSE 1024 END)
                          OR EXISTS (
                                 SELECT FROM dead_letters d
                                  WHERE d.feed_id = run.feed_id AND d.position >> 13 > before
                                    AND d.position >> 13 < first_frame) THEN 'recordedLoss'
                        WHEN received_at >= $3 THEN 'pendingLink'
                        WHEN prev_frame = 0 THEN 'begunAnew'
                        ELSE 'brokenLink' END AS kind
              FROM run WHERE before IS NOT NULL AND (prev_frame <> before OR first_frame <= before))
        SELECT kind, feed_id, count(*), array_to_string((array_agg('frame ' || first_frame ORDER BY first_frame))[1:3], ', '),
               array_to_string((array_agg(
                   format('%s,%s,%s,%s', before + 1, prev_frame, \(microseconds("before_at")), \(microseconds("received_at")))
                   ORDER BY first_frame) FILTER (WHERE kind = 'brokenLink' AND prev_frame > before))[1:10], ';')
          FROM judged GROUP BY kind, feed_id
        """

    /// The provider's own numbers, where it has any: what follows must follow on, or a gap or a refused message says why not.
    static let sequences = """
        WITH run AS (
            SELECT feed_id, last_frame, first_seq, lag(last_seq) OVER w AS before, lag(first_frame) OVER w AS before_frame
              FROM ingest_ledger WHERE received_at >= $1 AND received_at < $2 AND last_seq > 0
            WINDOW w AS (PARTITION BY feed_id ORDER BY first_frame))
        SELECT 'sequenceHole', feed_id, count(*),
               array_to_string((array_agg((before + 1) || '–' || (first_seq - 1) ORDER BY last_frame))[1:3], ', ')
          FROM run
         WHERE first_seq > before + 1
           AND NOT EXISTS (
                   SELECT FROM resumed_terms t
                    WHERE t.feed_id = run.feed_id AND t.behind < last_frame AND t.first_frame > last_frame)
           AND NOT EXISTS (
                   SELECT FROM feed_gaps g
                    WHERE g.feed_id = run.feed_id
                      AND (g.position >> 13 BETWEEN before_frame AND last_frame
                           OR (g.from_sequence <= before + 1 AND g.to_sequence >= first_seq - 1)))
           AND NOT EXISTS (
                   SELECT FROM dead_letters d
                    WHERE d.feed_id = run.feed_id AND d.position >> 13 BETWEEN before_frame AND last_frame)
         GROUP BY feed_id
        """

    /// Facts whose keys lead nowhere, by table.
    static let orphans = """
        SELECT 'orphans', NULL::smallint, count(*), 'odds_ticks' FROM odds_ticks o
         WHERE received_at >= $1 AND received_at < $2
           AND (NOT EXISTS (SELECT FROM selections s WHERE s.selection_key = o.selection_key)
                OR NOT EXISTS (SELECT FROM feeds f WHERE f.feed_id = o.feed_id))
        UNION ALL
        SELECT 'orphans', NULL::smallint, count(*), 'fixture_updates' FROM fixture_updates u
         WHERE received_at >= $1 AND received_at < $2
           AND NOT EXISTS (SELECT FROM fixtures f WHERE f.fixture_key = u.fixture_key AND f.feed_id = u.feed_id)
        UNION ALL
        SELECT 'orphans', NULL::smallint, count(*), 'settlements' FROM settlements t
         WHERE received_at >= $1 AND received_at < $2
           AND NOT EXISTS (SELECT FROM selections s WHERE s.selection_key = t.selection_key)
        UNION ALL
        SELECT 'orphans', NULL::smallint, count(*), 'bet_events' FROM bet_events b
         WHERE received_at >= $1 AND received_at < $2
           AND (NOT EXISTS (SELECT FROM selections s WHERE s.selection_key = b.selection_key)
                OR NOT EXISTS (SELECT FROM fixtures f WHERE f.fixture_key = b.fixture_key AND f.feed_id = b.feed_id))
        """

    /// Current state that is behind its history, by table.
    static let states = """
        SELECT 'staleState', NULL::smallint, count(*), 'fixtures'
          FROM (SELECT fixture_key, max(position) AS position FROM fixture_updates
                 WHERE received_at >= $1 AND received_at < $2 GROUP BY fixture_key) u
          JOIN fixtures f USING (fixture_key) WHERE f.position < u.position
        UNION ALL
        SELECT 'staleState', NULL::smallint, count(*), 'selections'
          FROM (SELECT selection_key, max(position) AS position FROM settlements
                 WHERE received_at >= $1 AND received_at < $2 GROUP BY selection_key) t
          JOIN selections s USING (selection_key) WHERE s.position < t.position
        """

    /// Raw frames against the ledger, between the first and the last entry that both could have. What a gap of kind lost
    /// covers is told as a gap.
    static let frames = """
        WITH archived AS (
            SELECT feed_id, min(first_frame) AS first, max(first_frame) AS last FROM raw_frames
             WHERE received_at >= $1 AND received_at < $2 GROUP BY feed_id),
        written AS (
            SELECT feed_id, max(first_frame) AS last FROM ingest_ledger
             WHERE received_at >= $1 AND received_at < $2 GROUP BY feed_id)
        SELECT 'unarchivedEntries', l.feed_id, count(*), ''
          FROM ingest_ledger l JOIN archived a ON a.feed_id = l.feed_id AND l.first_frame BETWEEN a.first AND a.last
          LEFT JOIN raw_frames r ON r.feed_id = l.feed_id AND r.first_frame = l.first_frame AND r.received_at = l.received_at
         WHERE l.received_at >= $1 AND l.received_at < $2 AND r.feed_id IS NULL GROUP BY l.feed_id
        UNION ALL
        SELECT 'unwrittenFrames', r.feed_id, count(*),
               array_to_string((array_agg('frame ' || r.first_frame ORDER BY r.first_frame))[1:3], ', ')
        \(fromUnwritten)
         GROUP BY r.feed_id
        """

    /// Gaps that touch the window, by their kind.
    static let gaps = """
        SELECT CASE WHEN healed_at IS NULL THEN 'openGap' ELSE 'healedGap' END, feed_id, count(*),
               coalesce(gap_kind_name(kind), 'unknown')
          FROM feed_gaps
         WHERE coalesce(to_time, from_time, healed_at, 'infinity') >= $1
           AND coalesce(from_time, to_time, healed_at, '-infinity') < $2
         GROUP BY 1, 2, 4 ORDER BY 2, 1, 4
        """

    /// Letters of the window, by state and stage.
    static let letters = """
        SELECT 'deadLetters', feed_id, count(*), state || ', refused by the ' || letter_stage_name(stage)
          FROM dead_letters WHERE first_seen >= $1 AND first_seen < $2 GROUP BY feed_id, state, stage
        """
}
