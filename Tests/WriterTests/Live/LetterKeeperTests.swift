import FeedModel
import PostgresCopy
import Telemetry
import Testing

@testable import Writer

/// Old letters go, and many letters are an alarm.
@Suite("Writer: keeping dead letters", .timeLimit(.minutes(2)))
struct LetterKeeperTests {
    private func insert(_ letters: [(position: Int, seen: String, state: String)], _ writer: WriterHarness) async throws
    {
        try await writer.running {}
        for letter in letters {
            try await writer.execute(
                """
                INSERT INTO dead_letters (feed_id, position, stage, reason, deliveries, first_seen, state, detail, payload)
                SELECT feed_id, \(letter.position), 1, 4, 1, \(letter.seen), '\(letter.state)', '', 'abc' FROM feeds LIMIT 1
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
                    (1, "now()", "new"), (2, "now() - interval '2 hours'", "new"),
                    (3, "now() - interval '2 hours'", "replayed"), (4, "now() - interval '400 days'", "new"),
                    (5, "now() - interval '400 days'", "replayed"),
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

    @Test("more new letters than allowed are told, until they are fewer")
    func alarm() async throws {
        try await WriterHarness.with {
            $0.letters.warnAbove = 1
        } _: { writer in
            try await insert([(1, "now()", "new"), (2, "now()", "dropped"), (3, "now()", "replayed")], writer)
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
            try await insert([(4, "now()", "new")], writer)
            guard case .degraded(let why)? = try await health() else { Issue.record("no alarm"); return }
            #expect(why.contains("2 wait") && why.contains("dead_letters.warn_above (1)"))
            try await writer.execute("UPDATE dead_letters SET state = 'dropped'")
            #expect(try await health() == .up)
        }
    }
}
