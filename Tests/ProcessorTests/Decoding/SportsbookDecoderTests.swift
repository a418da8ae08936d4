import FeedModel
import TestSupport
import Testing

@testable import Processor

@Suite struct SportsbookDecoderTests {
    @Test func decodesOneSelectionsPrice() throws {
        let outcome = try DecoderBench.sportsbook().decode(BookMessage.odds(seq: 7).json)
        let odds = try #require(outcome.odds.first)
        #expect(outcome.events.count == 1)
        #expect(odds.position == Position(frame: 1_000, ordinal: 0))
        #expect(odds.time == Timestamp(rfc3339: "2025-11-21T09:59:59.500Z"))
        #expect(odds.odd == FixedDecimal("1.95"))
        #expect(odds.status == .open)
        #expect(odds.marketStatus == nil)
        #expect(odds.selection.fixture == "fx-1")
        #expect(odds.selection.market == "1X2")
        #expect(odds.selection.type == "1X2")
        #expect(odds.selection.option == "home")
        #expect(odds.selection.line == nil)
        #expect((outcome.header.firstSequence, outcome.header.lastSequence) == (7, 7))
        #expect(outcome.counters.odds == 1)
        #expect(outcome.letters.isEmpty)
    }

    @Test func keyIsTheSelectionsDeterministicKey() throws {
        let outcome = try DecoderBench.sportsbook().decode(BookMessage.odds(seq: 7).json)
        var identity: [UInt8] = []
        let feed = try DecoderBench.feed()
        let texts = ["fx-1", "1X2", "1X2", "home"].map { Array($0.utf8) }
        SelectionIdentity.append(
            fixture: texts[0].withUnsafeBytes { $0 }, market: texts[1].withUnsafeBytes { $0 },
            type: texts[2].withUnsafeBytes { $0 }, option: texts[3].withUnsafeBytes { $0 }, line: nil, to: &identity)
        let key = identity.withUnsafeBytes { feed.selectionKey($0, seed: feed.selectionSeed) }
        #expect(outcome.odds.first?.key == key)
    }

    @Test(arguments: [
        ("2.5", "1X2:2.5"), ("2.50", "1X2:2.5"), ("\"-0.25\"", "1X2:-0.25"), ("0", "1X2:0"),
        ("1234567.0001", "1X2:1234567.0001"),
    ])
    func marketIsNamedByTypeAndLine(_ line: String, _ market: String) throws {
        let outcome = try DecoderBench.sportsbook().decode(BookMessage.odds(seq: 1).with(["line": line]).json)
        #expect(outcome.odds.first?.selection.market == market)
        #expect(outcome.odds.first?.selection.line == FixedDecimal(line.filter { $0 != "\"" }))
    }

    @Test func marketsOwnIdWins() throws {
        let message = BookMessage.odds(seq: 1).with(["line": "2.5", "market_id": "\"m-9\""])
        #expect(try DecoderBench.sportsbook().decode(message.json).odds.first?.selection.market == "m-9")
    }

    @Test func whereTheTypeStandsAndUnknownKeysDoNotMatter() throws {
        let message = BookMessage.odds(seq: 1).with(
            ["type": nil, "x": "{\"type\":\"bet_placement\",\"y\":[1,{}]}", "source": "\"s\"", "status": "null"])
        let outcome = try DecoderBench.sportsbook().decode(message.with(["type": "\"odds_change\""]).json)
        #expect(outcome.odds.count == 1)
    }

    @Test func wholeMarket() throws {
        let message = BookMessage.market(
            seq: 3,
            """
            {"option_id":"home","odd_value":2.0},{"option_id":"draw","odd_value":"4"},
            {"option_id":"away","odd_value":"4.00001"},{"option_id":"x","status":"suspended"}
            """)
        let outcome = try DecoderBench.sportsbook().decode(message.json)
        #expect(outcome.odds.map(\.selection.option) == ["home", "draw", "away", "x"])
        #expect(outcome.odds.map(\.odd) == [FixedDecimal("2"), FixedDecimal("4"), FixedDecimal("4"), nil])
        #expect(outcome.odds.map(\.status) == [.open, .open, .open, .suspended])
        #expect(Set(outcome.odds.map(\.position)).count == 1)
        #expect(outcome.odds.allSatisfy { $0.overround == FixedDecimal("0") })
        #expect(outcome.counters.rounded == 1)
    }

