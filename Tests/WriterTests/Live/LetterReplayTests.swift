import FeedModel
import PostgresCopy
import RedisStreams
import Testing

@testable import Writer

/// Dead letters that are sent through again: each lands once, where its message stood.
@Suite("Writer: replayed letters", .timeLimit(.minutes(2)))
struct LetterReplayTests {
    private let receivedAt = Timestamp(microseconds: WallClock.now.microseconds - 5_000_000)

    /// The letter of the message behind the price of the first entry.
    private var letter: DeadLetter { letter(ordinal: 1) }

    private func letter(ordinal: Int, stage: DeadLetterStage = .processor) -> DeadLetter {
        DeadLetter(
            position: Position(frame: 1_000, ordinal: ordinal), stage: stage, reason: .badValue, detail: "odd_value",
            payload: Array("{}".utf8), receivedAt: receivedAt)
    }

    private func samples() -> SampleEntries { SampleEntries(first: 1_000, receivedAt: receivedAt) }

    private func first(_ samples: inout SampleEntries) -> StreamEntry {
        samples.entry { $0.price("2", of: SampleSelection(option: "good"), at: Position(frame: $1, ordinal: 0)) }
    }

    private func replayed(
        _ letter: DeadLetter, _ samples: inout SampleEntries, _ fill: (inout EventsEntryEncoder, Position) -> Void
    ) -> StreamEntry {
        samples.entry(
            control: true,
            replaying: ReplayedLetter(
                position: letter.position, stage: letter.stage, receivedAt: letter.receivedAt)
        ) { encoder, _ in fill(&encoder, letter.position) }
    }

    private func store(_ letters: [DeadLetter], _ writer: WriterHarness) async throws {
        let entries = letters.map { letter in
            StreamEntry(
                id: StreamID(UInt64(letter.position.frame), UInt64(letter.position.ordinal + 1)),
                payload: letter.encoded())
        }
        try await writer.append(entries, toStream: writer.feed.dead)
        try await writer.drain()
    }

    private func state(_ writer: WriterHarness) async throws -> [[String?]] {
        try await writer.rows("SELECT state, reason, deliveries, detail FROM dead_letters ORDER BY position")
    }

    private func isClean(_ writer: WriterHarness) async throws -> Bool {
        try await writer.postgres.connect()
        return try await Audit(writer.postgres, now: WallClock.now).run().isClean
    }

