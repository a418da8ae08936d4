extension Migration {
    /// The facts, partitioned by the time of receipt. No unique index per row and no foreign key: the ledger keeps rows
    /// single, the Writer creates what they refer to in the same transaction.
    ///
    /// Columns stand in the order of their alignment, so that no row carries padding.
    static let history = Migration(version: 3, name: "history", sql: oddsTicks + otherFacts + rawFrames)

    /// One narrow index finds a selection's prices: equal keys share posting lists, 10 bytes a row. With `received_at` behind
    /// the key it would take 45 bytes and up to twice the CPU per row; BRIN finds times for 0.2 µs a row.
    private static let oddsTicks = #"""
        CREATE TABLE odds_ticks (
            received_at timestamptz NOT NULL,
            position bigint NOT NULL,
            source_time timestamptz,
            selection_key integer NOT NULL,
            feed_id smallint NOT NULL,
            status smallint NOT NULL,
            odd_value numeric,
            lay_value numeric,
            back_size numeric,
            lay_size numeric,
            last_traded numeric
        ) PARTITION BY RANGE (received_at);
        CREATE INDEX odds_ticks_selection ON odds_ticks (selection_key);
        CREATE INDEX odds_ticks_time ON odds_ticks USING brin (received_at) WITH (pages_per_range = 32, autosummarize = on);
        COMMENT ON TABLE odds_ticks IS
            'Every price of every selection, as received. The view odds_changes says the same in words.';
        COMMENT ON COLUMN odds_ticks.received_at IS 'When we took the message from the provider.';
        COMMENT ON COLUMN odds_ticks.position IS
            'Place of the message in its feed, growing: frame number × 8192 + place in the frame.';
        COMMENT ON COLUMN odds_ticks.source_time IS 'The provider''s own time, if it tells one.';
        COMMENT ON COLUMN odds_ticks.status IS 'A code; odds_status_name() has the names.';
        COMMENT ON COLUMN odds_ticks.odd_value IS 'Decimal odds: a bookmaker''s price, an exchange''s best price to back.';
        COMMENT ON COLUMN odds_ticks.lay_value IS 'An exchange''s best price to lay.';
        COMMENT ON COLUMN odds_ticks.back_size IS 'Amount available at odd_value.';
        COMMENT ON COLUMN odds_ticks.lay_size IS 'Amount available at lay_value.';
        COMMENT ON COLUMN odds_ticks.last_traded IS 'The last price matched on an exchange.';

        """#

    private static let otherFacts = #"""
        CREATE TABLE fixture_updates (
            received_at timestamptz NOT NULL,
            position bigint NOT NULL,
            source_time timestamptz,
            start_time timestamptz,
            fixture_key integer NOT NULL,
            home_score integer,
            away_score integer,
            feed_id smallint NOT NULL,
            status smallint NOT NULL,
            sport_id text,
            sport text,
            tournament_id text,
            tournament text,
            home_team text,
            away_team text
        ) PARTITION BY RANGE (received_at);
        CREATE INDEX fixture_updates_fixture ON fixture_updates (fixture_key, received_at);
        CREATE INDEX fixture_updates_time ON fixture_updates USING brin (received_at) WITH (autosummarize = on);
        COMMENT ON TABLE fixture_updates IS 'Every update of every fixture, each with the fixture''s whole state.';
        COMMENT ON COLUMN fixture_updates.status IS 'A code; fixture_status_name() has the names.';

        CREATE TABLE settlements (
            received_at timestamptz NOT NULL,
            position bigint NOT NULL,
            source_time timestamptz,
            selection_key integer NOT NULL,
            feed_id smallint NOT NULL,
            result smallint NOT NULL
        ) PARTITION BY RANGE (received_at);
        CREATE INDEX settlements_selection ON settlements (selection_key);
        CREATE INDEX settlements_time ON settlements USING brin (received_at) WITH (autosummarize = on);
        COMMENT ON TABLE settlements IS 'Every result of every selection, corrections included.';
        COMMENT ON COLUMN settlements.result IS 'A code; settlement_result_name() has the names.';

        CREATE TABLE bet_events (
            received_at timestamptz NOT NULL,
            position bigint NOT NULL,
            source_time timestamptz,
            fixture_key integer NOT NULL,
            selection_key integer NOT NULL,
            feed_id smallint NOT NULL,
            status smallint NOT NULL,
            amount numeric NOT NULL,
            odd numeric NOT NULL,
            potential_win numeric NOT NULL,
            bet_id text NOT NULL,
            user_id text NOT NULL,
            currency text
        ) PARTITION BY RANGE (received_at);
        CREATE INDEX bet_events_user ON bet_events (user_id, received_at);
        CREATE INDEX bet_events_fixture ON bet_events (fixture_key, received_at);
        CREATE INDEX bet_events_bet ON bet_events (bet_id);
        CREATE INDEX bet_events_time ON bet_events USING brin (received_at) WITH (autosummarize = on);
        COMMENT ON TABLE bet_events IS 'Every status of every bet, each with the whole bet. The view bets has the last of each.';
        COMMENT ON COLUMN bet_events.status IS 'A code; bet_status_name() has the names.';
        COMMENT ON COLUMN bet_events.amount IS 'The stake, in currency.';
        COMMENT ON COLUMN bet_events.potential_win IS 'What is paid if the bet wins, in currency.';

        """#

    private static let rawFrames = #"""
        CREATE TABLE raw_frames (
            received_at timestamptz NOT NULL,
            first_frame bigint NOT NULL,
            feed_id smallint NOT NULL,
            frames bytea NOT NULL,
            PRIMARY KEY (feed_id, first_frame, received_at)
        ) PARTITION BY RANGE (received_at);
        CREATE INDEX raw_frames_time ON raw_frames USING brin (received_at) WITH (autosummarize = on);
        COMMENT ON TABLE raw_frames IS 'What the socket delivered, byte for byte, one row for each entry of the raw stream.';
        COMMENT ON COLUMN raw_frames.frames IS
            'Frames one behind the other: length (4 bytes, little-endian, highest bit: binary), bytes.';
        DO $$ BEGIN
            ALTER TABLE raw_frames ALTER COLUMN frames SET COMPRESSION lz4;
        EXCEPTION WHEN feature_not_supported THEN
            -- A server built without LZ4 compresses in its own way.
            NULL;
        END $$;
        """#
}
