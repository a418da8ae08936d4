extension Migration {
    /// The view `closing_odds` asks an index for each selection by itself. On the partition that is still being filled that index does not
    /// know times, and each of 50,000 selections has all its prices of the day read. The function goes back from the latest start, an hour
    /// at a time, and reads each hour once, for all selections together; where they are few, they are left to the view.
    ///
    /// Its columns are the view's: who replaces one replaces the other.
    static let closingLine = Migration(
        version: 14, name: "closing_line",
        sql: #"""
            CREATE FUNCTION closing_line(since timestamptz, until timestamptz) RETURNS SETOF closing_odds
            -- How many selections are wanted decides how they are looked for; and an hour's prices are not to be sorted before most
            -- of them turn out to be of other selections.
            LANGUAGE plpgsql STABLE
            SET plan_cache_mode = force_custom_plan SET enable_mergejoin = off SET work_mem = '64MB' SET jit = off AS $$
            DECLARE
                newest timestamptz := greatest(now(), (SELECT max(received_at) FROM odds_ticks WHERE received_at > now()));
                wanted integer[];
                ends timestamptz[];
                found odds_ticks[];
                prices odds_ticks[];
                upper timestamptz;
                lower timestamptz;
                last timestamptz;
                rest integer[];
            BEGIN
                SELECT array_agg(w.selection_key), array_agg(w.until), max(w.until), min(w.until) - interval '3 hours'
                  INTO wanted, ends, upper, last
                  FROM (SELECT s.selection_key, least(f.start_time, newest) AS until
                          FROM fixtures f
                          JOIN markets m ON m.fixture_key = f.fixture_key
                          JOIN selections s ON s.market_key = m.market_key
                         WHERE f.start_time >= since AND f.start_time < closing_line.until) w;
                WHILE upper > last LOOP
                    lower := upper - interval '1 hour';
                    IF (SELECT count(*) FROM unnest(ends) AS e WHERE e > lower) > 500 THEN
                        SELECT array_agg(p.tick) INTO found
                          FROM (SELECT DISTINCT ON (t.selection_key) t AS tick
                                  -- Grouped, each is known to be there once: else they would not be what is hashed.
                                  FROM (SELECT u.selection_key, max(u.until) AS until
                                          FROM unnest(wanted, ends) AS u (selection_key, until)
                                         WHERE u.until > lower GROUP BY u.selection_key) w
                                  JOIN odds_ticks t ON t.selection_key = w.selection_key
                                 WHERE t.received_at > lower AND t.received_at <= upper AND t.received_at <= w.until
                                   AND t.odd_value IS NOT NULL
                                 ORDER BY t.selection_key, t.received_at DESC, t.position DESC) p;
                        prices := prices || found;
                        SELECT array_agg(w.selection_key), array_agg(w.until) INTO wanted, ends
                          FROM unnest(wanted, ends) AS w (selection_key, until)
                         WHERE NOT EXISTS (SELECT FROM unnest(found) AS o WHERE o.selection_key = w.selection_key);
                    ELSE
                        rest := rest || ARRAY(
                            SELECT w.selection_key FROM unnest(wanted, ends) AS w (selection_key, until) WHERE w.until > lower);
                        SELECT array_agg(w.selection_key), array_agg(w.until) INTO wanted, ends
                          FROM unnest(wanted, ends) AS w (selection_key, until) WHERE w.until <= lower;
                    END IF;
                    upper := lower;
                END LOOP;
                RETURN QUERY
                SELECT f.fixture_id, m.market_type, s.option_id, o.odd_value, o.received_at, f.start_time, m.market_id, s.line,
                       odds_status_name(o.status), o.lay_value, o.last_traded, e.name, o.position, s.selection_key,
                       m.market_key, f.fixture_key, s.name, m.name, f.sport, f.tournament, f.home_team, f.away_team,
                       settlement_result_name(s.result)
                  FROM unnest(prices) AS o
                  JOIN selections s ON s.selection_key = o.selection_key
                  JOIN markets m ON m.market_key = s.market_key
                  JOIN fixtures f ON f.fixture_key = m.fixture_key
                  JOIN feeds e ON e.feed_id = f.feed_id;
                RETURN QUERY SELECT c.* FROM closing_odds c WHERE c.selection_key = ANY (rest || wanted);
            END $$;
            COMMENT ON FUNCTION closing_line IS
                'closing_odds of all fixtures that start in a stretch of time, fast for the current day too. '
                'closing_line(since, until).';
            """#)
}
