extension Migration {
    /// What analysts ask of prices: the last one, the closing one, candles, movements, margins.
    static let prices = Migration(version: 6, name: "prices", sql: lastPrices + paths + margins)

    private static let lastPrices = #"""
        CREATE VIEW latest_odds AS
        SELECT f.fixture_id, m.market_type, s.option_id, o.odd_value, o.received_at AS "timestamp", m.market_id, s.line,
               odds_status_name(o.status) AS status, o.lay_value, o.back_size, o.lay_size, o.last_traded,
               e.name AS feed, o.received_at, o.source_time, o.position, s.selection_key, m.market_key, f.fixture_key,
               s.name AS selection, m.name AS market, f.sport, f.tournament, f.home_team, f.away_team, f.start_time,
               settlement_result_name(s.result) AS result
          FROM selections s
          JOIN markets m ON m.market_key = s.market_key
          JOIN fixtures f ON f.fixture_key = m.fixture_key
          JOIN feeds e ON e.feed_id = f.feed_id
         CROSS JOIN LATERAL (
                   SELECT t.* FROM odds_ticks t WHERE t.selection_key = s.selection_key
                    ORDER BY t.received_at DESC, t.position DESC LIMIT 1) o;
        COMMENT ON VIEW latest_odds IS
            'The last price of every selection. Filter by fixture_id, fixture_key or selection_key to be fast.';
        COMMENT ON COLUMN latest_odds."timestamp" IS 'When we received the price.';
        COMMENT ON COLUMN latest_odds.result IS 'How the selection ended; null: not settled.';

        CREATE VIEW closing_odds AS
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
        COMMENT ON VIEW closing_odds IS
            'The last price of every selection before its fixture''s scheduled start. Filter by start_time to be fast.';
        COMMENT ON COLUMN closing_odds."timestamp" IS 'When we received the closing price.';

        """#

    private static let paths = #"""
        CREATE FUNCTION odds_candles(
            selection integer, width interval DEFAULT '5 minutes', since timestamptz DEFAULT '-infinity',
            until timestamptz DEFAULT 'infinity')
        RETURNS TABLE (bucket timestamptz, open numeric, high numeric, low numeric, close numeric, changes bigint)
        LANGUAGE sql STABLE PARALLEL SAFE AS $$
            SELECT date_bin(width, t.received_at, '2000-01-01 00:00:00+00'),
                   (array_agg(t.odd_value ORDER BY t.position))[1], max(t.odd_value), min(t.odd_value),
                   (array_agg(t.odd_value ORDER BY t.position DESC))[1], count(*)
              FROM odds_ticks t
             WHERE t.selection_key = selection AND t.odd_value IS NOT NULL AND t.received_at >= since
               AND t.received_at < until
             GROUP BY 1 ORDER BY 1
        $$;
        COMMENT ON FUNCTION odds_candles IS
            'A selection''s prices as open, high, low and close of each interval in which any came; changes counts them.';

        CREATE FUNCTION line_movement(fixture text, of_feed text DEFAULT NULL)
        RETURNS TABLE (
            "timestamp" timestamptz, feed text, market_type text, market_id text, line numeric, option_id text,
            status text, odd_value numeric, previous numeric, change numeric, selection_key integer)
        LANGUAGE sql STABLE PARALLEL SAFE AS $$
            SELECT c."timestamp", c.feed, c.market_type, c.market_id, c.line, c.option_id, c.status, c.odd_value, c.previous,
                   c.odd_value - c.previous, c.selection_key
              FROM (SELECT o.*, lag(o.odd_value) OVER w AS previous, lag(o.status) OVER w AS previous_status,
                           row_number() OVER w AS number
                      FROM odds_changes o
                     WHERE o.fixture_id = fixture AND (of_feed IS NULL OR o.feed = of_feed)
                    WINDOW w AS (PARTITION BY o.selection_key ORDER BY o.position)) c
             WHERE c.number = 1 OR c.odd_value IS DISTINCT FROM c.previous OR c.status IS DISTINCT FROM c.previous_status
             ORDER BY c."timestamp", c.position, c.selection_key
        $$;
        COMMENT ON FUNCTION line_movement IS
            'Every real change of price or status of a fixture''s selections, oldest first; repeats are left out.';

        """#

    private static let margins = #"""
        CREATE VIEW market_overround AS
        SELECT l.feed, l.fixture_id, l.market_type, l.market_id, abs(l.line) AS line, count(*) AS selections,
               round(sum(1 / l.odd_value) - 1, 6) AS overround, max(l."timestamp") AS "timestamp", l.market_key,
               l.fixture_key, l.sport, l.tournament, l.home_team, l.away_team, l.start_time
          FROM latest_odds l
         WHERE l.status = 'open' AND l.odd_value IS NOT NULL
         GROUP BY l.feed, l.fixture_id, l.market_type, l.market_id, abs(l.line), l.market_key, l.fixture_key, l.sport,
               l.tournament, l.home_team, l.away_team, l.start_time;
        COMMENT ON VIEW market_overround IS
            'The margin of every market at its last open prices: the sum of implied probabilities less one.';
        COMMENT ON COLUMN market_overround.line IS
            'The two sides of a handicap, +1.5 and −1.5, make one market: their line without its sign.';
        COMMENT ON COLUMN market_overround.selections IS 'Open selections that were summed up; one alone says nothing.';

        CREATE VIEW bet_handle AS
        SELECT b.feed, b.fixture_id, b.market_type, b.market_id, b.line, b.option_id, b.currency, count(*) AS bets,
               count(DISTINCT b.user_id) AS users, sum(b.amount) AS stake, sum(b.potential_win) AS liability,
               round(sum(b.amount * b.odd) / nullif(sum(b.amount), 0), 4) AS average_odd, b.selection_key, b.market_key,
               b.fixture_key, b.sport, b.start_time
          FROM bets b
         WHERE b.status NOT IN ('rejected', 'void')
         GROUP BY b.feed, b.fixture_id, b.market_type, b.market_id, b.line, b.option_id, b.currency, b.selection_key,
               b.market_key, b.fixture_key, b.sport, b.start_time;
        COMMENT ON VIEW bet_handle IS 'Bets and stakes on every selection, without rejected and void bets.';
        COMMENT ON COLUMN bet_handle.liability IS 'What is to be paid if the selection wins.';
        COMMENT ON COLUMN bet_handle.average_odd IS 'Weighted by stake.';
        """#
}
