import FeedModel
import PostgresCopy
import Testing
import Writer

/// What analysts ask most often must not read the history to find the answer in it.
@Suite("Plans of the analysts' interface", .timeLimit(.minutes(1)))
struct AnalystsPlanTests {
    private static let questions = [
        "SELECT * FROM odds_candles(17, '5 minutes')",
        "SELECT * FROM odds_candles(17, '5 minutes', '2026-11-21', '2026-11-22')",
        "SELECT * FROM latest_odds WHERE selection_key = 17",
        "SELECT * FROM latest_odds WHERE fixture_id = 'fx-3'",
        "SELECT * FROM closing_odds WHERE fixture_id = 'fx-3'",
        "SELECT * FROM line_movement('fx-3')",
        "SELECT * FROM market_overround WHERE fixture_id = 'fx-3'",
        "SELECT * FROM odds_changes WHERE selection_key = 17",
        "SELECT * FROM bets WHERE user_id = 'u-5'",
        "SELECT * FROM bets WHERE bet_id = 'b-5'",
        "SELECT * FROM feed_coverage('2026-11-21 10:00', '2026-11-21 11:00', 'book-a')",
    ]

    @Test func `they are answered from an index, without a scan of the history`() async throws {
        try await withSchema { connection, _ in
            _ = try await connection.withSession { try $0.execute(Self.history) }
            for question in Self.questions {
                let plan = try await Self.plan(of: question, connection)
                #expect(!Self.scansHistory(plan), "\(question)\n\(plan.joined(separator: "\n"))")
            }
            let control = try await Self.plan(of: "SELECT * FROM odds_changes WHERE odd_value = 7", connection)
            #expect(Self.scansHistory(control), "the test sees no scan where there must be one")
        }
    }

    private static func plan(of question: String, _ connection: PostgresConnection) async throws -> [String] {
        try await connection.withSession { try $0.texts("EXPLAIN \(question)") }.compactMap { $0[0] }
    }

    /// Empty partitions cost nothing, whatever their plan is called: the one of the day has all rows.
    private static func scansHistory(_ plan: [String]) -> Bool {
        plan.contains { $0.contains("Seq Scan on ") && $0.contains("_20261121") }
    }

    /// A day of 200 selections, 100,000 prices, 10,000 bets and 50,000 entries.
    private static let history = """
        INSERT INTO feeds (feed_id, name, provider) VALUES (1, 'book-a', 'sportsbook');
        INSERT INTO fixtures (fixture_key, feed_id, fixture_id, updated_at, start_time)
            SELECT n, 1, 'fx-' || n, '2026-11-21', '2026-11-21 20:00' FROM generate_series(1, 50) n;
        INSERT INTO markets (market_key, fixture_key, market_id, market_type)
            SELECT n, n, '1X2', '1X2' FROM generate_series(1, 50) n;
        INSERT INTO selections (selection_key, market_key, option_id)
            SELECT n, 1 + n % 50, 'o-' || n FROM generate_series(1, 200) n;
        INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status, odd_value)
            SELECT '2026-11-21'::timestamptz + n * interval '0.8 s', n * 8192, 1 + n % 200, 1, 1, 1.5 + n % 7
              FROM generate_series(1, 100000) n;
        INSERT INTO bet_events (received_at, position, fixture_key, selection_key, feed_id, status, amount, odd,
                potential_win, bet_id, user_id)
            SELECT '2026-11-21'::timestamptz + n * interval '8 s', n * 8192, 1 + n % 50, 1 + n % 200, 1, 1, 5, 2, 10,
                   'b-' || n, 'u-' || n % 500
              FROM generate_series(1, 10000) n;
        INSERT INTO ingest_ledger (received_at, first_frame, last_frame, prev_frame, term, first_seq, last_seq, rows, feed_id)
            SELECT '2026-11-21'::timestamptz + n * interval '1.6 s', n, n, n - 1, 7, 0, 0, 2, 1
              FROM generate_series(1, 50000) n;
        ANALYZE;
        """
}
