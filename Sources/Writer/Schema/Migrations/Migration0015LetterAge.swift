extension Migration {
    /// A message may be old already when it is refused: entries that waited for months, recordings that are replayed. Its letter
    /// counts from when it was written, or nobody would ever see it. Letters that are there count from this migration.
    static let letterAge = Migration(
        version: 15, name: "letter_age",
        sql: #"""
            ALTER TABLE dead_letters ADD COLUMN written_at timestamptz NOT NULL DEFAULT now();
            CREATE INDEX dead_letters_written ON dead_letters (written_at);
            COMMENT ON COLUMN dead_letters.written_at IS 'When it was written here. Its payload is kept from then on.';

            CREATE OR REPLACE VIEW letters AS
            SELECT d.id, e.name AS feed, letter_stage_name(d.stage) AS stage, letter_reason_name(d.reason) AS reason,
                   d.detail, d.sqlstate, d.state, d.deliveries, d.first_seen, d.position, d.payload, d.written_at
              FROM dead_letters d JOIN feeds e ON e.feed_id = d.feed_id;
            COMMENT ON COLUMN letters.written_at IS 'When it was refused; of an old message, long after first_seen.';
            """#)
}
