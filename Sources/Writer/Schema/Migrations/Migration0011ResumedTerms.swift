extension Migration {
    /// A feed's log can go back behind what was written from it; the provider then sends the same once more.
    static let resumedTerms = Migration(
        version: 11, name: "resumed_terms",
        sql: #"""
            CREATE TABLE resumed_terms (
                feed_id smallint NOT NULL REFERENCES feeds,
                first_frame bigint NOT NULL,
                behind bigint NOT NULL,
                held int8multirange NOT NULL,
                PRIMARY KEY (feed_id, first_frame)
            );
            COMMENT ON TABLE resumed_terms IS
                'One row for each tenure of a feed''s owner that went on where the log ended: what had been written beyond that end.';
            COMMENT ON COLUMN resumed_terms.feed_id IS 'The feed; feeds has its name.';
            COMMENT ON COLUMN resumed_terms.first_frame IS 'The tenure''s first frame.';
            COMMENT ON COLUMN resumed_terms.behind IS
                'Where the log went on. What was written between here and first_frame had been lost from the log since.';
            COMMENT ON COLUMN resumed_terms.held IS
                'The provider''s sequence numbers that were written and lost: sent once more, they are not written again.';
            """#)
}
