extension Migration {
    /// What `events_raw` says comes from the bytes that were received, not from what became of them; that is `events_typed` now.
    static let rawEvents = Migration(
        version: 13, name: "raw_events", sql: typedEvents + framesOfAnEntry + wordsOfAFrame + rawView)

    private static let typedEvents = #"""
        ALTER VIEW events_raw RENAME TO events_typed;
        COMMENT ON VIEW events_typed IS
            'Every event after validation as JSON, whatever its type. Filter by timestamp to be fast.';
        COMMENT ON COLUMN events_typed.id IS 'Feed, position and what the event is about: the same for ever.';

        """#

    private static let framesOfAnEntry = #"""
        CREATE FUNCTION frames_of(section bytea, OUT place integer, OUT is_binary boolean, OUT bytes bytea)
        RETURNS SETOF record LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE ROWS 16 AS $$
        DECLARE
            -- A copy in memory: each look at the stored value would decompress all of it.
            whole bytea := section || ''::bytea;
            size integer := octet_length(whole);
            cursor integer := 0;
            length integer;
        BEGIN
            place := 0;
            WHILE cursor + 4 <= size LOOP
                length := get_byte(whole, cursor) | (get_byte(whole, cursor + 1) << 8)
                    | (get_byte(whole, cursor + 2) << 16) | ((get_byte(whole, cursor + 3) & 127) << 24);
                is_binary := get_byte(whole, cursor + 3) > 127;
                cursor := cursor + 4;
                bytes := substring(whole FROM cursor + 1 FOR length);
                RETURN NEXT;
                -- Nothing wrote such a section; who reads a month is not to fail for one that was damaged.
                EXIT WHEN length > size - cursor;
                cursor := cursor + length;
                place := place + 1;
            END LOOP;
        END $$;
        COMMENT ON FUNCTION frames_of IS
            'The frames of raw_frames.frames, byte for byte, each with its place: its number is first_frame + place.';

        """#

    private static let wordsOfAFrame = #"""
        CREATE FUNCTION frame_text(bytes bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
        BEGIN
            RETURN convert_from(bytes, 'UTF8');
        EXCEPTION WHEN data_exception THEN
            RETURN NULL;
        END $$;
        COMMENT ON FUNCTION frame_text IS 'A frame as text; null if it is not UTF-8 that Postgres can hold.';

        CREATE FUNCTION frame_json(bytes bytea) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT AS $$
        BEGIN
            RETURN convert_from(bytes, 'UTF8')::jsonb;
        EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
            RETURN NULL;
        END $$;
        COMMENT ON FUNCTION frame_json IS 'A frame as JSON; null if it is none that Postgres can hold.';

        CREATE FUNCTION frame_type(payload jsonb, is_control boolean) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN CASE
            WHEN is_control THEN (jsonb_path_query_first(payload, '$.keyvalue().key') #>> '{}')
            WHEN jsonb_typeof(payload) = 'array'
                THEN coalesce(payload -> 0 ->> 'type', payload -> 0 ->> 'event_type', payload -> 0 ->> 'op')
            ELSE coalesce(payload ->> 'type', payload ->> 'event_type', payload ->> 'op') END;
        COMMENT ON FUNCTION frame_type IS
            'What a frame calls itself (type, event_type or op; of several messages the first), or which event of our own session it is.';

        """#

    private static let rawView = #"""
        CREATE VIEW events_raw AS
        SELECT r.feed_id || '-' || (r.first_frame + f.place) AS id,
               frame_type(frame_json(f.bytes), r.kind = 1) AS event_type, frame_json(f.bytes) AS payload,
               r.received_at AS "timestamp", e.name AS source, r.received_at, r.first_frame + f.place AS frame,
               (r.first_frame + f.place) << 13 AS position, r.kind = 1 AS is_control, f.is_binary,
               frame_text(f.bytes) AS "text", f.bytes
          FROM raw_frames r
          LEFT JOIN feeds e ON e.feed_id = r.feed_id
         CROSS JOIN LATERAL frames_of(r.frames) f;
        COMMENT ON VIEW events_raw IS
            'Every frame that a feed delivered, byte for byte, decoded by nobody: one row for each, from raw_frames, which '
            'the setting writer.raw_audit fills. Filter by timestamp to be fast.';
        COMMENT ON COLUMN events_raw.id IS 'Feed and frame: the same for ever.';
        COMMENT ON COLUMN events_raw.event_type IS
            'What the frame calls itself (of several messages the first); null if it does not. '
            'With is_control what our own session said: termStarted, gap, snapshotBegan, …';
        COMMENT ON COLUMN events_raw.payload IS
            'The frame as JSON: one message, or an array of them. Null: it is no JSON that Postgres can hold.';
        COMMENT ON COLUMN events_raw."timestamp" IS 'When we took the frame from the provider.';
        COMMENT ON COLUMN events_raw.source IS 'The feed.';
        COMMENT ON COLUMN events_raw.received_at IS 'When we took the frame from the provider.';
        COMMENT ON COLUMN events_raw.frame IS 'The frame''s number: what came of it has position >> 13 = frame.';
        COMMENT ON COLUMN events_raw.position IS 'Position of the frame''s first message.';
        COMMENT ON COLUMN events_raw.is_control IS
            'True: an event of our own session, not of the provider. Null: kept before this was noted.';
        COMMENT ON COLUMN events_raw.is_binary IS 'The frame was sent as binary and not as text.';
        COMMENT ON COLUMN events_raw."text" IS 'The frame as it came; null if it is not UTF-8 that Postgres can hold.';
        COMMENT ON COLUMN events_raw.bytes IS 'The frame''s bytes as they came.';
        -- Who was allowed to read what had the name may read what has it now.
        DO $$
        DECLARE
            reader regrole;
        BEGIN
            FOR reader IN SELECT a.grantee::regrole FROM pg_class c, aclexplode(c.relacl) a
                           WHERE c.oid = 'events_typed'::regclass AND a.privilege_type = 'SELECT' AND a.grantee <> 0
            LOOP
                EXECUTE format('GRANT SELECT ON events_raw TO %s', reader);
            END LOOP;
        END $$;
        """#
}
