extension Migration {
    /// What was taken in, what is missing, what was refused.
    static let records = Migration(
        version: 4, name: "records",
        sql: #"""
            CREATE TABLE ingest_ledger (
                received_at timestamptz NOT NULL,
                first_frame bigint NOT NULL,
                last_frame bigint NOT NULL,
                prev_frame bigint NOT NULL,
                term bigint NOT NULL,
                first_seq bigint NOT NULL,
                last_seq bigint NOT NULL,
                rows integer NOT NULL,
                feed_id smallint NOT NULL,
                PRIMARY KEY (feed_id, first_frame, received_at)
            ) PARTITION BY RANGE (received_at);
            CREATE INDEX ingest_ledger_time ON ingest_ledger USING brin (received_at) WITH (autosummarize = on);
            COMMENT ON TABLE ingest_ledger IS
                'One row for each stream entry that was written, in the transaction that wrote its rows: what keeps them single.';
            COMMENT ON COLUMN ingest_ledger.prev_frame IS 'Last frame of the entry before this one in the feed.';
            COMMENT ON COLUMN ingest_ledger.term IS 'Tenure of the feed''s owner, a random number.';
            COMMENT ON COLUMN ingest_ledger.rows IS
                'Rows in odds_ticks, fixture_updates, settlements and bet_events that came from this entry.';
            COMMENT ON COLUMN ingest_ledger.first_seq IS 'The provider''s lowest sequence number in the entry; 0: none.';
            COMMENT ON COLUMN ingest_ledger.last_seq IS 'The provider''s highest sequence number in the entry; 0: none.';

            CREATE TABLE feed_gaps (
                feed_id smallint NOT NULL REFERENCES feeds,
                position bigint NOT NULL,
                kind smallint,
                from_sequence bigint,
                to_sequence bigint,
                from_time timestamptz,
                to_time timestamptz,
                healed_at timestamptz,
                cause text,
                PRIMARY KEY (feed_id, position)
            );
            COMMENT ON TABLE feed_gaps IS
                'Every stretch of a feed that is missing. The function feed_coverage() says which minutes are complete.';
            COMMENT ON COLUMN feed_gaps.kind IS
                'A code; gap_kind_name() has the names. Null while only the healing is known.';
            COMMENT ON COLUMN feed_gaps.from_sequence IS 'First missing sequence number of the provider.';
            COMMENT ON COLUMN feed_gaps.to_sequence IS 'Last missing sequence number of the provider.';
            COMMENT ON COLUMN feed_gaps.from_time IS 'Nothing is missing before.';
            COMMENT ON COLUMN feed_gaps.to_time IS 'Nothing is missing from here on. Null: not known yet.';
            COMMENT ON COLUMN feed_gaps.healed_at IS 'When the provider had sent what was missing. Null: it is missing.';

            CREATE TABLE dead_letters (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                feed_id smallint NOT NULL REFERENCES feeds,
                position bigint NOT NULL,
                stage smallint NOT NULL,
                reason smallint NOT NULL,
                deliveries integer NOT NULL,
                first_seen timestamptz NOT NULL,
                state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'replayed', 'dropped')),
                sqlstate text,
                detail text NOT NULL,
                payload bytea NOT NULL,
                UNIQUE (feed_id, position, stage)
            );
            CREATE INDEX dead_letters_seen ON dead_letters (first_seen);
            CREATE INDEX dead_letters_new ON dead_letters (feed_id, id) WHERE state = 'new';
            COMMENT ON TABLE dead_letters IS 'Every message that was refused, with its bytes.';
            COMMENT ON COLUMN dead_letters.stage IS 'A code; letter_stage_name() has the names.';
            COMMENT ON COLUMN dead_letters.reason IS 'A code; letter_reason_name() has the names.';
            COMMENT ON COLUMN dead_letters.state IS 'new, replayed (sent through again) or dropped (let go by a person).';
            COMMENT ON COLUMN dead_letters.sqlstate IS 'The verdict of Postgres, if that was what refused it.';
            """#)
}
