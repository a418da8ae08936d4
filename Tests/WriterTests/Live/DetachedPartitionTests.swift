import FeedModel
import PostgresCopy
import RedisStreams
import Telemetry
import Testing

@testable import Writer

/// Rows whose day was taken out of its table: they become letters, and nothing waits for them.
@Suite("Writer: detached partitions", .timeLimit(.minutes(1)))
struct DetachedPartitionTests {
    private let late = WallClock.now - .seconds(3 * 86_400)

    private func name(_ table: PartitionedTable, at time: Timestamp) throws -> String {
        try #require(PartitionPlanner().ranges(covering: time...time).first { $0.table == table }).name
    }

    /// Has partitions for a day, and then detaches one of them.
    private func detach(_ table: PartitionedTable, at time: Timestamp, _ writer: WriterHarness) async throws {
        try await PartitionKeeper().ensure(covering: time...time, now: WallClock.now, writer.postgres)
        let name = try name(table, at: time)
        try await writer.execute("ALTER TABLE \(table.name) DETACH PARTITION \(name)")
    }

    @Test("late rows of a day that was detached become letters, their neighbours are written")
    func lateRows() async throws {
        try await WriterHarness.with { writer in
            try await detach(.oddsTicks, at: late, writer)
            var old = SampleEntries(first: 1_000, receivedAt: late)
            var new = SampleEntries(first: 5_000)
            try await writer.append([
                old.entry { $0.price("2", at: Position(frame: $1, ordinal: 0)) },
                old.entry { $0.fixture(status: .live, at: Position(frame: $1, ordinal: 0)) },
                new.entry { $0.price("3", at: Position(frame: $1, ordinal: 0)) },
            ])
            try await writer.drain()
            #expect(try await writer.rows("SELECT position >> 13 FROM odds_ticks") == [["5000"]])
            #expect(try await writer.rows("SELECT position >> 13 FROM fixture_updates") == [["1001"]])
            let letters = try await writer.rows(
                "SELECT position >> 13, stage, reason, sqlstate, detail FROM dead_letters")
            #expect(letters.map { Array($0.prefix(4)) } == [["1000", "2", "7", "23514"]])
            let why = "\(try name(.oddsTicks, at: late)) exists but was detached: attach it again or drop it"
            #expect(letters.first?.last??.hasSuffix(why) == true, "\(letters)")
            #expect(try await writer.rows("SELECT first_frame FROM ingest_ledger ORDER BY 1") == [["1001"], ["5000"]])
        }
    }

    @Test("a letter of such a day that is sent through again says why it does not land, and what follows does")
    func replayedLetter() async throws {
        try await WriterHarness.with {
            $0.letters.keep = .seconds(1_000 * 86_400)
        } _: { writer in
            let letter = DeadLetter(
                position: Position(frame: 1_000, ordinal: 1), stage: .processor, reason: .badValue, detail: "odd_value",
                payload: Array("{}".utf8), receivedAt: late)
            var samples = SampleEntries(first: 1_000, receivedAt: late)
            try await PartitionKeeper().ensure(covering: late...late, now: WallClock.now, writer.postgres)
            try await writer.append([samples.entry { $0.price("2", at: Position(frame: $1, ordinal: 0)) }])
            try await writer.append(
                [StreamEntry(id: StreamID(1_000, 2), payload: letter.encoded())], toStream: writer.feed.dead)
            try await writer.drain()
            try await detach(.oddsTicks, at: late, writer)
            var today = SampleEntries(first: 2_000)
            let replayed = ReplayedLetter(position: letter.position, stage: letter.stage, receivedAt: late)
            try await writer.append([
                today.entry(control: true, replaying: replayed) { encoder, _ in encoder.price("3", at: letter.position)
                },
                today.entry { $0.price("4", at: Position(frame: $1, ordinal: 0)) },
            ])
            try await writer.drain()
            let letters = try await writer.rows("SELECT state, deliveries, detail FROM dead_letters")
            #expect(letters.map { Array($0.prefix(2)) } == [["new", "2"]])
            #expect(letters.first?.last??.contains("was detached") == true, "\(letters)")
            #expect(try await writer.rows("SELECT position >> 13 FROM odds_ticks") == [["2001"]])
        }
    }

    @Test("a Writer starts and keeps its partitions although today's was detached, and says so")
    func today() async throws {
        try await WriterHarness.with { writer in
            try await writer.drainPartitions()
            try await detach(.oddsTicks, at: WallClock.now, writer)
            let dropped = try name(.settlements, at: WallClock.now + .seconds(2 * 86_400))
            try await writer.execute("DROP TABLE \(dropped)")
            var samples = SampleEntries()
            try await writer.append([
                samples.entry { $0.price("2", at: Position(frame: $1, ordinal: 0)) },
                samples.entry { $0.fixture(status: .live, at: Position(frame: $1, ordinal: 0)) },
            ])
            try await writer.running {
                try await writer.settled()
                try await writer.eventually("the upkeep says so") {
                    writer.health.health(of: Upkeep.partitionsComponent)?.error?.contains("was detached") == true
                }
                #expect(writer.isReady)
            }
            #expect(try await writer.value("SELECT to_regclass('\(dropped)')::text") == dropped)
            #expect(try await writer.count("fixture_updates") == 1)
            #expect(try await writer.count("dead_letters") == 1)
        }
    }
}
