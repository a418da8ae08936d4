import FeedModel

/// The statements of a batch beside its COPYs. Each takes its rows as arrays, sorted by key, so that transactions that
/// meet
/// take their locks in one order.
enum Statement {
    static let ledger = """
        INSERT INTO ingest_ledger
            (feed_id, first_frame, received_at, last_frame, prev_frame, term, first_seq, last_seq, rows)
        SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::int[])
            AS e (feed_id, first_frame, received_at, last_frame, prev_frame, term, first_seq, last_seq, rows)
        WHERE NOT EXISTS (
            SELECT FROM resumed_terms t
            WHERE t.feed_id = e.feed_id AND t.first_frame > e.first_frame AND t.behind < e.first_frame)
        ON CONFLICT DO NOTHING RETURNING feed_id, first_frame, received_at
        """
    /// Before the ledger, in a statement of its own: what it sees must not be older than the lock.
    static let lockFeeds = """
        SELECT pg_advisory_xact_lock_shared($1, feed_id) FROM unnest($2::int[]) AS batch (feed_id)
        """

    // MARK: Keys

    // Looked up before they are inserted: an INSERT that conflicts still uses up an identity value.
    static let findFixtures = """
        SELECT n, fixture_key FROM unnest($1::int[], $2::smallint[], $3::text[]) AS wanted (n, feed_id, fixture_id)
        JOIN fixtures USING (fixture_id, feed_id)
        """
    static let insertFixtures = """
        INSERT INTO fixtures (feed_id, fixture_id, updated_at)
        SELECT feed_id, fixture_id, updated_at FROM unnest($1::smallint[], $2::text[], $3::timestamptz[])
            AS wanted (feed_id, fixture_id, updated_at)
        ORDER BY fixture_id, feed_id
        ON CONFLICT DO NOTHING
        """
    static let findMarkets = """
        SELECT n, market_key FROM unnest($1::int[], $2::int[], $3::text[]) AS wanted (n, fixture_key, market_id)
        JOIN markets USING (fixture_key, market_id)
        """
    static let insertMarkets = """
        INSERT INTO markets (fixture_key, market_id, market_type)
        SELECT * FROM unnest($1::int[], $2::text[], $3::text[]) AS wanted (fixture_key, market_id, market_type)
        ORDER BY fixture_key, market_id
        ON CONFLICT DO NOTHING
        """
    static let findSelections = """
        SELECT n, selection_key FROM unnest($1::int[], $2::int[], $3::text[], $4::numeric[])
            AS wanted (n, market_key, option_id, line)
        JOIN selections s ON s.market_key = wanted.market_key AND s.option_id = wanted.option_id
            AND s.line IS NOT DISTINCT FROM wanted.line
        """
    static let insertSelections = """
        INSERT INTO selections (market_key, option_id, line)
        SELECT * FROM unnest($1::int[], $2::text[], $3::numeric[]) AS wanted (market_key, option_id, line)
        ORDER BY market_key, option_id, line
        ON CONFLICT DO NOTHING
        """

    // MARK: Current state, which only ever moves forward

    static func updateFixtures(_ order: StateOrder) -> String {
        """
        UPDATE fixtures f SET status = news.status, home_score = coalesce(news.home_score, f.home_score),
            away_score = coalesce(news.away_score, f.away_score),
            start_time = news.start_time, position = news.position, updated_at = news.updated_at,
            sport_id = news.sport_id, sport = coalesce(news.sport, CASE f.sport_id WHEN news.sport_id THEN f.sport END),
            tournament_id = news.tournament_id, tournament = coalesce(
                news.tournament, CASE f.tournament_id WHEN news.tournament_id THEN f.tournament END), home_team = news.home_team, away_team = news.away_team
        FROM unnest($1::int[], $2::bigint[], $3::smallint[], $4::int[], $5::int[], $6::timestamptz[], $7::timestamptz[],
            $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
            AS news (fixture_key, position, status, home_score, away_score, start_time, updated_at, sport_id, sport,
                tournament_id, tournament, home_team, away_team)
        WHERE f.fixture_key = news.fixture_key AND f.position \(order.rawValue) news.position
        """
    }
    static func updateMarketStatuses(_ order: StateOrder) -> String {
        """
        UPDATE markets m SET status = news.status, position = news.position
        FROM unnest($1::int[], $2::bigint[], $3::smallint[]) AS news (market_key, position, status)
        WHERE m.market_key = news.market_key AND m.position \(order.rawValue) news.position
        """
    }
    static func updateMarketNames(_ order: StateOrder) -> String {
        """
        UPDATE markets m SET name = news.name, name_position = news.position
        FROM unnest($1::int[], $2::bigint[], $3::text[]) AS news (market_key, position, name)
        WHERE m.market_key = news.market_key AND m.name_position \(order.rawValue) news.position
        """
    }
    static func updateSelectionNames(_ order: StateOrder) -> String {
        """
        UPDATE selections s SET name = news.name, name_position = news.position
        FROM unnest($1::int[], $2::bigint[], $3::text[]) AS news (selection_key, position, name)
        WHERE s.selection_key = news.selection_key AND s.name_position \(order.rawValue) news.position
        """
    }
    static func updateResults(_ order: StateOrder) -> String {
        """
        UPDATE selections s SET result = news.result, position = news.position
        FROM unnest($1::int[], $2::bigint[], $3::smallint[]) AS news (selection_key, position, result)
        WHERE s.selection_key = news.selection_key AND s.position \(order.rawValue) news.position
        """
    }

    // MARK: Gaps and letters

