extension Migration {
    /// What is complete and what was refused, in words.
    static let operations = Migration(
        version: 7, name: "operations",
        sql: #"""
            CREATE VIEW gaps AS
            SELECT e.name AS feed, gap_kind_name(g.kind) AS kind, g.from_time, g.to_time, g.healed_at, g.from_sequence,
                   g.to_sequence, g.cause, g.position
              FROM feed_gaps g JOIN feeds e ON e.feed_id = g.feed_id;
            COMMENT ON VIEW gaps IS 'Every stretch of a feed that is or was missing. healed_at is null: it still is.';

            CREATE VIEW letters AS
            SELECT d.id, e.name AS feed, letter_stage_name(d.stage) AS stage, letter_reason_name(d.reason) AS reason,
                   d.detail, d.sqlstate, d.state, d.deliveries, d.first_seen, d.position, d.payload
              FROM dead_letters d JOIN feeds e ON e.feed_id = d.feed_id;
            COMMENT ON VIEW letters IS 'Every message that was refused, with stage and reason in words.';

            CREATE FUNCTION feed_coverage(since timestamptz, until timestamptz, of_feed text DEFAULT NULL)
            RETURNS TABLE (feed text, minute timestamptz, coverage numeric)
            LANGUAGE sql STABLE AS $$
                -- A feed is known between its first and its last ledger entry: it sends something every few seconds.
                WITH known AS (
                    SELECT e.feed_id, e.name,
                           greatest(date_trunc('minute', since), (
                               SELECT date_trunc('minute', l.received_at) FROM ingest_ledger l
                                WHERE l.feed_id = e.feed_id ORDER BY l.first_frame LIMIT 1)) AS first_minute,
                           least(until, (
                               SELECT l.received_at FROM ingest_ledger l
                                WHERE l.feed_id = e.feed_id ORDER BY l.first_frame DESC LIMIT 1)) AS until
                      FROM feeds e
                     WHERE of_feed IS NULL OR e.name = of_feed),
                minutes AS (
                    SELECT k.feed_id, k.name, m.minute, tstzrange(m.minute, m.minute + interval '1 minute') AS span
                      FROM known k
                     CROSS JOIN LATERAL generate_series(
                               k.first_minute, k.until - interval '1 microsecond', interval '1 minute') AS m (minute)),
                -- A gap that ends nowhere yet lasts until now; overlapping ones count once.
                missing AS (
                    SELECT g.feed_id, range_agg(tstzrange(g.from_time, coalesce(g.to_time, 'infinity'))) AS spans
                      FROM feed_gaps g
                     WHERE g.healed_at IS NULL AND g.from_time < until AND coalesce(g.to_time, 'infinity') > since
                       AND g.from_time <= coalesce(g.to_time, 'infinity')
                     GROUP BY g.feed_id)
                SELECT m.name, m.minute,
                       -- Cut, not rounded: a minute that lacks a millisecond is not complete.
                       trunc(1 - coalesce((
                           SELECT sum(extract(epoch FROM upper(part) - lower(part)))
                             FROM unnest(x.spans * tstzmultirange(m.span)) AS part), 0) / 60, 4)
                  FROM minutes m
                  LEFT JOIN missing x ON x.feed_id = m.feed_id
                 ORDER BY m.name, m.minute
            $$;
            COMMENT ON FUNCTION feed_coverage IS
                'For each minute of each feed the share that no unhealed gap touches: 1 is complete. '
                'Minutes before a feed''s first or after its last entry are left out.';
            """#)
}
