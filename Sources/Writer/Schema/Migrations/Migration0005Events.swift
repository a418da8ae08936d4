extension Migration {
    /// History in words. Joins are outer joins on primary keys: a query that does not use a column does not pay for the table
    /// it comes from, and one that filters by it gets an inner join.
    static let events = Migration(version: 5, name: "events", sql: oddsChanges + bets + eventsRaw)

    private static let oddsChanges = #"""
        CREATE VIEW odds_changes AS
        SELECT o.feed_id || '-' || o.position || '-' || o.selection_key AS id,
               f.fixture_id, m.market_type, s.option_id, o.odd_value, o.received_at AS "timestamp",
               m.market_id, s.line, odds_status_name(o.status) AS status, o.lay_value, o.back_size, o.lay_size,
               o.last_traded, e.name AS feed, o.received_at, o.source_time, o.position, o.selection_key, m.market_key,
               f.fixture_key, s.name AS selection, m.name AS market, f.sport, f.tournament, f.home_team, f.away_team,
               f.start_time
          FROM odds_ticks o
          LEFT JOIN selections s ON s.selection_key = o.selection_key
          LEFT JOIN markets m ON m.market_key = s.market_key
          LEFT JOIN fixtures f ON f.fixture_key = m.fixture_key
          LEFT JOIN feeds e ON e.feed_id = o.feed_id;
        COMMENT ON VIEW odds_changes IS
            'Every price of every selection. Filter by timestamp (when we received it) or selection_key to be fast.';
        COMMENT ON COLUMN odds_changes.id IS 'Feed, position and selection: the same for ever.';
        COMMENT ON COLUMN odds_changes.fixture_id IS 'The provider''s id of the fixture.';
        COMMENT ON COLUMN odds_changes.option_id IS 'The provider''s id of what can be backed.';
        COMMENT ON COLUMN odds_changes.odd_value IS 'Decimal odds; null: no price is offered.';
        COMMENT ON COLUMN odds_changes."timestamp" IS 'When we took the message from the provider.';
        COMMENT ON COLUMN odds_changes.source_time IS 'The provider''s own time, if it tells one.';
        COMMENT ON COLUMN odds_changes.line IS 'The total or handicap that the option is about.';
        COMMENT ON COLUMN odds_changes.status IS 'open, suspended or closed.';
        COMMENT ON COLUMN odds_changes.position IS 'Order within the feed.';

        """#

    private static let bets = #"""
        CREATE VIEW bets AS
        SELECT b.feed_id || '-' || b.bet_id AS id, b.bet_id, b.user_id, f.fixture_id, m.market_type, s.option_id, b.amount,
               b.odd, b.potential_win, b.currency, bet_status_name(b.status) AS status, b.received_at AS "timestamp",
               (SELECT min(p.received_at) FROM bet_events p WHERE p.bet_id = b.bet_id AND p.feed_id = b.feed_id)
                   AS placed_at,
               m.market_id, s.line, e.name AS feed, b.received_at, b.source_time, b.position, b.selection_key,
               m.market_key, b.fixture_key, s.name AS selection, m.name AS market, f.sport, f.tournament, f.home_team,
               f.away_team, f.start_time
          FROM bet_events b
          LEFT JOIN selections s ON s.selection_key = b.selection_key
          LEFT JOIN markets m ON m.market_key = s.market_key
          LEFT JOIN fixtures f ON f.fixture_key = b.fixture_key
          LEFT JOIN feeds e ON e.feed_id = b.feed_id
         WHERE NOT EXISTS (
                   SELECT FROM bet_events n
                    WHERE n.bet_id = b.bet_id AND n.feed_id = b.feed_id AND n.position > b.position);
        COMMENT ON VIEW bets IS 'Every bet as it stands now. Filter by user_id, bet_id or fixture_key to be fast.';
        COMMENT ON COLUMN bets.id IS 'Feed and bet: the same for ever.';
        COMMENT ON COLUMN bets.amount IS 'The stake, in currency.';
        COMMENT ON COLUMN bets.potential_win IS 'What is paid if the bet wins, in currency.';
        COMMENT ON COLUMN bets.status IS 'placed, accepted, rejected, won, lost, void or cashed_out.';
        COMMENT ON COLUMN bets."timestamp" IS 'When we received the status shown.';
        COMMENT ON COLUMN bets.placed_at IS 'When we first heard of the bet.';

        """#

    private static let eventsRaw = #"""
        CREATE VIEW events_raw AS
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
                   'status', bet_status_name(b.status), 'timestamp', b.source_time, 'position', b.position)),
               b.received_at, e.name
          FROM bet_events b
          LEFT JOIN selections s ON s.selection_key = b.selection_key
          LEFT JOIN markets m ON m.market_key = s.market_key
          LEFT JOIN fixtures f ON f.fixture_key = b.fixture_key
          LEFT JOIN feeds e ON e.feed_id = b.feed_id;
        COMMENT ON VIEW events_raw IS 'Every event as JSON, whatever its type. Filter by timestamp to be fast.';
        COMMENT ON COLUMN events_raw.id IS 'Feed, position and what the event is about: the same for ever.';
        COMMENT ON COLUMN events_raw.event_type IS 'odds_change, fixture_update, settlement or bet_placement.';
        COMMENT ON COLUMN events_raw.payload IS 'The event after validation. timestamp in it is the provider''s own time.';
        COMMENT ON COLUMN events_raw."timestamp" IS 'When we took the message from the provider.';
        COMMENT ON COLUMN events_raw.source IS 'The feed.';
        """#
}
