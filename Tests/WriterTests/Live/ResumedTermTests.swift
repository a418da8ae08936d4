import FeedModel
import PostgresCopy
import RedisStreams
import Testing

@testable import Writer

/// A log that went back behind what had been written from it: what the provider sends once more is not written again.
@Suite("Writer: resumed terms", .timeLimit(.minutes(2)))
struct ResumedTermTests {
    /// One price for each sequence, one a frame: the price is the sequence.
    private static func prices(
        _ sequences: ClosedRange<Int64>, _ samples: inout SampleEntries, option: String = "home"
    ) -> StreamEntry {
        samples.entry(frames: sequences.count) { encoder, frame in
            for (offset, sequence) in sequences.enumerated() {
                let place = Position(frame: frame + Int64(offset), ordinal: 0)
                encoder.note(sequence: sequence, at: place)
                encoder.price("\(sequence)", of: SampleSelection(option: option), at: place)
            }
        }
    }

    /// The prices in the order of their positions.
    private static func written(_ writer: WriterHarness) async throws -> [Int] {
        try await writer.rows("SELECT odd_value::int FROM odds_ticks ORDER BY position").compactMap {
            $0.first?.flatMap { Int($0) }
        }
    }

    private static func expectSound(_ writer: WriterHarness, gaps: Bool = false) async throws {
        let lost = try await writer.rows("SELECT cause FROM feed_gaps")
        #expect(lost.isEmpty || gaps, "\(lost)")
        let report = try await Audit(writer.postgres, now: WallClock.now + .seconds(60)).run()
        #expect(report.isClean, "\(report)")
    }

    @Test("what is repeated is left out, to the message")
    func repetitions() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.append([Self.prices(1...4, &samples), Self.prices(5...9, &samples)])
            try await writer.drain()
            // The log ends with the entry of 1 to 4: 5 to 9 are written and no longer in it.
            try await writer.append([
                samples.resume(behind: 1_003, sequence: 4), Self.prices(5...6, &samples), Self.prices(7...12, &samples),
                Self.prices(13...14, &samples),
            ])
            try await writer.drain()
            #expect(try await Self.written(writer) == Array(1...14))
            #expect(try await writer.rows("SELECT sum(rows) FROM ingest_ledger") == [["14"]])
            #expect(try await writer.rows("SELECT held FROM resumed_terms") == [["{[5,10)}"]])
            try await Self.expectSound(writer)
        }
    }

    @Test("without a fork nothing is left out, whatever the provider counts")
    func noFork() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.append([Self.prices(1...4, &samples)])
            let last: FrameNumber = 1_003
            try await writer.append([samples.resume(behind: last, sequence: 4), Self.prices(5...6, &samples)])
            try await writer.drain()
            #expect(try await Self.written(writer) == Array(1...6))
            #expect(try await writer.rows("SELECT held FROM resumed_terms") == [["{}"]])
            try await Self.expectSound(writer)
        }
    }

    @Test("a second fork right behind the first")
    func twoForks() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.append([Self.prices(1...4, &samples), Self.prices(5...9, &samples)])
            try await writer.drain()
            try await writer.append([samples.resume(behind: 1_003, sequence: 4), Self.prices(5...6, &samples)])
            try await writer.drain()
            // The Processor hands on where the log ended before the first short term.
            try await writer.append([
                samples.resume(behind: 1_003, sequence: 4, term: 79), Self.prices(5...11, &samples),
            ])
            try await writer.drain()
            #expect(try await Self.written(writer) == Array(1...11))
            try await Self.expectSound(writer)
        }
    }

    /// The first of two short terms was all read after the second had begun: it is as good as any other.
    @Test("two short terms in one batch")
    func oneBatch() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.append([Self.prices(1...4, &samples), Self.prices(5...9, &samples)])
            try await writer.drain()
            let first = [
                samples.resume(behind: 1_003, sequence: 4), Self.prices(5...6, &samples), Self.prices(7...20, &samples),
            ]
            let last = try EventsEntryHeader(decoding: first[2].payload).last
            try await writer.append(
                first + [
                    samples.resume(behind: last, since: 1_003, sequence: 20, term: 79), Self.prices(21...30, &samples),
                ])
            try await writer.drain()
            #expect(try await Self.written(writer) == Array(1...30))
            try await Self.expectSound(writer)
        }
    }

    /// A Writer that had an entry in hand all the while: the ledger refuses it, and the provider's repetition is written.
    @Test("what comes too late from before the fork is refused, and state stays right")
    func lateEntry() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            let whole = [Self.prices(1...4, &samples), Self.prices(5...6, &samples), Self.prices(7...9, &samples)]
            try await writer.append([whole[0], whole[2]])
            try await writer.drain()
            try await writer.append([samples.resume(behind: 1_003, sequence: 4), Self.prices(5...12, &samples)])
            try await writer.drain()
            #expect(try await Self.written(writer).sorted() == Array(1...12))
            #expect(try await writer.rows("SELECT held FROM resumed_terms") == [["{[7,10)}"]])
            // Under another id: the stream takes only what grows. Until here it was missing, which may be on record.
            let late = StreamEntry(id: StreamID(9_000_000), payload: whole[1].payload)
            try await writer.append([late])
            try await writer.drain()
            #expect(try await Self.written(writer).sorted() == Array(1...12))
            try await Self.expectSound(writer, gaps: true)
        }
    }

    @Test("decoded again, what is repeated stays out")
    func decodedAgain() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.append([Self.prices(1...4, &samples), Self.prices(5...9, &samples)])
            try await writer.drain()
            let start = samples.resume(behind: 1_003, sequence: 4)
            let repeated = Self.prices(5...12, &samples)
            try await writer.append([start, repeated])
            try await writer.drain()
            let feedID = try #require(try await writer.value("SELECT feed_id FROM feeds").flatMap { Int16($0) })
            let entry = try EventsEntryHeader(decoding: repeated.payload)
            let header = RawEntryHeader(
                kind: .frames, term: entry.term, first: entry.first, frameCount: Int(entry.last - entry.first) + 1,
                prev: entry.prev, receivedAt: entry.receivedAt)
            let outcome = try await HistoryReplacement(
                feed: writer.feed.feed, feedID: feedID, connection: writer.postgres, isTrial: false
            ).replace([.init(header: header, events: repeated.payload, letters: [])])
            #expect(outcome.rowsBefore == 3 && outcome.rowsAfter == 3)
            #expect(try await Self.written(writer) == Array(1...12))
            try await Self.expectSound(writer)
        }
    }

    /// What such a batch writes is held too, and only then is it known.
    @Test("a batch that is open somewhere is waited for")
    func openBatch() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.append([Self.prices(1...4, &samples)])
            try await writer.drain()
            let feedID = try #require(try await writer.value("SELECT feed_id FROM feeds WHERE name = 'feed-0'"))
            let open = "BEGIN; SELECT pg_advisory_xact_lock_shared(\(AdvisoryLock.feed), \(feedID))"
            try await writer.running {
                try await writer.holding(open) {
                    try await writer.append([samples.resume(behind: 1_003, sequence: 4), Self.prices(5...6, &samples)])
                    try await Task.sleep(for: .milliseconds(700))
                    #expect(try await Self.written(writer) == Array(1...4))
                }
                try await writer.settled()
            }
            #expect(try await Self.written(writer) == Array(1...6))
        }
    }
}
