import FeedModel
import RedisStreams
import Testing

@testable import Writer

@Suite("Writer: delivery", .timeLimit(.minutes(2)))
struct WriterDeliveryTests {
    private func numbered(_ count: Int, _ samples: inout SampleEntries, messages: Int = 5) -> [StreamEntry] {
        (0..<count).map { index in
            samples.entry { encoder, frame in
                for ordinal in 0..<messages {
                    let selection = SampleSelection(option: "o-\((index + ordinal) % 23)")
                    encoder.price("1.\(1_000 + index)", of: selection, at: Position(frame: frame, ordinal: ordinal))
                }
            }
        }
    }

    @Test("what is delivered again costs a ledger row and nothing else")
    func redelivery() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.append(numbered(300, &samples))
            try await writer.drain()
            _ = try await writer.redis.command(
                ["XGROUP", "SETID", .text(writer.feed.events), "writer", "0"])
            try await writer.append(numbered(10, &samples))
            try await writer.drain()
            #expect(try await writer.count("odds_ticks") == 1_550)
            #expect(try await writer.count("ingest_ledger") == 310)
        }
    }

    @Test("the own backlog is read first, and what a dead consumer left is claimed")
    func backlogAndClaims() async throws {
        try await WriterHarness.with { configuration in
            configuration.claim = ClaimPolicy(interval: .milliseconds(50), minimumIdle: .milliseconds(100), count: 7)
        } _: { writer in
            var samples = SampleEntries()
            try await writer.append(numbered(100, &samples))
            for consumer in ["test-writer-0", "dead-one"] {
                let taken = try await writer.redis.readGroup(
                    [writer.feed.events], group: "writer", consumer: consumer, from: .new, count: 40, block: nil)
                #expect(taken.first?.entries.count == 40)
            }
            try await writer.drain()
            #expect(try await writer.count("ingest_ledger") == 100)
            #expect(try await writer.count("odds_ticks") == 500)
        }
    }

    @Test("two processes with two workers each over one feed, claiming from each other: every row once")
    func manyWriters() async throws {
        try await WriterHarness.with { configuration in
            configuration.connections = 2
            configuration.batch = BatchPolicy(rows: 60, period: .milliseconds(2), maximumRows: 200)
            configuration.claim = ClaimPolicy(interval: .milliseconds(5), minimumIdle: .milliseconds(10), count: 50)
        } _: { writer in
            var samples = SampleEntries()
            let entries = (0..<600).map { index in
                samples.entry { encoder, frame in
                    encoder.fixture("f-\(index % 7)", status: .live, at: Position(frame: frame, ordinal: 0))
                    for ordinal in 1..<5 {
                        let selection = SampleSelection(
                            fixture: "f-\((index + ordinal) % 7)", option: "o-\((index * ordinal) % 31)")
                        encoder.price(
                            "2", of: selection, at: Position(frame: frame, ordinal: ordinal),
                            marketStatus: index % 3 == 0 ? .open : .suspended)
                    }
                }
            }
            try await writer.running("one") {
                try await writer.running("two") {
                    try await writer.append(entries)
                    try await writer.settled()
                }
            }
            #expect(try await writer.count("ingest_ledger") == 600)
            #expect(try await writer.count("odds_ticks") == 2_400)
            #expect(try await writer.count("fixture_updates") == 600)
            // The last message of each market decides, whoever wrote it.
            #expect(
                try await writer.value(
                    """
                    SELECT count(*) FROM markets m JOIN fixtures f USING (fixture_key)
                    WHERE m.position <> (SELECT max(o.position) FROM odds_ticks o JOIN selections s USING (selection_key)
                        WHERE s.market_key = m.market_key)
                    AND m.status <> (SELECT CASE WHEN ((max(o.position) >> 13) - 1000) % 3 = 0 THEN 1 ELSE 2 END
                        FROM odds_ticks o JOIN selections s USING (selection_key) WHERE s.market_key = m.market_key)
                    """) == "0")
        }
    }

    @Test("a lost group is made again and costs duplicates only; a stream that is not there yet is waited for")
    func groups() async throws {
        try await WriterHarness.with(feeds: 2) { writer in
            let late = writer.feeds[1]
            _ = try await writer.redis.delete([late.events])
            var samples = SampleEntries()
            let entries = numbered(20, &samples)
            try await writer.append(entries)
            try await writer.running {
                try await writer.eventually("written") { try await writer.count("ingest_ledger") == 20 }
                _ = try await writer.redis.command(["XGROUP", "DESTROY", .text(writer.feed.events), "writer"])
                var more = SampleEntries()
                _ = try await writer.redis.createGroup(stream: late.events, group: "writer", at: .zero)
                try await writer.append(numbered(5, &more), to: late)
                try await writer.append(numbered(5, &samples))
                try await writer.eventually("both written") { try await writer.count("ingest_ledger") == 30 }
            }
            #expect(try await writer.count("odds_ticks") == 150)
            #expect(try await writer.redis.streamInfo(of: late.events)?.length == 5)
        }
    }

    @Test("an entry of a version from the future stops the worker, unready, and loses nothing")
    func unknownVersion() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            let entries = numbered(3, &samples)
            var payload = entries[1].payload
            payload[0] = 200
            try await writer.append([entries[0], StreamEntry(id: entries[1].id, payload: payload), entries[2]])
            try await writer.running {
                try await writer.eventually("the first is written and the rest is not ready") {
                    let isReady = writer.isReady
                    let ledger = try await writer.count("ingest_ledger")
                    return !isReady && ledger == 1
                }
            }
            let pending = try await writer.redis.pendingSummary(stream: writer.feed.events, group: "writer")
            let group = try await writer.redis.groups(of: writer.feed.events).first { $0.name == "writer" }
            #expect(pending.lowest == entries[1].id && pending.count + (group?.lag ?? 0) == 2)
        }
    }

    @Test("entries that were deleted before they were written are a gap of kind lost")
    func ghosts() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            let entries = numbered(3, &samples)
            try await writer.append(entries)
            _ = try await writer.redis.readGroup(
                [writer.feed.events], group: "writer", consumer: "test-writer-0", from: .new, count: 10, block: nil)
            _ = try await writer.redis.command(["XDEL", .text(writer.feed.events), .id(entries[1].id)])
            try await writer.drain()
            #expect(try await writer.rows("SELECT position, kind FROM feed_gaps") == [["\(1_001 << 13)", "5"]])
            #expect(try await writer.count("ingest_ledger") == 2)
        }
    }

    @Test("an entry whose predecessor was never written is a gap of kind lost, once nothing older is pending")
    func brokenChain() async throws {
        try await WriterHarness.with { configuration in
            configuration.trim.interval = .milliseconds(50)
        } _: { writer in
            var samples = SampleEntries()
            let before = numbered(3, &samples)
            samples.skip(4)
            let after = numbered(3, &samples)
            try await writer.append(before + after)
            try await writer.running {
                try await writer.eventually("the loss is on record") { try await writer.count("feed_gaps") == 1 }
            }
            #expect(try await writer.rows("SELECT position, kind FROM feed_gaps") == [["\(1_007 << 13)", "5"]])
        }
    }

    @Test(
        "a hole in a backlog is a gap of kind lost however old the backlog is",
        arguments: [false, true])
    func brokenOldChain(isRestarted: Bool) async throws {
        try await WriterHarness.with { configuration in
            configuration.trim.interval = .milliseconds(50)
        } _: { writer in
            // What was written when the outage began.
            var samples = SampleEntries(receivedAt: WallClock.now - .seconds(3_600))
            let before = numbered(3, &samples)
            let backlog = numbered(3, &samples)
            samples.skip(4)
            let after = numbered(3, &samples)
            func write(_ entries: [StreamEntry]) async throws {
                try await writer.append(entries)
                try await writer.settled()
                // The watch has looked at it.
                try await Task.sleep(for: .milliseconds(1_300))
            }
            if isRestarted {
                try await writer.running { try await write(before) }
                try await writer.running { try await write(backlog + after) }
            } else {
                try await writer.running {
                    try await write(before)
                    try await write(backlog + after)
                }
            }
            #expect(try await writer.rows("SELECT position >> 13, kind FROM feed_gaps") == [["1010", "5"]])
        }
    }

    @Test("a log that begins anew with nobody knowing why is one gap of kind lost, from the last message written")
    func begunAnew() async throws {
        try await WriterHarness.with { configuration in
            configuration.trim.interval = .milliseconds(50)
        } _: { writer in
            var samples = SampleEntries()
            var entries = numbered(3, &samples)
            samples.forget()
            entries += numbered(3, &samples)
            // Here the feed itself says so, and counts from where its memory begins.
            samples.forget()
            entries += [
                samples.control(.termStarted(predecessorTerm: 0, predecessorLast: 0, provider: "sportsbook")),
                samples.control(.gap(.init(kind: .lost, from: WallClock.now + .seconds(9), cause: "known"))),
            ]
            entries += numbered(3, &samples)
            try await writer.append(entries)
            try await writer.running {
                try await writer.eventually("both losses are on record") { try await writer.count("feed_gaps") == 2 }
                try await Task.sleep(for: .milliseconds(300))
            }
            let gaps = try await writer.rows(
                """
                SELECT position >> 13, kind, cause = 'known', from_time = (SELECT max(received_at) FROM ingest_ledger l
                    WHERE l.first_frame < position >> 13 AND rows > 0) FROM feed_gaps ORDER BY position
                """)
            #expect(gaps == [["2003", "5", "f", "t"], ["3007", "5", "t", "t"]])
        }
    }

    @Test("an entry that was delivered too often is written alone")
    func aloneAfterManyDeliveries() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.append(numbered(10, &samples))
            for _ in 0..<6 {
                _ = try await writer.redis.readGroup(
                    [writer.feed.events], group: "writer", consumer: "test-writer-0", from: .new, count: 4, block: nil)
                _ = try await writer.redis.readGroup(
                    [writer.feed.events], group: "writer", consumer: "test-writer-0", from: .backlog(after: .zero),
                    count: 2, block: nil)
            }
            try await writer.drain()
            #expect(try await writer.count("ingest_ledger") == 10)
            #expect(try await writer.count("odds_ticks") == 50)
        }
    }
}
