import DevServices
import Sportsbook
import Testing

/// A row of a numbered load: which number, and when it was received (microseconds since 1970).
struct NumberedRow {
    let number: Int64
    let receivedAt: Int64
}

/// What a numbered load must have become in Postgres.
enum NumberedRows {
    /// Reads all rows in the order of their positions: they must be exactly the numbers from 1, none twice, none missing.
    static func expectAll(
        of load: LoadConfiguration, count: Int64, in database: String, of postgres: PostgresServer,
        feed: String? = nil
    ) async throws {
        let rows = try await rows(in: database, of: postgres, feed: feed)
        #expect(rows.count == Int(count))
        var wrong = 0
        for (index, row) in rows.enumerated() {
            let expected = words(load, Int64(index + 1))
            if row.words != expected { wrong += 1 }
            if row.words != expected, wrong == 1 {
                Issue.record("number \(index + 1) should be '\(expected)' but is '\(row.words)'")
            }
        }
        #expect(wrong == 0)
    }

    /// Tells the number of each row, in the order of their positions: they must grow, so that none is there twice.
    static func growing(
        of load: LoadConfiguration, count: Int64, in database: String, of postgres: PostgresServer, feed: String
    ) async throws -> [NumberedRow] {
        var next: Int64 = 1
        var result: [NumberedRow] = []
        // A snapshot closes what it does not name: those rows have no price.
        for row in try await rows(in: database, of: postgres, feed: feed) where !row.words.isEmpty {
            while next <= count, words(load, next) != row.words { next += 1 }
            guard next <= count else {
                throw OutOfOrder(row: String(row.words), behind: result.last?.number ?? 0)
            }
            result.append(NumberedRow(number: next, receivedAt: row.receivedAt))
            next += 1
        }
        return result
    }

    /// A row that does not belong behind this number: it is there twice, or too late.
    struct OutOfOrder: Error {
        let row: String
        let behind: Int64
    }

    private static func words(_ load: LoadConfiguration, _ number: Int64) -> String {
        let expected = load.expectation(number)
        let line = expected.line.map { "\($0)" } ?? "-"
        return "\(expected.fixtureID) \(expected.marketType) \(line) \(expected.optionID) \(expected.odd)"
    }

    private static func rows(
        in database: String, of postgres: PostgresServer, feed: String?
    ) async throws -> [(words: Substring, receivedAt: Int64)] {
        let text = try await postgres.execute(
            """
            select f.fixture_id || ' ' || m.market_type || ' ' || coalesce(trim_scale(s.line)::text, '-') || ' ' || s.option_id
                || ' ' || trim_scale(t.odd_value), (extract(epoch from t.received_at) * 1000000)::bigint
            from odds_ticks t join selections s using (selection_key) join markets m using (market_key)
                join fixtures f using (fixture_key) join feeds e on e.feed_id = t.feed_id
            \(feed.map { "where e.name = '\($0)'" } ?? "")
            order by t.position
            """, database: database)
        return text.split(separator: "\n").map { line in
            let parts = line.split(separator: "|", omittingEmptySubsequences: false)
            return (parts[0], parts.count > 1 ? Int64(parts[1]) ?? 0 : 0)
        }
    }
}
