extension Migration {
    /// Every column says what it is, so that `\d+` answers an analyst. A name means the same wherever it stands; what is
    /// already described in its own words keeps them.
    static let descriptions = Migration(
        version: 9, name: "descriptions",
        sql: ownDescriptions + "DO $$\nBEGIN\n" + sharedDescriptions + applyDescriptions)

    /// Where a name means something else than elsewhere.
    private static let ownDescriptions = #"""
        COMMENT ON COLUMN feeds.feed_id IS 'The feed''s key.';
        COMMENT ON COLUMN bet_events.odd IS 'Decimal odds that the bet was placed at.';
        COMMENT ON COLUMN bets.odd IS 'Decimal odds that the bet was placed at.';
        COMMENT ON COLUMN bets.received_at IS 'When we received the status shown.';
        COMMENT ON COLUMN bets.position IS 'Position in the feed of the status shown.';
        COMMENT ON COLUMN bet_handle.bets IS 'How many bets.';
        COMMENT ON COLUMN bet_handle.users IS 'How many users placed them.';
        COMMENT ON COLUMN bet_handle.stake IS 'Sum of the stakes, in currency.';
        COMMENT ON COLUMN market_overround.overround IS '0.05: the prices sum to 105 %.';
        COMMENT ON COLUMN market_overround."timestamp" IS 'When we received the newest of the prices.';
        COMMENT ON COLUMN markets.name IS 'The market in the provider''s words.';
        COMMENT ON COLUMN selections.name IS 'The selection in the provider''s words.';
        COMMENT ON COLUMN latest_odds.status IS 'Of the selection: open, suspended or closed.';
        COMMENT ON COLUMN closing_odds.status IS 'Of the selection at that time: open, suspended or closed.';
        COMMENT ON COLUMN closing_odds.result IS 'How the selection ended; null: not settled.';
        COMMENT ON COLUMN gaps.kind IS 'reconnect, sequence, stale, overflow or lost.';
        COMMENT ON COLUMN gaps.position IS 'Where in the feed it was noticed; with the feed it names the gap.';
        COMMENT ON COLUMN feed_gaps.position IS 'Where in the feed it was noticed; with the feed it names the gap.';
        COMMENT ON COLUMN dead_letters.id IS 'What `touchline dlq` calls the letter.';
        COMMENT ON COLUMN letters.id IS 'What `touchline dlq` calls the letter.';
        COMMENT ON COLUMN letters.stage IS 'Who refused it: feed, processor or writer.';
        COMMENT ON COLUMN letters.reason IS 'Why: malformed_json, unknown_type, missing_field, bad_value, too_large, …';
        COMMENT ON COLUMN letters.state IS 'new, replayed (sent through again) or dropped (let go).';
        COMMENT ON COLUMN ingest_ledger.first_frame IS 'First frame of the entry; with feed and time it names the entry.';
        COMMENT ON COLUMN ingest_ledger.last_frame IS 'Last frame of the entry.';
        COMMENT ON COLUMN raw_frames.first_frame IS 'Number of the first frame; the others follow on.';

        COMMENT ON FUNCTION odds_candles IS
            'A selection''s prices as open, high, low and close of each interval in which any came; changes counts them. '
            'odds_candles(selection_key, interval, since, until): since and until spare the partitions outside.';
        COMMENT ON FUNCTION line_movement IS
            'Every real change of price or status of a fixture''s selections, oldest first; repeats are left out. '
            'line_movement(fixture_id, feed): the feed if several use the same id.';
        COMMENT ON FUNCTION feed_coverage IS
            'For each minute of each feed the share that no unhealed gap touches: 1 is complete. '
            'Minutes before a feed''s first or after its last entry are left out. feed_coverage(since, until, feed).';

