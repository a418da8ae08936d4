extension Migration {
    /// On partitions that are full an index finds the price at a moment; the bound on time leaves out those behind the start. On the
    /// current one the planner must not take the block range index for that bound as well, once for each of 50,000 selections:
    /// with ranges of one page it is too dear for that, and as good for a stretch of time. The Writer keeps these indexes up
    /// itself: a request to autovacuum for each range would fill the server's log.
    static let closingOdds = Migration(
        version: 12, name: "closing_odds",
        sql: #"""
            DROP INDEX odds_ticks_time;
            CREATE INDEX odds_ticks_time ON odds_ticks USING brin (received_at) WITH (pages_per_range = 1);
            DROP INDEX raw_frames_time;
            CREATE INDEX raw_frames_time ON raw_frames USING brin (received_at) WITH (pages_per_range = 32);
            CREATE OR REPLACE VIEW closing_odds AS
            SELECT f.fixture_id, m.market_type, s.option_id, o.odd_value, o.received_at AS "timestamp", f.start_time,
                   m.market_id, s.line, odds_status_name(o.status) AS status, o.lay_value, o.last_traded, e.name AS feed,
                   o.position, s.selection_key, m.market_key, f.fixture_key, s.name AS selection, m.name AS market, f.sport,
                   f.tournament, f.home_team, f.away_team, settlement_result_name(s.result) AS result
              FROM fixtures f
              JOIN markets m ON m.fixture_key = f.fixture_key
              JOIN selections s ON s.market_key = m.market_key
              JOIN feeds e ON e.feed_id = f.feed_id
             CROSS JOIN LATERAL (
                       SELECT t.* FROM odds_ticks t
                        WHERE t.selection_key = s.selection_key AND t.received_at <= f.start_time
                          AND t.odd_value IS NOT NULL
                        ORDER BY t.received_at DESC, t.position DESC LIMIT 1) o;
            """#)
}
