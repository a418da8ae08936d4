import FeedModel
import PostgresCopy
import Testing

@testable import Writer

@Suite("Erasing a user", .timeLimit(.minutes(1)))
struct UserErasureTests {
    private func section(_ frames: [String]) -> [UInt8] {
        var bytes: [UInt8] = []
        for frame in frames { Array(frame.utf8).withUnsafeBytes { RawEntry.append(frame: $0, to: &bytes) } }
        return bytes
    }

    @Test func `bets, raw frames and letters name the token; everything else is as it was`() async throws {
        try await withSchema { connection, now in
            try await fill(connection, now)
            let outcome = try await UserErasure(user: "u-1", token: "erased-7").run(connection)
            #expect(outcome == UserErasure.Outcome(bets: 2, rawEntries: 601, letters: 2, emptiedLetters: 1))
            let rows = try await connection.withSession { session in
                let bets = try session.texts("SELECT user_id, count(*) FROM bet_events GROUP BY 1 ORDER BY 1")
                #expect(bets == [["erased-7", "2"], ["u-2", "1"]])
                let letters = try session.texts(
                    "SELECT detail, encode(payload, 'escape'), state FROM dead_letters ORDER BY position")
                #expect(
                    letters == [
                        ["user_id: erased-7 is odd", #"{"user_id":"erased-7"}"#, "new"], ["x", "", "dropped"],
                        ["x", #"{"option_id":"u-1"}"#, "new"],
                    ])
                return try session.query("SELECT frames FROM raw_frames WHERE first_frame = 1").bytes(0, 0)
            }
            #expect(
                rows == section([#"{"option_id":"u-1"}"#, #"{"user_id":"erased-7"}"#, #"{"user_id":"u-2"}"#]))
            let again = try await UserErasure(user: "u-1", token: "erased-8").run(connection)
            #expect(again == UserErasure.Outcome())
        }
    }

    private func fill(_ connection: PostgresConnection, _ now: Timestamp) async throws {
        let mixed = section([#"{"option_id":"u-1"}"#, #"{"user_id":"u-1"}"#, #"{"user_id":"u-2"}"#])
        let escaped = section([#"{"user_id":"\u0075-1"}"#])
        try await connection.withTransaction { session in
            try session.execute(
                """
                INSERT INTO feeds (feed_id, name, provider) VALUES (1, 'book-a', 'sportsbook');
                INSERT INTO bet_events (received_at, position, fixture_key, selection_key, feed_id, status, amount, odd,
                    potential_win, bet_id, user_id)
                    SELECT '2026-11-21', n, 1, 1, 1, 1, 5, 2, 10, 'b-' || n, 'u-' || 1 + n / 2 FROM generate_series(0, 2) n;
                INSERT INTO dead_letters (feed_id, position, stage, reason, deliveries, first_seen, detail, payload) VALUES
                    (1, 1, 1, 4, 1, now(), 'user_id: u-1 is odd', '{"user_id":"u-1"}'),
                    (1, 2, 2, 7, 1, now(), 'x', '\\x0103752d31ff'),
                    (1, 3, 1, 4, 1, now(), 'x', '{"option_id":"u-1"}')
                """)
            _ = try session.query(
                """
                INSERT INTO raw_frames (received_at, first_frame, feed_id, frames)
                SELECT $1, n, 1, CASE WHEN n % 2 = 1 THEN $2::bytea ELSE $3 END FROM generate_series(1, 601) n
                """, [.timestamptz(now.microseconds), .bytea(mixed), .bytea(escaped)])
        }
    }
}