    /// A gap whose beginning nobody knows begins behind the last message that was written, and so does a loss: what Redis lost
    /// may be more than what the feed missed.
    static let openGaps = """
        INSERT INTO feed_gaps AS gap
            (feed_id, position, kind, from_sequence, to_sequence, from_time, to_time, cause)
        SELECT feed_id, position, kind, from_sequence, to_sequence,
            CASE WHEN kind = \(GapKind.lost.rawValue) THEN least(from_time, written.last)
                ELSE coalesce(from_time, written.last) END, to_time, cause
        FROM unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::bigint[], $5::bigint[],
            $6::timestamptz[], $7::timestamptz[], $8::text[])
            AS opened (feed_id, position, kind, from_sequence, to_sequence, from_time, to_time, cause)
        LEFT JOIN LATERAL (SELECT l.received_at FROM ingest_ledger l
            WHERE l.feed_id = opened.feed_id AND l.first_frame < opened.position >> 13 AND l.rows > 0
            ORDER BY l.first_frame DESC LIMIT 1) AS written (last) ON true
        ON CONFLICT (feed_id, position) DO UPDATE SET kind = excluded.kind, from_sequence = excluded.from_sequence,
            to_sequence = excluded.to_sequence, from_time = excluded.from_time, to_time = excluded.to_time,
            cause = excluded.cause
        """
    /// A heal that commits before its gap leaves a row that the gap then fills.
    static let healGaps = """
        INSERT INTO feed_gaps AS gap (feed_id, position, healed_at)
        SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::timestamptz[])
        ON CONFLICT (feed_id, position) DO UPDATE SET healed_at = excluded.healed_at
        """
    /// Entries that were delivered and are gone, unless they had been written after all.
    static let recordLoss = """
        INSERT INTO feed_gaps (feed_id, position, kind, from_time, to_time, cause)
        SELECT feed_id, first_frame << 13, $3::smallint, (
                SELECT l.received_at FROM ingest_ledger l
                WHERE l.feed_id = lost.feed_id AND l.first_frame < lost.first_frame
                ORDER BY l.first_frame DESC LIMIT 1), coalesce((
                SELECT l.received_at FROM ingest_ledger l
                WHERE l.feed_id = lost.feed_id AND l.first_frame > lost.first_frame
                ORDER BY l.first_frame LIMIT 1), now()), $4::text
        FROM unnest($1::smallint[], $2::bigint[]) AS lost (feed_id, first_frame)
        WHERE NOT EXISTS (SELECT FROM ingest_ledger l
            WHERE l.feed_id = lost.feed_id AND l.first_frame = lost.first_frame)
        ORDER BY feed_id, first_frame
        ON CONFLICT (feed_id, position) DO NOTHING RETURNING feed_id
        """
    static let insertLetters = """
        INSERT INTO dead_letters
            (feed_id, position, stage, reason, deliveries, first_seen, sqlstate, detail, payload)
        SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::smallint[], $5::int[],
            $6::timestamptz[], $7::text[], $8::text[], $9::bytea[])

        """
    static let keepLetter = "ON CONFLICT (feed_id, position, stage) DO NOTHING RETURNING stage, reason"
    /// Letters whose rows are written now, each once: it must be there and not be replayed, and the entry that its message
    /// came with must be in the ledger, which counts the rows with that entry's own.
    static let landLetters = """
        WITH landed AS (
            UPDATE dead_letters d SET state = 'replayed'
            FROM unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::timestamptz[], $5::int[])
                AS sent (feed_id, position, stage, received_at, rows)
            WHERE d.feed_id = sent.feed_id AND d.position = sent.position AND d.stage = sent.stage
                AND d.state <> 'replayed' AND EXISTS (
                    SELECT FROM ingest_ledger l
                    WHERE l.feed_id = sent.feed_id AND l.received_at = sent.received_at
                        AND l.first_frame BETWEEN (sent.position >> 13) - 63 AND sent.position >> 13
                        AND l.last_frame >= sent.position >> 13)
            RETURNING d.feed_id, d.position, d.stage, sent.received_at, sent.rows),
        homes AS (
            SELECT l.feed_id, l.first_frame, l.received_at, sum(landed.rows)::int AS rows
            FROM landed JOIN ingest_ledger l ON l.feed_id = landed.feed_id AND l.received_at = landed.received_at
                AND l.first_frame BETWEEN (landed.position >> 13) - 63 AND landed.position >> 13
                AND l.last_frame >= landed.position >> 13
            GROUP BY l.feed_id, l.first_frame, l.received_at),
        counted AS (
            UPDATE ingest_ledger l SET rows = l.rows + homes.rows FROM homes
            WHERE l.feed_id = homes.feed_id AND l.first_frame = homes.first_frame
                AND l.received_at = homes.received_at AND homes.rows > 0)
        SELECT feed_id, position, stage FROM landed
        """
    /// Letters that were sent through again in vain: they say why, and can be sent again.
    static let refuseLetters = """
        UPDATE dead_letters d SET state = 'new', reason = refused.reason, detail = refused.detail,
            sqlstate = refused.sqlstate, deliveries = least(d.deliveries, 2147483646) + 1
        FROM unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::smallint[], $5::text[], $6::text[])
            AS refused (feed_id, position, stage, reason, detail, sqlstate)
        WHERE d.feed_id = refused.feed_id AND d.position = refused.position AND d.stage = refused.stage
            AND d.state <> 'replayed'
        """
}

/// Which news current state takes.
enum StateOrder: String {
    /// From later messages only.
    case newer = "<"
    /// Also from the very message that it has: what is decoded again may say something else.
    case sameOrNewer = "<="
}