    @Test("a letter lands once, at its place and its time, however often it is sent")
    func once() async throws {
        try await WriterHarness.with { writer in
            var samples = samples()
            try await writer.append([first(&samples)])
            try await store([letter], writer)
            func again() -> StreamEntry {
                replayed(letter, &samples) { $0.price("3", of: SampleSelection(option: "late"), at: $1) }
            }
            // Twice in one batch, then redelivered, then sent once more.
            try await writer.append([again(), again()])
            try await writer.drain()
            _ = try await writer.redis.command(["XGROUP", "SETID", .text(writer.feed.events), "writer", "0"])
            try await writer.append([again()])
            try await writer.drain()
            #expect(try await state(writer).map(\.first) == ["replayed"])
            #expect(
                try await writer.rows(
                    "SELECT position, odd_value::float8, extract(epoch FROM received_at) * 1000000 = \(receivedAt.microseconds) FROM odds_ticks ORDER BY position"
                )
                    == [
                        ["\(Position(frame: 1_000, ordinal: 0).rawValue)", "2", "t"],
                        ["\(letter.position.rawValue)", "3", "t"],
                    ])
            #expect(
                try await writer.rows("SELECT first_frame, rows FROM ingest_ledger ORDER BY first_frame")
                    == [["1000", "2"], ["1001", "0"], ["1002", "0"], ["1003", "0"]])
            #expect(try await isClean(writer))
        }
    }

    @Test("two workers that get the same letter at the same time land it once")
    func concurrently() async throws {
        try await WriterHarness.with {
            $0.connections = 3
            $0.batch = BatchPolicy(rows: 1, period: .milliseconds(1))
        } _: { writer in
            var samples = samples()
            try await writer.append([first(&samples)])
            let letters = (1...40).map { letter(ordinal: $0) }
            try await store(letters, writer)
            try await writer.append(
                (0..<4).flatMap { _ in
                    letters.map { letter in replayed(letter, &samples) { $0.price("3", at: $1) } }
                })
            try await writer.drain()
            #expect(try await writer.count("odds_ticks") == 41)
            #expect(try await writer.value("SELECT sum(rows) FROM ingest_ledger") == "41")
            #expect(try await writer.value("SELECT count(*) FROM dead_letters WHERE state = 'replayed'") == "40")
            #expect(try await isClean(writer))
        }
    }

    @Test("current state only moves forward, and keeps what the message did not say")
    func states() async throws {
        try await WriterHarness.with { writer in
            var samples = samples()
            try await writer.append([
                samples.entry {
                    $0.fixture(status: .scheduled, score: (1, 0), home: "Before", at: Position(frame: $1, ordinal: 0))
                },
                samples.entry { $0.fixture("fixture-2", status: .live, at: Position(frame: $1, ordinal: 0)) },
            ])
            let letters = [letter(ordinal: 1), letter(ordinal: 2)]
            try await store(letters, writer)
            try await writer.append([
                replayed(letters[0], &samples) { $0.fixture(status: .finished, home: "After", at: $1) },
                replayed(letters[1], &samples) { $0.fixture("fixture-2", status: .scheduled, home: "Old", at: $1) },
            ])
            try await writer.drain()
            #expect(
                try await writer.rows("SELECT home_team, home_score, status FROM fixtures ORDER BY fixture_id")
                    == [
                        ["After", "1", "\(FixtureStatus.finished.rawValue)"],
                        ["Home", nil, "\(FixtureStatus.live.rawValue)"],
                    ])
            #expect(try await writer.count("fixture_updates") == 4)
            #expect(try await isClean(writer))
        }
    }

    @Test("what the Processor refuses again says why, and can be sent again", arguments: [1, 2])
    func refused(deliveries: Int) async throws {
        try await WriterHarness.with { writer in
            var samples = samples()
            try await writer.append([first(&samples)])
            try await store([letter], writer)
            let refusals = (0..<deliveries).map { _ in
                samples.control(
                    .letterRefused(
                        position: letter.position.rawValue, stage: letter.stage.rawValue,
                        reason: DeadLetterReason.missingField.rawValue, detail: "a \0 is missing"))
            }
            for refusal in refusals {
                try await writer.append([refusal])
                try await writer.drain()
            }
            #expect(
                try await state(writer)
                    == [
                        [
                            "new", "\(DeadLetterReason.missingField.rawValue)", "\(1 + deliveries)",
                            "a \u{FFFD} is missing",
                        ]
                    ])
            #expect(try await writer.value("SELECT payload = '{}' FROM dead_letters") == "t")
            #expect(try await isClean(writer))
        }
    }

    @Test("what Postgres refuses stays one letter, and its neighbours land")
    func refusedByPostgres() async throws {
        try await WriterHarness.with { writer in
            try await writer.execute(
                "ALTER TABLE odds_ticks ADD CONSTRAINT no_sevens CHECK (odd_value IS DISTINCT FROM 7)")
            var samples = samples()
            try await writer.append([first(&samples)])
            let letters = [letter(ordinal: 1), letter(ordinal: 2, stage: .writer)]
            try await store(letters, writer)
            func send(_ price: String) async throws {
                try await writer.append([
                    replayed(letters[0], &samples) { $0.price(price, at: $1) },
                    samples.entry { $0.price("5", at: Position(frame: $1, ordinal: 0)) },
                    replayed(letters[1], &samples) { $0.price(price, at: $1) },
                ])
                try await writer.drain()
            }
            try await send("7")
            let after = try await writer.rows("SELECT state, reason, deliveries, sqlstate FROM dead_letters")
            #expect(after == Array(repeating: ["new", "7", "2", "23514"], count: 2))
            #expect(try await writer.count("odds_ticks") == 2)
            try await send("8")
            #expect(try await state(writer).map(\.first) == ["replayed", "replayed"])
            #expect(try await writer.count("odds_ticks") == 5)
            #expect(try await isClean(writer))
        }
    }

    @Test("a letter whose entry was never written, or that is not there, does not land")
    func homeless() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries(first: 2_000, receivedAt: receivedAt)
            try await store([letter], writer)
            try await writer.append([
                samples.entry { $0.price("5", at: Position(frame: $1, ordinal: 0)) },
                replayed(letter, &samples) { $0.price("3", at: $1) },
                replayed(letter(ordinal: 9), &samples) { $0.price("3", at: $1) },
            ])
            try await writer.drain()
            let letters = try await state(writer)
            #expect(letters.count == 1 && letters[0][0] == "new" && letters[0][2] == "2")
            #expect(letters[0][3]?.contains("the ledger does not have the entry") == true)
            #expect(try await writer.count("odds_ticks") == 1)
            #expect(try await isClean(writer))
        }
    }
}