    @Test func wholeMarketOverround() throws {
        let message = BookMessage.market(
            seq: 3, #"{"option_id":"over","odd_value":1.9},{"option_id":"under","odd_value":1.9}"#)
        let odds = try DecoderBench.sportsbook().decode(message.json).odds
        #expect(odds.first?.overround == FixedDecimal("0.0526"))
    }

    @Test func statusOfTheMarketIsThatOfItsSelections() throws {
        let message = BookMessage.market(
            seq: 3, #"{"option_id":"over"},{"option_id":"under","odd_value":1.9,"status":"open"}"#
        ).with(["status": "\"suspended\""])
        let odds = try DecoderBench.sportsbook().decode(message.json).odds
        #expect(odds.map(\.status) == [.suspended, .open])
        #expect(odds.map(\.marketStatus) == [.suspended, .suspended])
    }

    @Test func selectionNamedTwiceIsMerged() throws {
        let message = BookMessage.market(
            seq: 3,
            #"{"option_id":"a","odd_value":1.9},{"option_id":"b","odd_value":3},{"option_id":"a","odd_value":2}"#)
        let odds = try DecoderBench.sportsbook().decode(message.json).odds
        #expect(odds.map(\.odd) == [FixedDecimal("2"), FixedDecimal("3")])
    }

    @Test func fixtureUpdate() throws {
        let outcome = try DecoderBench.sportsbook().decode(BookMessage.fixture(seq: 1).json)
        let fixture = try #require(outcome.fixtures.first)
        #expect(fixture.texts == ["fx-1", "football", "Football", "t-1", "Premier League", "Árbær", "B"])
        #expect(fixture.status == .scheduled)
        #expect(fixture.start == Timestamp(rfc3339: "2025-11-22T15:00:00Z"))
        #expect(fixture.time == Timestamp(milliseconds: 1_763_719_199_500))
        #expect(fixture.scores == [1, 0])
    }

    @Test func fixtureCarriesWhatEarlierOnesSaid() throws {
        let bench = try DecoderBench.sportsbook()
        try bench.decode(BookMessage.fixture(seq: 1).json)
        let short = BookMessage.fixture(seq: 2, status: "live").with(
            ["sport": nil, "tournament": nil, "home_score": nil, "away_score": "2"])
        let fixture = try #require(try bench.decode(short.json).fixtures.first)
        #expect(fixture.texts[2] == "Football")
        #expect(fixture.texts[4] == "Premier League")
        #expect(fixture.scores == [1, 2])
        let other = short.with(["seq": "3", "sport_id": "\"tennis\"", "tournament_id": "\"t-2\""])
        let changed = try #require(try bench.decode(other.json).fixtures.first)
        #expect(changed.texts[2].isEmpty && changed.texts[4].isEmpty)
    }

    @Test func oddsKnowWhetherTheirFixtureIsInPlay() throws {
        let bench = try DecoderBench.sportsbook()
        var seq = 0
        func isInPlay(after status: String?) throws -> Bool? {
            seq += 2
            if let status { try bench.decode(BookMessage.fixture(seq: seq, status: status).json) }
            return try bench.decode(BookMessage.odds(seq: seq + 1).json).odds.first?.isInPlay
        }
        #expect(try isInPlay(after: nil) == false)
        #expect(try isInPlay(after: "scheduled") == false)
        #expect(try isInPlay(after: "live") == true)
        #expect(try isInPlay(after: "suspended") == true)
        #expect(try isInPlay(after: "finished") == false)
    }

    @Test func settlementAndBet() throws {
        let outcome = try DecoderBench.sportsbook().decode(
            BookMessage.settlement(seq: 1, result: "void").json, BookMessage.bet(seq: 2).json)
        #expect(outcome.settlements.first?.result == .void)
        let bet = try #require(outcome.bets.first)
        #expect(bet.status == .placed)
        #expect(bet.amounts == [FixedDecimal("10.5"), FixedDecimal("1.95"), FixedDecimal("20.475")].compactMap { $0 })
        #expect(bet.texts == ["b-1", "u-1", "EUR"])
        #expect(bet.selection.option == "home")
        #expect(bet.position == Position(frame: 1_001, ordinal: 0))
    }

    @Test func ordinalIsThePlaceInTheFrame() throws {
        let bench = try DecoderBench.sportsbook()
        let frame = "[" + (1...3).map { BookMessage.odds(seq: $0).json }.joined(separator: ",") + "]"
        let outcome = try bench.decode(frame, BookMessage.odds(seq: 4).json)
        #expect(outcome.odds.map(\.position.ordinal) == [0, 1, 2, 0])
        #expect(outcome.odds.map(\.position.frame) == [1_000, 1_000, 1_000, 1_001])
        #expect((outcome.header.firstSequence, outcome.header.lastSequence) == (1, 4))
    }

    @Test func theOldPartOfAFrameIsSkipped() throws {
        let bench = try DecoderBench.sportsbook()
        try bench.decode(BookMessage.odds(seq: 5).json)
        let frame = "[" + (3...7).map { BookMessage.odds(seq: $0).json }.joined(separator: ",") + "]"
        let outcome = try bench.decode(frame)
        #expect(outcome.odds.map(\.position.ordinal) == [3, 4])
        #expect(outcome.counters.skipped == 3)
        #expect(outcome.header.firstSequence == 6)
    }

    @Test func whatIsSaidAgainIsKeptAndCounted() throws {
        let bench = try DecoderBench.sportsbook()
        var unchanged = 0
        for (seq, odd) in ["1.9", "1.90", "2", "2.0", "1.9"].enumerated() {
            let outcome = try bench.decode(BookMessage.odds(seq: seq + 1, odd: odd).json)
            #expect(outcome.odds.count == 1)
            unchanged += outcome.counters.unchanged
        }
        #expect(unchanged == 2)
    }

    @Test(arguments: ["heartbeat", "subscribed", "pong", "error", "snapshot_complete"])
    func sessionMessagesAreTheSessions(_ type: String) throws {
        let outcome = try DecoderBench.sportsbook().decode(#"{"type":"\#(type)","seq":5,"code":1,"message":"x"}"#)
        #expect(outcome.events.isEmpty)
        #expect(outcome.letters.isEmpty)
        #expect(outcome.counters.session == 1)
        #expect(outcome.header.lastSequence == 0)
    }

    @Test func oneBadMessageCostsOnlyItself() throws {
        let bench = try DecoderBench.sportsbook()
        let bad = BookMessage.odds(seq: 2, odd: "0.5").json
        let frame = "[\(BookMessage.odds(seq: 1).json),\(bad), 42 ,\(BookMessage.odds(seq: 3).json)]"
        let outcome = try bench.decode(frame, "{\"type\":", BookMessage.odds(seq: 4).json)
        #expect(outcome.odds.map(\.position.ordinal) == [0, 3, 0])
        #expect(outcome.reasons == [.badValue, .badValue, .malformedJSON])
        #expect(outcome.letters[0].payload == Array(bad.utf8))
        #expect(outcome.letters[0].position == Position(frame: 1_000, ordinal: 1))
        #expect(outcome.letters[0].detail.hasPrefix("odd_value: 0.5 is not odds between 1.0001 and 1000000"))
        #expect(outcome.letters[1].payload == Array("42".utf8))
        #expect(outcome.letters[2].position == Position(frame: 1_001, ordinal: 0))
        #expect(outcome.letters[2].payload == Array("{\"type\":".utf8))
        #expect(outcome.counters.letters(.badValue) == 2)
        #expect(outcome.letters.allSatisfy { $0.receivedAt == DecoderBench.receivedAt && $0.stage == .processor })
    }

    @Test func aBadPriceRefusesItsWholeMarket() throws {
        let bench = try DecoderBench.sportsbook()
        let bad = BookMessage.market(
            seq: 1, #"{"option_id":"a","odd_value":1.9},{"option_id":"b","odd_value":1}"#)
        let outcome = try bench.decode(bad.json)
        #expect(outcome.events.isEmpty)
        #expect(outcome.reasons == [.badValue])
        let good = try bench.decode(BookMessage.odds(seq: 2, option: "a", odd: "1.9").json)
        #expect(good.counters.unchanged == 0)
    }
}
