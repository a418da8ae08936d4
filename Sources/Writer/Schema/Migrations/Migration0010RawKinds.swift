extension Migration {
    /// Raw frames can be decoded again: that takes to know which of them our own session wrote.
    static let rawKinds = Migration(
        version: 10, name: "raw_kinds",
        sql: #"""
            ALTER TABLE raw_frames ADD COLUMN kind smallint;
            CREATE INDEX raw_frames_control ON raw_frames (feed_id, first_frame) WHERE kind IS DISTINCT FROM 0;
            COMMENT ON COLUMN raw_frames.kind IS
                '0: frames of the provider, 1: a control event of our own session. Null: kept before this was noted.';
            """#)
}
