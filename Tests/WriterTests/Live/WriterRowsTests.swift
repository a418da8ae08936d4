import FeedModel
import RedisStreams
import Testing

@testable import Writer

@Suite("Writer: rows", .timeLimit(.minutes(2)))
struct WriterRowsTests {
    @Test("every kind of event lands in its table, with its keys and current state")
    func everyKind() async throws {
        try await WriterHarness.with { writer in
            let received = Timestamp(milliseconds: WallClock.now.milliseconds)
            var samples = SampleEntries(receivedAt: received)
            let total = SampleSelection(market: "m-2", type: "total", option: "over", line: FixedDecimal("2.5"))
            try await writer.append([
                samples.entry(frames: 3, sequence: 41) { encoder, frame in
                    encoder.fixture(status: .live, score: (1, 0), home: "Ajax", at: Position(frame: frame, ordinal: 0))
                    encoder.price(
                        "1.95", at: Position(frame: frame, ordinal: 1), marketStatus: .open,
                        sourceTime: received - .seconds(1), marketName: "Match odds", selectionName: "Ajax")
                    encoder.price(nil, of: total, at: Position(frame: frame + 1, ordinal: 0), status: .suspended)
                    encoder.bet("bet-1", amount: "12.34", of: total, at: Position(frame: frame + 2, ordinal: 5))
                    encoder.settle(.won, of: total, at: Position(frame: frame + 2, ordinal: 6))
                }
            ])
            try await writer.drain()

            let odds = try await writer.rows(
                """
                SELECT o.position, o.odd_value, o.lay_value, o.status, s.option_id, s.line, s.name, m.market_id, m.market_type,
                    m.name, m.status, f.fixture_id, f.home_team, f.home_score, f.status, n.name,
                    extract(epoch FROM o.received_at - o.source_time)::int
                FROM odds_ticks o JOIN selections s USING (selection_key) JOIN markets m USING (market_key)
                JOIN fixtures f USING (fixture_key) JOIN feeds n ON n.feed_id = o.feed_id ORDER BY o.position
                """)
            let first = Position(frame: 1_000, ordinal: 1).rawValue
            let second = Position(frame: 1_001, ordinal: 0).rawValue
            #expect(
                odds == [
                    [
                        "\(first)", "1.95", nil, "1", "home", nil, "Ajax", "market-1", "1x2", "Match odds", "1",
                        "fixture-1",
                        "Ajax", "1", "2", "feed-0", "1",
                    ],
                    [
                        "\(second)", nil, nil, "2", "over", "2.5", nil, "m-2", "total", nil, nil, "fixture-1", "Ajax",
                        "1",
                        "2", "feed-0", nil,
                    ],
                ])
            #expect(
                try await writer.rows("SELECT bet_id, user_id, amount, odd, currency, status FROM bet_events")
                    == [["bet-1", "user-1", "12.34", "1", "EUR", "1"]])
            #expect(
                try await writer.rows(
                    "SELECT t.result, s.result, s.option_id FROM settlements t JOIN selections s USING (selection_key)")
                    == [["1", "1", "over"]])
            #expect(
                try await writer.rows("SELECT status, home_team, away_team, home_score FROM fixture_updates")
                    == [["2", "Ajax", nil, "1"]])
            #expect(
                try await writer.rows(
                    "SELECT first_frame, last_frame, prev_frame, term, rows, first_seq, last_seq FROM ingest_ledger")
                    == [["1000", "1002", "0", "77", "5", "41", "41"]])
        }
    }

    @Test("bets for and against a selection are told apart, in the table and in the views")
    func sidesOfBets() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.append([
                samples.entry { encoder, frame in
                    encoder.bet("back-1", amount: "5", at: Position(frame: frame, ordinal: 0))
                    encoder.bet("lay-1", side: .lay, amount: "7", at: Position(frame: frame, ordinal: 1))
                }
            ])
            try await writer.drain()
            #expect(
                try await writer.rows("SELECT bet_id, side FROM bet_events ORDER BY bet_id")
                    == [["back-1", "1"], ["lay-1", "2"]])
            #expect(
                try await writer.rows("SELECT bet_id, side FROM bets ORDER BY bet_id")
                    == [["back-1", "back"], ["lay-1", "lay"]])
            #expect(
                try await writer.rows("SELECT side, bets, stake FROM bet_handle ORDER BY side")
                    == [["back", "1", "5"], ["lay", "1", "7"]])
            #expect(
                try await writer.rows(
                    "SELECT payload ->> 'side' FROM events_typed WHERE payload ->> 'bet_id' = 'lay-1'")
                    == [["lay"]])
        }
    }

    @Test("repeats of a selection within one message are merged, the last one counts")
    func mergesRepeats() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            let entries = (0..<2).map { _ in
                samples.entry { encoder, frame in
                    for price in ["1.5", "1.6", "1.7"] { encoder.price(price, at: Position(frame: frame, ordinal: 0)) }
                    encoder.settle(.won, at: Position(frame: frame, ordinal: 0))
                    encoder.settle(.void, at: Position(frame: frame, ordinal: 0))
                    encoder.price("1.8", at: Position(frame: frame, ordinal: 1))
                }
            }
            try await writer.append(entries)
            try await writer.drain()
            #expect(
                try await writer.rows("SELECT odd_value FROM odds_ticks ORDER BY position")
                    == [["1.7"], ["1.8"], ["1.7"], ["1.8"]])
            #expect(try await writer.rows("SELECT result FROM settlements") == [["4"], ["4"]])
            #expect(try await writer.rows("SELECT rows FROM ingest_ledger") == [["3"], ["3"]])
        }
    }

    @Test("current state moves forward only, each group of columns by its own position")
    func forwardOnly() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            func entry(_ status: FixtureStatus, _ market: OddsStatus, _ name: String, _ result: SettlementResult)
                -> StreamEntry
            {
                samples.entry { encoder, frame in
                    encoder.fixture(status: status, at: Position(frame: frame, ordinal: 0))
                    encoder.price("2", at: Position(frame: frame, ordinal: 1), marketStatus: market, marketName: name)
                    encoder.settle(result, at: Position(frame: frame, ordinal: 2))
                }
            }
            let old = entry(.scheduled, .open, "old", .lost)
            let new = entry(.live, .suspended, "", .won)
            let state = """
                SELECT f.status, m.status, m.name, s.result FROM fixtures f JOIN markets m USING (fixture_key)
                JOIN selections s USING (market_key)
                """
            // The newer one is written first, as when two writers share a feed.
            try await writer.append([new])
            try await writer.drain()
            #expect(try await writer.rows(state) == [["2", "2", nil, "1"]])
            _ = try await writer.redis.delete([writer.feed.events])
            _ = try await writer.redis.createGroup(stream: writer.feed.events, group: "writer", at: .zero)
            try await writer.append([old])
            try await writer.drain()
            #expect(try await writer.rows(state) == [["2", "2", "old", "1"]])
            #expect(try await writer.count("odds_ticks") == 2)
        }
    }

    @Test("odds before their fixture leave a stub, which the fixture then fills")
    func stub() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.append([samples.entry { $0.price("2", at: Position(frame: $1, ordinal: 0)) }])
            try await writer.drain()
            #expect(
                try await writer.rows("SELECT fixture_id, status, position FROM fixtures") == [["fixture-1", nil, "0"]])
            try await writer.append([samples.entry { $0.fixture(status: .live, at: Position(frame: $1, ordinal: 0)) }])
            try await writer.drain()
            #expect(try await writer.rows("SELECT fixture_id, status FROM fixtures") == [["fixture-1", "2"]])
        }
    }

    @Test("many feeds on one worker, many entries, in order per selection")
    func manyFeeds() async throws {
        try await WriterHarness.with(feeds: 5) { writer in
            for feed in writer.feeds {
                var samples = SampleEntries()
                let entries = (0..<400).map { index in
                    samples.entry(frames: 4) { encoder, frame in
                        for offset in 0..<4 {
                            let selection = SampleSelection(option: "o-\((index * 4 + offset) % 37)")
                            encoder.price(
                                "\(index + 2)", of: selection, at: Position(frame: frame + Int64(offset), ordinal: 0))
                        }
                    }
                }
                try await writer.append(entries, to: feed)
            }
            try await writer.drain()
            #expect(try await writer.count("odds_ticks") == 5 * 1_600)
            #expect(try await writer.count("selections") == 5 * 37)
            #expect(
                try await writer.value("SELECT count(DISTINCT (feed_id, position, selection_key)) FROM odds_ticks")
                    == "8000")
            #expect(try await writer.value("SELECT sum(rows) FROM ingest_ledger") == "8000")
        }
    }

    @Test("a gap, its healing, and a heal that comes before its gap")
    func gaps() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            let gap = ControlEvent.Gap(
                kind: .sequence, fromSequence: 5, toSequence: 9, from: Timestamp(milliseconds: 1_700_000_000_000),
                cause: "seq jumped")
            let opened = samples.control(.gap(gap))
            let healed = samples.control(
                .gapHealed(position: Position(frame: 1_000, ordinal: 0).rawValue, at: 1_700_000_100_000_000))
            let table = """
                SELECT kind, from_sequence, to_sequence, cause, extract(epoch FROM healed_at)::bigint, to_time FROM feed_gaps
                """
            try await writer.append([healed])
            try await writer.drain()
            #expect(try await writer.rows(table) == [[nil, nil, nil, nil, "1700000100", nil]])
            _ = try await writer.redis.delete([writer.feed.events])
            _ = try await writer.redis.createGroup(stream: writer.feed.events, group: "writer", at: .zero)
            try await writer.append([opened])
            try await writer.drain()
            #expect(try await writer.rows(table) == [["2", "5", "9", "seq jumped", "1700000100", nil]])
            #expect(try await writer.rows("SELECT rows FROM ingest_ledger") == [["0"], ["0"]])
        }
    }
}
