import DevServices
import FeedModel
import Foundation
import PostgresCopy
import Sportsbook

/// What most would build: text keys, a primary key for each row, one btree, a binary COPY for every 5,000 rows. The Writer's
/// schema is measured against it on the same server, with the messages of the same load.
struct PlainSchema {
    let messages: Int

    private static let batch = 5_000
    private static let statement = """
        COPY odds_changes (stream_ms, stream_seq, event_ts, received_at, source, fixture_id, market_type, option_id, odd_value)
        FROM STDIN WITH (FORMAT binary)
        """

    /// Copies all messages; returns the CPU seconds that Postgres took for it.
    func measure(on postgres: PostgresServer) async throws -> Double {
        let connection = PostgresConnection(url: try await postgres.createDatabase("plain"), name: "bench")
        try await connection.connect()
        let day = Timestamp(microseconds: Int64(Date().timeIntervalSince1970) / 86_400 * 86_400_000_000)
        try await connection.withSession { session in
            for statement in Self.schema(on: day) { _ = try session.execute(statement) }
        }
        let before = await postgres.cpuSeconds
        let load = LoadConfiguration()
        var rows = BinaryCopyEncoder()
        for first in stride(from: 0, to: messages, by: Self.batch) {
            rows.reset()
            for number in first..<min(first + Self.batch, messages) { Self.add(number, of: load, day, to: &rows) }
            try await connection.withTransaction(lending: &rows) { session, rows in
                _ = try session.copyIn(Self.statement, from: rows, committing: true)
            }
            StandardOutput.progress("\(first) of \(messages) in the plain schema")
        }
        let after = await postgres.cpuSeconds
        await connection.close()
        return after - before
    }

    private static func schema(on day: Timestamp) -> [String] {
        [
            """
            CREATE TABLE odds_changes (
                stream_ms bigint NOT NULL, stream_seq int NOT NULL, event_ts timestamptz NOT NULL,
                received_at timestamptz NOT NULL, source smallint NOT NULL, fixture_id text NOT NULL,
                market_type text NOT NULL, option_id text NOT NULL, odd_value numeric(10,3) NOT NULL,
                PRIMARY KEY (event_ts, stream_ms, stream_seq)) PARTITION BY RANGE (event_ts)
            """,
            """
            CREATE TABLE odds_changes_today PARTITION OF odds_changes
            FOR VALUES FROM ('\(day)') TO ('\(day + .seconds(86_400))')
            """,
            "CREATE INDEX ON odds_changes (fixture_id, market_type, event_ts)",
        ]
    }

    private static func add(
        _ number: Int, of load: LoadConfiguration, _ day: Timestamp, to rows: inout BinaryCopyEncoder
    ) {
        let message = load.expectation(Int64(number))
        // 200,000 a second, from the day's first on.
        let time = day.microseconds + Int64(number) * 5
        rows.beginRow(columns: 9)
        rows.int64(time / 1_000)
        rows.int32(Int32(truncatingIfNeeded: number))
        rows.timestamptz(microsecondsSince1970: time)
        rows.timestamptz(microsecondsSince1970: time + 1_500)
        rows.int16(1)
        rows.text(message.fixtureID)
        rows.text(message.marketType)
        rows.text(message.optionID)
        rows.numeric(scaled: message.odd.scaled)
    }
}
