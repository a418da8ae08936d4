import FeedModel
import RedisStreams
import Testing

@testable import Writer

/// After an outage everything is waiting: what comes in now must not wait behind all of it.
@Suite("Writer: fairness between feeds", .timeLimit(.minutes(3)))
struct WriterFairnessTests {
    /// Where a feed's backlog is: in the stream, read by nobody; or pending under this Writer's own name, which an earlier life of it
    /// had read.
    enum Backlog: CaseIterable { case unread, pending }

    private static let entries = 2_000
    private static let rowsPerEntry = 100

    @Test(
        "200,000 rows of one feed do not hold up another's, and order within a feed stays", arguments: Backlog.allCases)
    func liveBesideBacklog(_ backlog: Backlog) async throws {
        try await WriterHarness.with(feeds: 2) {
            $0.batch = BatchPolicy(rows: 1_000, period: .milliseconds(5), maximumRows: 2_000)
        } _: { writer in
            try await writer.append(Self.backlog(), to: writer.feeds[0])
            if backlog == .pending { try await Self.take(Self.entries, of: writer.feeds[0], writer) }
            var live = SampleEntries()
            try await writer.running {
                try await writer.eventually("it has begun") { try await writer.count("ingest_ledger") > 0 }
                try await writer.append(live.priced(3), to: writer.feeds[1])
                try await writer.settled()
            }
            // One worker, one connection: the order of its transactions is that of their numbers.
            let counts = try await writer.rows(
                """
                WITH l AS (SELECT e.name, i.xmin::text::bigint AS place FROM ingest_ledger i JOIN feeds e USING (feed_id)),
                     live AS (SELECT min(place) AS first, max(place) AS last FROM l WHERE name = 'feed-1')
                SELECT count(*) FILTER (WHERE name = 'feed-1'), count(*) FILTER (WHERE name = 'feed-0'),
                       count(*) FILTER (WHERE name = 'feed-0' AND place > live.last) FROM l, live
                """)
            let numbers = try #require(counts.first).compactMap { $0.flatMap { Int($0) } }
            #expect(numbers.prefix(2) == [3, Self.entries])
            #expect(numbers[2] > Self.entries / 2, "of the backlog came behind the live rows: \(numbers[2])")
            #expect(try await writer.count("odds_ticks") == Self.entries * Self.rowsPerEntry + 15)
            #expect(
                try await writer.value(
                    """
                    SELECT count(*) FROM (SELECT xmin::text::bigint AS place, max(xmin::text::bigint)
                        OVER (PARTITION BY feed_id ORDER BY first_frame) AS latest FROM ingest_ledger) l WHERE place < latest
                    """) == "0")
        }
    }

    @Test("what has to be written alone has its turn beside a feed that never pauses")
    func suspectsBesideLive() async throws {
        try await WriterHarness.with(feeds: 2) {
            $0.batch = BatchPolicy(rows: 1_000, period: .milliseconds(5), maximumRows: 2_000)
        } _: { writer in
            var (suspects, live) = (SampleEntries(), SampleEntries())
            try await writer.append(suspects.priced(10), to: writer.feeds[0])
            try await Self.take(10, of: writer.feeds[0], writer)
            for _ in 0..<6 {
                _ = try await writer.redis.readGroup(
                    [writer.feeds[0].events], group: ConsumerGroup.writer, consumer: "test-writer-0",
                    from: .backlog(after: .zero), count: 100, block: nil)
            }
            try await writer.running {
                for _ in 0..<2_000 { try await writer.append(live.priced(1), to: writer.feeds[1]) }
                try await writer.settled()
            }
            let behind = try await writer.value(
                """
                WITH l AS (SELECT e.name, i.xmin::text::bigint AS place FROM ingest_ledger i JOIN feeds e USING (feed_id))
                SELECT count(*) FILTER (WHERE name = 'feed-0') || ' of ' || (SELECT count(*) FROM l WHERE name = 'feed-0')
                  FROM l WHERE place >= (SELECT max(place) FROM l WHERE name = 'feed-1')
                """)
            #expect(behind == "0 of 10")
        }
    }

    private static func backlog() -> [StreamEntry] {
        var samples = SampleEntries()
        let selections = (0..<11).map { SampleSelection(option: "o-\($0)") }
        return (0..<entries).map { index in
            samples.entry { encoder, frame in
                for ordinal in 0..<rowsPerEntry {
                    encoder.price(
                        "2", of: selections[(index + ordinal) % 11], at: Position(frame: frame, ordinal: ordinal))
                }
            }
        }
    }

    /// Reads as a Writer does that dies then.
    private static func take(_ count: Int, of feed: StreamNames, _ writer: WriterHarness) async throws {
        let taken = try await writer.redis.readGroup(
            [feed.events], group: ConsumerGroup.writer, consumer: "test-writer-0", from: .new, count: count, block: nil)
        #expect(taken.first?.entries.count == count)
    }
}
