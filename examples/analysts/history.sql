-- A Saturday of two bookmakers, small enough to check by hand: what the answers in docs/analysts.md are answers about.
-- Load it into an empty, migrated database of its own, never beside a real history:
--
--   touchline migrate && psql "$TOUCHLINE_POSTGRES_URL" -v ON_ERROR_STOP=1 -f examples/analysts/history.sql

-- The Writer makes partitions as time goes by; these are of the day that the example is about.
DO $$
DECLARE parent text;
BEGIN
    FOREACH parent IN ARRAY ARRAY[
        'odds_ticks', 'fixture_updates', 'settlements', 'bet_events', 'raw_frames', 'ingest_ledger'] LOOP
        EXECUTE format(
            'CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (''2026-03-07 00:00+00'') TO (''2026-03-08 00:00+00'')',
            parent || '_20260307', parent);
    END LOOP;
END $$;

INSERT INTO feeds (feed_id, name, provider) VALUES (1, 'book-a', 'sportsbook'), (2, 'book-b', 'sportsbook');

INSERT INTO fixtures
    (fixture_key, feed_id, fixture_id, status, home_score, away_score, start_time, updated_at, sport, tournament,
     home_team, away_team) VALUES
    (1, 1, 'fx-1', 4, 2, 1, '2026-03-07 15:00+00', '2026-03-07 16:52+00', 'Football', 'Premier League', 'Arsenal', 'Chelsea'),
    (2, 2, '88001', 4, 2, 1, '2026-03-07 15:00+00', '2026-03-07 16:53+00', 'Football', 'Premier League', 'Arsenal', 'Chelsea'),
    (3, 1, 'fx-2', 1, NULL, NULL, '2026-03-08 19:45+00', '2026-03-07 12:01+00', 'Football', 'Serie A', 'Inter', 'Milan');

INSERT INTO markets (market_key, fixture_key, market_id, market_type, name, status) VALUES
    (1, 1, '1X2', '1X2', 'Match result', 3), (2, 1, 'TOTAL', 'TOTAL', 'Total goals', 3),
    (3, 2, '7', '1X2', 'Full time result', 3), (4, 3, '1X2', '1X2', 'Match result', 1);

INSERT INTO selections (selection_key, market_key, option_id, line, name, result) VALUES
    (1, 1, 'home', NULL, 'Arsenal', 1), (2, 1, 'draw', NULL, 'Draw', 2), (3, 1, 'away', NULL, 'Chelsea', 2),
    (4, 2, 'over', 2.5, 'Over', 1), (5, 2, 'under', 2.5, 'Under', 2),
    (6, 3, '1', NULL, 'Arsenal', 1), (7, 3, 'X', NULL, 'Draw', 2), (8, 3, '2', NULL, 'Chelsea', 2),
    (9, 4, 'home', NULL, 'Inter', NULL), (10, 4, 'draw', NULL, 'Draw', NULL), (11, 4, 'away', NULL, 'Milan', NULL);

-- Frames are numbered by the second here; a real feed's numbers are larger and as good.
CREATE FUNCTION pg_temp.frame(at timestamptz) RETURNS bigint LANGUAGE sql AS
    $$ SELECT extract(epoch FROM at - '2026-03-07 00:00+00')::bigint $$;

