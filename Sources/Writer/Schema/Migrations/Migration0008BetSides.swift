extension Migration {
    /// Bets of exchanges may be against their selection.
    static let betSides = Migration(version: 8, name: "bet_sides", sql: betSide + betSideViews + eventsRawWithSides)

    private static let betSide = #"""
        CREATE FUNCTION bet_side_name(code smallint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN CASE code WHEN 1 THEN 'back' WHEN 2 THEN 'lay' END;
        COMMENT ON FUNCTION bet_side_name IS 'The name of a bet''s side code.';

        ALTER TABLE bet_events ADD COLUMN side smallint NOT NULL DEFAULT 1;
        COMMENT ON COLUMN bet_events.side IS 'A code; bet_side_name() has the names.';

        """#

    private static let betSideViews = #"""
        CREATE OR REPLACE VIEW bets AS
        SELECT b.feed_id || '-' || b.bet_id AS id, b.bet_id, b.user_id, f.fixture_id, m.market_type, s.option_id, b.amount,
               b.odd, b.potential_win, b.currency, bet_status_name(b.status) AS status, b.received_at AS "timestamp",
               (SELECT min(p.received_at) FROM bet_events p WHERE p.bet_id = b.bet_id AND p.feed_id = b.feed_id)
                   AS placed_at,
               m.market_id, s.line, e.name AS feed, b.received_at, b.source_time, b.position, b.selection_key,
               m.market_key, b.fixture_key, s.name AS selection, m.name AS market, f.sport, f.tournament, f.home_team,
               f.away_team, f.start_time, bet_side_name(b.side) AS side
          FROM bet_events b
          LEFT JOIN selections s ON s.selection_key = b.selection_key
          LEFT JOIN markets m ON m.market_key = s.market_key
          LEFT JOIN fixtures f ON f.fixture_key = b.fixture_key
          LEFT JOIN feeds e ON e.feed_id = b.feed_id
         WHERE NOT EXISTS (
                   SELECT FROM bet_events n
                    WHERE n.bet_id = b.bet_id AND n.feed_id = b.feed_id AND n.position > b.position);
        COMMENT ON COLUMN bets.side IS 'back, or lay: a bet against the selection, which risks amount × (odd − 1).';

        CREATE OR REPLACE VIEW bet_handle AS
        SELECT b.feed, b.fixture_id, b.market_type, b.market_id, b.line, b.option_id, b.currency, count(*) AS bets,
               count(DISTINCT b.user_id) AS users, sum(b.amount) AS stake, sum(b.potential_win) AS liability,
               round(sum(b.amount * b.odd) / nullif(sum(b.amount), 0), 4) AS average_odd, b.selection_key, b.market_key,
               b.fixture_key, b.sport, b.start_time, b.side
          FROM bets b
         WHERE b.status NOT IN ('rejected', 'void')
         GROUP BY b.feed, b.fixture_id, b.market_type, b.market_id, b.line, b.option_id, b.currency, b.selection_key,
               b.market_key, b.fixture_key, b.sport, b.start_time, b.side;
        COMMENT ON COLUMN bet_handle.liability IS 'What is to be paid if these bets win.';
        COMMENT ON COLUMN bet_handle.side IS 'back: they win with the selection; lay: they win if it does not.';

        """#

    private static let eventsRawWithSides = #"""
        CREATE OR REPLACE VIEW events_raw AS
        SELECT o.id, 'odds_change' AS event_type,
               jsonb_strip_nulls(jsonb_build_object(
                   'fixture_id', o.fixture_id, 'market_id', o.market_id, 'market_type', o.market_type,
                   'option_id', o.option_id, 'line', o.line, 'status', o.status, 'odd_value', o.odd_value,
                   'lay_value', o.lay_value, 'back_size', o.back_size, 'lay_size', o.lay_size,
                   'last_traded', o.last_traded, 'timestamp', o.source_time, 'position', o.position)) AS payload,
               o."timestamp", o.feed AS source
          FROM odds_changes o
        UNION ALL
        SELECT u.feed_id || '-' || u.position || '-' || u.fixture_key, 'fixture_update',
               jsonb_strip_nulls(jsonb_build_object(
                   'fixture_id', f.fixture_id, 'sport_id', u.sport_id, 'sport', u.sport,
                   'tournament_id', u.tournament_id, 'tournament', u.tournament, 'home_team', u.home_team,
                   'away_team', u.away_team, 'start_time', u.start_time, 'status', fixture_status_name(u.status),
                   'home_score', u.home_score, 'away_score', u.away_score, 'timestamp', u.source_time,
                   'position', u.position)),
               u.received_at, e.name
          FROM fixture_updates u
          LEFT JOIN fixtures f ON f.fixture_key = u.fixture_key
          LEFT JOIN feeds e ON e.feed_id = u.feed_id
        UNION ALL
        SELECT t.feed_id || '-' || t.position || '-' || t.selection_key, 'settlement',
               jsonb_strip_nulls(jsonb_build_object(
                   'fixture_id', f.fixture_id, 'market_id', m.market_id, 'market_type', m.market_type,
                   'option_id', s.option_id, 'line', s.line, 'result', settlement_result_name(t.result),
                   'timestamp', t.source_time, 'position', t.position)),
               t.received_at, e.name
          FROM settlements t
          LEFT JOIN selections s ON s.selection_key = t.selection_key
          LEFT JOIN markets m ON m.market_key = s.market_key
          LEFT JOIN fixtures f ON f.fixture_key = m.fixture_key
          LEFT JOIN feeds e ON e.feed_id = t.feed_id
        UNION ALL
        SELECT b.feed_id || '-' || b.position || '-' || b.selection_key, 'bet_placement',
               jsonb_strip_nulls(jsonb_build_object(
                   'bet_id', b.bet_id, 'user_id', b.user_id, 'fixture_id', f.fixture_id, 'market_id', m.market_id,
                   'market_type', m.market_type, 'option_id', s.option_id, 'line', s.line, 'amount', b.amount,
                   'odd', b.odd, 'potential_win', b.potential_win, 'currency', b.currency,
                   'side', bet_side_name(b.side), 'status', bet_status_name(b.status), 'timestamp', b.source_time,
                   'position', b.position)),
               b.received_at, e.name
          FROM bet_events b
          LEFT JOIN selections s ON s.selection_key = b.selection_key
          LEFT JOIN markets m ON m.market_key = s.market_key
          LEFT JOIN fixtures f ON f.fixture_key = b.fixture_key
          LEFT JOIN feeds e ON e.feed_id = b.feed_id;
        """#
}
