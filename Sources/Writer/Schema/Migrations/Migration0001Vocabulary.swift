extension Migration {
    /// Names for the codes of `smallint` columns. The codes are the raw values of FeedModel's vocabulary; a new one there
    /// comes with a migration that replaces its function here.
    static let vocabulary = Migration(
        version: 1, name: "vocabulary",
        sql: #"""
            CREATE FUNCTION fixture_status_name(code smallint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN CASE code
                WHEN 1 THEN 'scheduled' WHEN 2 THEN 'live' WHEN 3 THEN 'suspended' WHEN 4 THEN 'finished'
                WHEN 5 THEN 'cancelled' END;
            COMMENT ON FUNCTION fixture_status_name IS 'The name of a fixture''s status code.';

            CREATE FUNCTION odds_status_name(code smallint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN CASE code WHEN 1 THEN 'open' WHEN 2 THEN 'suspended' WHEN 3 THEN 'closed' END;
            COMMENT ON FUNCTION odds_status_name IS 'The name of a price''s or market''s status code.';

            CREATE FUNCTION settlement_result_name(code smallint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN CASE code
                WHEN 1 THEN 'won' WHEN 2 THEN 'lost' WHEN 3 THEN 'placed' WHEN 4 THEN 'void' WHEN 5 THEN 'removed' END;
            COMMENT ON FUNCTION settlement_result_name IS 'The name of a selection''s result code.';

            CREATE FUNCTION bet_status_name(code smallint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN CASE code
                WHEN 1 THEN 'placed' WHEN 2 THEN 'accepted' WHEN 3 THEN 'rejected' WHEN 4 THEN 'won' WHEN 5 THEN 'lost'
                WHEN 6 THEN 'void' WHEN 7 THEN 'cashed_out' END;
            COMMENT ON FUNCTION bet_status_name IS 'The name of a bet''s status code.';

            CREATE FUNCTION gap_kind_name(code smallint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN CASE code
                WHEN 1 THEN 'reconnect' WHEN 2 THEN 'sequence' WHEN 3 THEN 'stale' WHEN 4 THEN 'overflow'
                WHEN 5 THEN 'lost' END;
            COMMENT ON FUNCTION gap_kind_name IS 'The name of a gap''s kind code.';

            CREATE FUNCTION letter_stage_name(code smallint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN CASE code WHEN 1 THEN 'processor' WHEN 2 THEN 'writer' WHEN 3 THEN 'feed' END;
            COMMENT ON FUNCTION letter_stage_name IS 'The name of the stage that refused a message.';

            CREATE FUNCTION letter_reason_name(code smallint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN CASE code
                WHEN 1 THEN 'malformed_json' WHEN 2 THEN 'unknown_type' WHEN 3 THEN 'missing_field'
                WHEN 4 THEN 'bad_value' WHEN 5 THEN 'too_large' WHEN 6 THEN 'too_many_deliveries'
                WHEN 7 THEN 'write_rejected' END;
            COMMENT ON FUNCTION letter_reason_name IS 'The name of the reason why a message was refused.';
            """#)
}