-- Time, feed, place in the frame, selection, status (1 open, 2 suspended, 3 closed), odds, milliseconds on the way.
CREATE TEMPORARY TABLE price (at timestamptz, feed smallint, place int, selection int, status smallint, odd numeric, late int);
INSERT INTO price VALUES
    ('2026-03-07 12:00:00+00', 1, 0, 1, 1, 2.10, 40), ('2026-03-07 12:00:00+00', 1, 0, 2, 1, 3.40, 40),
    ('2026-03-07 12:00:00+00', 1, 0, 3, 1, 3.60, 40), ('2026-03-07 12:00:00+00', 1, 1, 4, 1, 1.90, 40),
    ('2026-03-07 12:00:00+00', 1, 1, 5, 1, 1.95, 40),
    ('2026-03-07 12:01:00+00', 1, 0, 9, 1, 2.30, 60), ('2026-03-07 12:01:00+00', 1, 0, 10, 1, 3.20, 60),
    ('2026-03-07 12:01:00+00', 1, 0, 11, 1, 3.10, 60),
    ('2026-03-07 12:00:30+00', 2, 0, 6, 1, 2.05, 120), ('2026-03-07 12:00:30+00', 2, 0, 7, 1, 3.50, 120),
    ('2026-03-07 12:00:30+00', 2, 0, 8, 1, 3.75, 120),
    ('2026-03-07 12:40:00+00', 1, 0, 1, 1, 2.06, 50), ('2026-03-07 12:55:10+00', 1, 0, 1, 1, 2.08, 70),
    ('2026-03-07 13:20:00+00', 1, 0, 1, 1, 2.00, 80), ('2026-03-07 13:20:00+00', 1, 0, 3, 1, 3.90, 80),
    ('2026-03-07 13:25:00+00', 2, 0, 6, 1, 1.98, 140), ('2026-03-07 13:40:00+00', 1, 0, 4, 1, 1.84, 90),
    ('2026-03-07 13:40:00+00', 1, 0, 5, 1, 2.02, 90),
    ('2026-03-07 14:10:00+00', 1, 0, 1, 1, 1.92, 55), ('2026-03-07 14:20:00+00', 1, 0, 1, 1, 1.90, 65),
    ('2026-03-07 14:20:00+00', 1, 0, 2, 1, 3.60, 65), ('2026-03-07 14:20:00+00', 1, 0, 3, 1, 4.20, 65),
    ('2026-03-07 14:35:00+00', 2, 0, 6, 1, 1.91, 160), ('2026-03-07 14:35:00+00', 2, 0, 7, 1, 3.60, 160),
    ('2026-03-07 14:35:00+00', 2, 0, 8, 1, 4.33, 160),
    ('2026-03-07 14:50:00+00', 1, 0, 9, 1, 2.50, 45), ('2026-03-07 14:50:00+00', 1, 0, 11, 1, 2.90, 45),
    ('2026-03-07 15:23:00+00', 1, 0, 1, 2, NULL, 30), ('2026-03-07 15:23:00+00', 1, 0, 2, 2, NULL, 30),
    ('2026-03-07 15:23:00+00', 1, 0, 3, 2, NULL, 30), ('2026-03-07 15:23:45+00', 1, 0, 1, 1, 1.45, 35),
    ('2026-03-07 15:23:45+00', 1, 0, 2, 1, 4.50, 35), ('2026-03-07 15:23:45+00', 1, 0, 3, 1, 7.00, 35),
    ('2026-03-07 15:24:00+00', 2, 0, 6, 2, NULL, 900), ('2026-03-07 15:24:40+00', 2, 0, 6, 1, 1.44, 700),
    ('2026-03-07 16:10:00+00', 1, 0, 4, 2, NULL, 30), ('2026-03-07 16:10:00+00', 1, 0, 5, 2, NULL, 30),
    ('2026-03-07 16:12:00+00', 1, 0, 4, 1, 1.20, 30), ('2026-03-07 16:12:00+00', 1, 0, 5, 1, 4.40, 30),
    ('2026-03-07 16:50:00+00', 1, 0, 1, 3, NULL, 50), ('2026-03-07 16:50:00+00', 1, 0, 2, 3, NULL, 50),
    ('2026-03-07 16:50:00+00', 1, 0, 3, 3, NULL, 50), ('2026-03-07 16:50:00+00', 1, 1, 4, 3, NULL, 50),
    ('2026-03-07 16:50:00+00', 1, 1, 5, 3, NULL, 50),
    ('2026-03-07 16:50:20+00', 2, 0, 6, 3, NULL, 210), ('2026-03-07 16:50:20+00', 2, 0, 7, 3, NULL, 210),
    ('2026-03-07 16:50:20+00', 2, 0, 8, 3, NULL, 210);
INSERT INTO odds_ticks (received_at, position, source_time, selection_key, feed_id, status, odd_value)
    SELECT at, pg_temp.frame(at) * 8192 + place, at - late * interval '1 ms', selection, feed, status, odd FROM price;

