import DevServices
import Sportsbook
import Testing

/// What a numbered load must have become in Postgres.
enum NumberedRows {
    /// Reads all rows in the order of their positions: they must be exactly the numbers from 1, none twice, none missing.
    static func expectAll(
        of load: LoadConfiguration, count: Int64, in database: String, of postgres: PostgresServer,
        feed: String? = nil
    ) async throws {
        let text = try await postgres.execute(
            """
            select f.fixture_id || ' ' || m.market_type || ' ' || coalesce(trim_scale(s.line)::text, '-') || ' ' || s.option_id
                || ' ' || trim_scale(t.odd_value)
            from odds_ticks t join selections s using (selection_key) join markets m using (market_key)
                join fixtures f using (fixture_key) join feeds e on e.feed_id = t.feed_id
            \(feed.map { "where e.name = '\($0)'" } ?? "")
            order by t.position
            """, database: database)
        let rows = text.split(separator: "\n")
        #expect(rows.count == Int(count))
        var wrong = 0
        for (index, row) in rows.enumerated() {
            let expected = load.expectation(Int64(index + 1))
            let line = expected.line.map { "\($0)" } ?? "-"
            let words = "\(expected.fixtureID) \(expected.marketType) \(line) \(expected.optionID) \(expected.odd)"
            if row != words { wrong += 1 }
            if row != words, wrong == 1 { Issue.record("number \(index + 1) should be '\(words)' but is '\(row)'") }
        }
        #expect(wrong == 0)
    }
}