        """#

    private static let sharedDescriptions = #"""
        CREATE TEMPORARY TABLE description ON COMMIT DROP AS
        SELECT * FROM (VALUES
            ('feed', 'Name of the feed.'),
            ('feed_id', 'The feed; feeds has its name.'),
            ('fixture_id', 'The provider''s id of the fixture.'),
            ('fixture_key', 'Our key of the fixture, in fixtures.'),
            ('market_id', 'The provider''s id of the market; made of type and line where it has none.'),
            ('market_key', 'Our key of the market, in markets.'),
            ('market_type', 'The kind of market in the provider''s words, such as 1X2.'),
            ('market', 'Name of the market.'),
            ('option_id', 'The provider''s id of what can be backed.'),
            ('selection_key', 'Our key of the selection, in selections.'),
            ('selection', 'Name of the selection.'),
            ('line', 'The total or handicap that the option is about.'),
            ('received_at', 'When we took the message from the provider.'),
            ('timestamp', 'When we took the message from the provider.'),
            ('source_time', 'The provider''s own time, if it tells one.'),
            ('position', 'Place of the message in its feed, growing: frame number × 8192 + place in the frame.'),
            ('start_time', 'Scheduled start of the fixture.'),
            ('sport_id', 'The provider''s id of the sport.'),
            ('sport', 'Name of the sport.'),
            ('tournament_id', 'The provider''s id of the tournament.'),
            ('tournament', 'Name of the tournament.'),
            ('home_team', 'Who plays at home, or stands first.'),
            ('away_team', 'Who plays away, or stands second.'),
            ('home_score', 'Score of the home team; null: none told.'),
            ('away_score', 'Score of the away team; null: none told.'),
            ('odd_value', 'Decimal odds: a bookmaker''s price, an exchange''s best price to back. Null: no price is offered.'),
            ('lay_value', 'An exchange''s best price to lay; null for a bookmaker.'),
            ('back_size', 'Amount available at odd_value on an exchange.'),
            ('lay_size', 'Amount available at lay_value on an exchange.'),
            ('last_traded', 'The last price matched on an exchange.'),
            ('bet_id', 'The provider''s id of the bet.'),
            ('user_id', 'Who placed the bet; a token once the user was erased.'),
            ('currency', 'Of all amounts in the row; null: the provider does not tell.'),
            ('kind', 'A code.'),
            ('from_time', 'Nothing is missing before.'),
            ('to_time', 'Nothing is missing from here on. Null: not known yet.'),
            ('healed_at', 'When the provider had sent what was missing. Null: it is missing.'),
            ('from_sequence', 'First missing sequence number of the provider.'),
            ('to_sequence', 'Last missing sequence number of the provider.'),
            ('cause', 'What brought it about.'),
            ('detail', 'Which field and value were refused.'),
            ('sqlstate', 'The verdict of Postgres, if that was what refused it.'),
            ('deliveries', 'How often it was tried.'),
            ('first_seen', 'When the message was received.'),
            ('payload', 'The message''s bytes, or the frame it stood in.'),
            ('version', 'Number of the step.'),
            ('name', 'Name of the step.'),
            ('applied_at', 'When it was taken.'),
            ('checksum', 'Of its text: another one is refused.')) AS d (name, meaning);

        """#

    private static let applyDescriptions = #"""
        EXECUTE coalesce((
            SELECT string_agg(format('COMMENT ON COLUMN %s.%I IS %L', c.oid::regclass, a.attname, d.meaning), ';')
              FROM pg_class c
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
              JOIN description d ON d.name = a.attname
             WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v')
               AND NOT c.relispartition AND col_description(c.oid, a.attnum) IS NULL
               -- The schema may hold tables of somebody else.
               AND c.relname IN (
                   'feeds', 'fixtures', 'markets', 'selections', 'odds_ticks', 'fixture_updates', 'settlements',
                   'bet_events', 'raw_frames', 'ingest_ledger', 'feed_gaps', 'dead_letters', 'schema_migrations',
                   'events_raw', 'odds_changes', 'bets', 'latest_odds', 'closing_odds', 'market_overround',
                   'bet_handle', 'gaps', 'letters')), 'SELECT 1');
        DROP TABLE description;
        END $$;
        """#
}