INSERT INTO fixture_updates
    (received_at, position, fixture_key, feed_id, status, home_score, away_score, start_time, sport, tournament,
     home_team, away_team)
    SELECT at, pg_temp.frame(at) * 8192, f.fixture_key, f.feed_id, u.status, home, away, f.start_time, f.sport, f.tournament,
           f.home_team, f.away_team
      FROM (VALUES
               ('2026-03-07 11:59:00+00'::timestamptz, 1, 1, NULL, NULL), ('2026-03-07 12:01:00+00', 3, 1, NULL, NULL),
               ('2026-03-07 12:00:10+00', 2, 1, NULL, NULL),
               ('2026-03-07 16:52:00+00', 1, 4, 2, 1), ('2026-03-07 16:53:00+00', 2, 4, 2, 1)
           ) AS u (at, fixture, status, home, away)
      JOIN fixtures f ON f.fixture_key = u.fixture;

INSERT INTO settlements (received_at, position, source_time, selection_key, feed_id, result)
    SELECT '2026-03-07 16:55+00'::timestamptz, pg_temp.frame('2026-03-07 16:55+00') * 8192, '2026-03-07 16:54:59.95+00'::timestamptz, selection_key, 1, result
      FROM selections WHERE selection_key BETWEEN 1 AND 5
    UNION ALL
    SELECT '2026-03-07 16:56+00', pg_temp.frame('2026-03-07 16:56+00') * 8192, '2026-03-07 16:55:59.8+00', selection_key, 2, result
      FROM selections WHERE selection_key BETWEEN 6 AND 8;

-- Each status of a bet is a row with the whole bet. 1 placed, 2 accepted, 3 rejected, 4 won, 5 lost.
INSERT INTO bet_events
    (received_at, position, source_time, fixture_key, selection_key, feed_id, status, amount, odd, potential_win, bet_id,
     user_id, currency)
    SELECT at, pg_temp.frame(at) * 8192 + place, at - interval '25 ms', m.fixture_key, selection, 1, b.status, amount, odd, amount * odd,
           bet, bettor, 'EUR'
      FROM (VALUES
               ('2026-03-07 12:30:00+00'::timestamptz, 0, 1, 1, 100, 2.10, 'b-1', 'u-ann'), ('2026-03-07 12:30:01+00', 0, 1, 2, 100, 2.10, 'b-1', 'u-ann'),
               ('2026-03-07 13:30:00+00', 0, 3, 1, 40, 3.90, 'b-2', 'u-bob'), ('2026-03-07 13:30:01+00', 0, 3, 2, 40, 3.90, 'b-2', 'u-bob'),
               ('2026-03-07 14:00:00+00', 0, 4, 1, 60, 1.84, 'b-3', 'u-ann'), ('2026-03-07 14:00:01+00', 0, 4, 2, 60, 1.84, 'b-3', 'u-ann'),
               ('2026-03-07 14:30:00+00', 0, 9, 1, 25, 2.30, 'b-4', 'u-bob'), ('2026-03-07 14:30:01+00', 0, 9, 2, 25, 2.30, 'b-4', 'u-bob'),
               ('2026-03-07 15:30:00+00', 0, 1, 1, 500, 1.45, 'b-5', 'u-cat'), ('2026-03-07 15:30:01+00', 0, 1, 3, 500, 1.45, 'b-5', 'u-cat'),
               ('2026-03-07 15:40:00+00', 0, 1, 1, 80, 1.45, 'b-6', 'u-cat'), ('2026-03-07 15:40:01+00', 0, 1, 2, 80, 1.45, 'b-6', 'u-cat'),
               ('2026-03-07 16:56:00+00', 0, 1, 4, 100, 2.10, 'b-1', 'u-ann'), ('2026-03-07 16:56:00+00', 1, 3, 5, 40, 3.90, 'b-2', 'u-bob'),
               ('2026-03-07 16:56:00+00', 2, 4, 5, 60, 1.84, 'b-3', 'u-ann'), ('2026-03-07 16:56:00+00', 3, 1, 4, 80, 1.45, 'b-6', 'u-cat')
           ) AS b (at, place, selection, status, amount, odd, bet, bettor)
      JOIN selections s ON s.selection_key = b.selection
      JOIN markets m ON m.market_key = s.market_key;

