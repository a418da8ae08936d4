import FeedModel
import PostgresCopy
import Testing
import Writer

/// The function reads the history in another way than the view, and must say the same.
@Suite("closing_line", .timeLimit(.minutes(1)))
struct ClosingLineTests {
    private static let spans = [
        // All, one fixture of 50 selections, the fixtures of the day after the last price, and nothing.
        "'2026-11-01', '2026-12-01'", "'2026-11-21 03:00', '2026-11-21 03:01'", "'2026-11-22', '2026-11-23'",
        "'2026-11-10', '2026-11-11'", "'2026-11-21', '2026-11-21 12:00'", "'2026-11-21 12:00', '2026-11-22'",
    ]

    @Test func `it says what the view closing_odds says`() async throws {
        try await withSchema { connection, day in
            try await PartitionKeeper().ensure(covering: day - .seconds(86_400)...day, now: day, connection)
            _ = try await connection.withSession { try $0.execute(Self.history) }
            var counts: [Int] = []
            for span in Self.spans {
                let bounds = span.split(separator: ", ")
                let view = "SELECT * FROM closing_odds WHERE start_time >= \(bounds[0]) AND start_time < \(bounds[1])"
                let function = "SELECT * FROM closing_line(\(span))"
                let different = try await connection.withSession { session in
                    try session.texts(
                        """
                        (\(view) EXCEPT ALL \(function)) UNION ALL (\(function) EXCEPT ALL \(view))
                        """)
                }
                #expect(different.isEmpty, "\(span)")
                let count = try await connection.withSession { session in
                    try session.query("SELECT count(*) FROM closing_line(\(span))").int64(0, 0)
                }
                counts.append(Int(count ?? -1))
            }
            // Every selection but those of the fixture that has none, and of the one without a start.
            #expect(counts == [2_400, 50, 50, 0, 1_200, 1_150])
        }
    }

    /// 50 fixtures of 50 selections that start every half hour, but for the last ones: without prices, without a start, and on the day
    /// after. Two days of prices, some of them withdrawn, ten at a time; every tenth fixture has none for the last twelve hours.
    private static let history = """
        INSERT INTO feeds (feed_id, name, provider) VALUES (1, 'book-a', 'sportsbook'), (2, 'book-b', 'sportsbook');
        INSERT INTO fixtures (fixture_key, feed_id, fixture_id, updated_at, start_time)
            SELECT n, 1 + n % 2, 'fx-' || n, '2026-11-21',
                   CASE n WHEN 49 THEN NULL WHEN 48 THEN '2026-11-22 15:00+00'
                          ELSE '2026-11-21'::timestamptz + n % 48 * interval '30 minutes' END
              FROM generate_series(0, 49) n;
        INSERT INTO markets (market_key, fixture_key, market_id, market_type)
            SELECT n, n / 10, 'm-' || n % 10, '1X2' FROM generate_series(0, 499) n;
        INSERT INTO selections (selection_key, market_key, option_id, result)
            SELECT n, n / 5, 'o-' || n % 5, nullif(n % 3, 0) FROM generate_series(0, 2499) n;
        INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status, odd_value, lay_value)
            SELECT '2026-11-20'::timestamptz + n / 10 * interval '8.6 s', n * 8192, key, 1 + key / 50 % 2, 1 + n % 2,
                   CASE WHEN hashint8(n) % 4 <> 0 THEN 1.5 + n % 700 / 100.0 END, n % 9
              FROM generate_series(1, 200000) n, LATERAL (SELECT (hashint8(n * 3) & 2147483647) % 2500 AS key) k
             WHERE key / 50 <> 47 AND (key / 500 * 500 <> key / 50 * 50 OR n < 130000);
        INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status, odd_value)
            SELECT '2026-11-20', 8192, n, 1, 1, 2 FROM generate_series(0, 2349) n;
        INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status, odd_value)
            SELECT '2026-11-20', 8192, n, 1, 1, 2 FROM generate_series(2400, 2499) n;
        ANALYZE;
        """
}
