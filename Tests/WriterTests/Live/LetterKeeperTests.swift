import FeedModel
import PostgresCopy
import Telemetry
import Testing

@testable import Writer

/// Old letters go, and many letters are an alarm.
@Suite("Writer: keeping dead letters", .timeLimit(.minutes(2)))
struct LetterKeeperTests {
    /// Letters whose messages were received `age` ago, written at once.
    private func insert(
        _ letters: [(position: Int, age: String, state: String)], _ writer: WriterHarness
    ) async throws {
        try await writer.running {}
        for letter in letters {
            try await writer.execute(
                """
                INSERT INTO dead_letters
                    (feed_id, position, stage, reason, deliveries, first_seen, written_at, state, detail, payload)
                SELECT feed_id, \(letter.position), 1, 4, 1, at, at, '\(letter.state)', '', 'abc'
                FROM feeds, (VALUES (now() - interval '\(letter.age)')) AS v (at) LIMIT 1
                """)
        }
    }

    private func letters(_ writer: WriterHarness) async throws -> [[String?]] {
        try await writer.rows("SELECT position, state, octet_length(payload) FROM dead_letters ORDER BY position")
    }

    @Test("an old letter loses its payload, and goes when its part of the history has gone")
    func ages() async throws {
        try await WriterHarness.with {
            $0.letters.keep = .seconds(3_600)
        } _: { writer in
            try await insert(
                [
                    (1, "0", "new"), (2, "2 hours", "new"), (3, "2 hours", "replayed"), (4, "400 days", "new"),
                    (5, "400 days", "replayed"),
                ], writer)
            // The history reaches back three hours at least: the partition of yesterday is there.
            let keeper = PartitionKeeper()
            let yesterday = WallClock.now - .seconds(86_400)
            try await keeper.ensure(covering: yesterday...WallClock.now, now: WallClock.now, writer.postgres)
            try await writer.running {
                try await writer.eventually("the oldest are gone") { try await writer.count("dead_letters") == 3 }
            }
            #expect(try await letters(writer) == [["1", "new", "3"], ["2", "dropped", "0"], ["3", "replayed", "0"]])
        }
    }

    @Test("the letter of a message that was old when it was refused is kept like any other")
    func oldMessages() async throws {
        try await WriterHarness.with { writer in
            var old = SampleEntries(first: 5_000, receivedAt: Timestamp(milliseconds: 1_000_000_000_000))
            try await writer.append(old.priced(2))
            try await writer.drain()
            // What shows that the keeper was there.
            try await insert([(1, "400 days", "new")], writer)
            try await writer.running {
                try await writer.eventually("the oldest is gone") {
                    try await writer.rows("SELECT 1 FROM dead_letters WHERE position = 1").isEmpty
                }
            }
            let letters = try await writer.rows(
                "SELECT position >> 13, state, octet_length(payload) > 0 FROM dead_letters ORDER BY 1")
            #expect(letters == [["5000", "new", "t"], ["5001", "new", "t"]])
        }
    }

    @Test("more new letters than allowed are told, until they are fewer")
    func alarm() async throws {
        try await WriterHarness.with {
            $0.letters.warnAbove = 1
        } _: { writer in
            try await insert([(1, "0", "new"), (2, "0", "dropped"), (3, "0", "replayed")], writer)
            func health() async throws -> ComponentHealth? {
                let health = HealthRegistry()
                try await writer.running(health: health) {
                    try await writer.eventually("letters are counted") {
                        health.health(of: LetterKeeper.component) != nil
                    }
                }
                return health.health(of: LetterKeeper.component)
            }
            #expect(try await health() == .up)
            try await insert([(4, "0", "new")], writer)
            guard case .degraded(let why)? = try await health() else { Issue.record("no alarm"); return }
            #expect(why.contains("2 wait") && why.contains("dead_letters.warn_above (1)"))
            try await writer.execute("UPDATE dead_letters SET state = 'dropped'")
            #expect(try await health() == .up)
        }
    }
}