-- Book A was cut off for 45 seconds; book B fell silent for 30, and sent afterwards what was missing.
INSERT INTO feed_gaps (feed_id, position, kind, from_time, to_time, healed_at, cause) VALUES
    (1, pg_temp.frame('2026-03-07 13:11:05+00') * 8192, 1, '2026-03-07 13:10:20+00', '2026-03-07 13:11:05+00', NULL, 'the peer closed with 1006'),
    (2, pg_temp.frame('2026-03-07 14:30:30+00') * 8192, 3, '2026-03-07 14:30:00+00', '2026-03-07 14:30:30+00', '2026-03-07 14:35:00+00', 'no odds for 30 s');

INSERT INTO dead_letters (feed_id, position, stage, reason, deliveries, first_seen, state, detail, payload) VALUES
    (1, pg_temp.frame('2026-03-07 13:20:00+00') * 8192 + 1, 1, 4, 1, '2026-03-07 13:20:00+00', 'new', 'odd_value: 0.85 is not odds between 1.0001 and 1000000', '{"odd_value":0.85}'),
    (1, pg_temp.frame('2026-03-07 15:23:45+00') * 8192 + 1, 1, 4, 1, '2026-03-07 15:23:45+00', 'new', 'odd_value: 0.9 is not odds between 1.0001 and 1000000', '{"odd_value":0.9}'),
    (2, pg_temp.frame('2026-03-07 15:24:40+00') * 8192 + 1, 1, 3, 1, '2026-03-07 15:24:40+00', 'replayed', 'fixture_id is missing', '{"option_id":"X"}');

-- Each frame was an entry of its own; the one at 13:11:05 said that there was a gap.
CREATE TEMPORARY TABLE frame AS
    SELECT feed_id, position / 8192 AS frame, received_at FROM odds_ticks
    UNION ALL SELECT feed_id, position / 8192, received_at FROM fixture_updates
    UNION ALL SELECT feed_id, position / 8192, received_at FROM settlements
    UNION ALL SELECT feed_id, position / 8192, received_at FROM bet_events
    UNION ALL SELECT 1, pg_temp.frame('2026-03-07 13:11:05+00'), '2026-03-07 13:11:05+00'::timestamptz;
INSERT INTO ingest_ledger (received_at, first_frame, last_frame, prev_frame, term, first_seq, last_seq, rows, feed_id)
    SELECT received_at, frame, frame, coalesce(lag(frame) OVER (PARTITION BY feed_id ORDER BY frame), 0), 7, 0, 0,
           CASE WHEN received_at = '2026-03-07 13:11:05+00' THEN 0 ELSE count(*) END, feed_id
      FROM frame GROUP BY feed_id, frame, received_at;

-- Two of the frames as book A sent them: the setting writer.raw_audit keeps all of them, one behind the other in their entries.
INSERT INTO raw_frames (received_at, first_frame, feed_id, kind, frames)
    SELECT at, pg_temp.frame(at), 1, 0,
           decode(lpad(to_hex(octet_length(message)), 2, '0') || '000000', 'hex') || convert_to(message, 'UTF8')
      FROM (VALUES
               ('2026-03-07 12:40:00+00'::timestamptz, '{"type":"odds_change","seq":12,"option_id":"home","odd_value":"2.06"}'),
               ('2026-03-07 12:55:10+00', '{"type":"odds_change","seq":13,"option_id":"home","odd_value":"2.080"}')
           ) AS m (at, message);

UPDATE fixtures f SET position = u.position
  FROM (SELECT fixture_key, max(position) AS position FROM fixture_updates GROUP BY 1) u WHERE u.fixture_key = f.fixture_key;
UPDATE selections s SET position = t.position FROM settlements t WHERE t.selection_key = s.selection_key;
DROP TABLE price, frame;
SELECT setval(pg_get_serial_sequence('feeds', 'feed_id'), 2), setval(pg_get_serial_sequence('fixtures', 'fixture_key'), 3),
       setval(pg_get_serial_sequence('markets', 'market_key'), 4), setval(pg_get_serial_sequence('selections', 'selection_key'), 11);
