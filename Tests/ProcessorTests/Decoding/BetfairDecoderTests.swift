import FeedModel
import Testing

@testable import Processor

@Suite struct BetfairDecoderTests {
    private static let publishTime = 1_763_719_199_000

    private func frame(_ changes: String..., ct: String? = nil) -> String {
        let ct = ct.map { "\"ct\":\"\($0)\"," } ?? ""
        return #"{"op":"mcm","clk":null,\#(ct)"pt":\#(Self.publishTime),"mc":[\#(changes.joined(separator: ","))]}"#
    }

    private func definition(
        _ status: String = "OPEN", inPlay: Bool = false,
        runners: [(id: Int, status: String)] = [(1, "ACTIVE"), (2, "ACTIVE")],
        more: String = ""
    ) -> String {
        let runners = runners.map { "{\"id\":\($0.id),\"status\":\"\($0.status)\",\"name\":\"Runner \($0.id)\"}" }
        return """
            "marketDefinition":{"eventId":"ev","eventTypeId":"4","eventName":"Netherlands v Papua","name":"Match Odds",\(more)
            "marketType":"MATCH_ODDS","bettingType":"ODDS","numberOfWinners":1,"marketTime":"2025-11-21T11:00:00.000Z",
            "openDate":"2025-11-21T10:30:00.000Z","status":"\(status)","inPlay":\(inPlay),"runners":[\(runners.joined(separator: ","))]}
            """
    }

    @Test func definitionTellsFixtureMarketAndRunners() throws {
        let outcome = try DecoderBench.betfair().decode(frame("{\"id\":\"1.5\",\(definition(inPlay: true)),\"rc\":[]}"))
        let fixture = try #require(outcome.fixtures.first)
        #expect(fixture.texts == ["ev", "cricket", "Cricket", "", "", "Netherlands", "Papua"])
        #expect(fixture.status == .live)
        #expect(fixture.start == Timestamp(rfc3339: "2025-11-21T11:00:00Z"))
        #expect(fixture.time == Timestamp(milliseconds: Int64(Self.publishTime)))
        #expect(outcome.odds.count == 2)
        let odds = try #require(outcome.odds.first)
        #expect(odds.selection.fixture == "ev" && odds.selection.market == "1.5" && odds.selection.type == "MATCH_ODDS")
        #expect(odds.selection.option == "1" && odds.selection.line == nil)
        #expect(odds.marketName == "Match Odds" && odds.selectionName == "Runner 1")
        #expect(odds.status == .open && odds.marketStatus == .open && odds.isInPlay)
        #expect(odds.odd == nil && odds.lay == nil && odds.lastTraded == nil)
    }

    @Test func bestPricesOfTheFullLadder() throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(frame("{\"id\":\"1.5\",\(definition())}"))
        let outcome = try bench.decode(
            frame(
                #"{"id":"1.5","rc":[{"id":1,"atb":[[1.9,10],[2.0,20.5],[1.8,5]],"atl":[[2.1,7],[2.04,3]],"ltp":2.02,"tv":55.5}]}"#
            ))
        let odds = try #require(outcome.odds.first)
        #expect(outcome.events.count == 1)
        #expect(odds.odd == FixedDecimal("2") && odds.backSize == FixedDecimal("20.5"))
        #expect(odds.lay == FixedDecimal("2.04") && odds.laySize == FixedDecimal("3"))
        #expect(odds.lastTraded == FixedDecimal("2.02"))
        #expect(odds.marketName.isEmpty && odds.selectionName.isEmpty && odds.marketStatus == nil)
        let removed = try bench.decode(
            frame(#"{"id":"1.5","rc":[{"id":1,"atb":[[2,0],[7.5,0]]},{"id":1,"atl":[[2.04,0]]}]}"#))
        #expect(removed.odds.count == 1, "one runner twice is one row")
        #expect(removed.odds.first?.odd == FixedDecimal("1.9") && removed.odds.first?.lay == FixedDecimal("2.1"))
        let deeper = try bench.decode(frame(#"{"id":"1.5","rc":[{"id":1,"atb":[[1.5,3]],"trd":[[2,9]]}]}"#))
        #expect(deeper.events.isEmpty, "the best price did not change")
    }

    @Test func laddersByPositionAreUsedWithoutAFullOne() throws {
        let bench = try DecoderBench.betfair()
        let first = try bench.decode(
            frame(
                #"{"id":"1.5","img":true,"rc":[{"id":1,"batb":[[0,2,10],[1,1.9,5]],"batl":[[1,2.2,4]],"bdatb":[[0,2.02,1]]}]}"#
            ))
        #expect(first.odds.first?.odd == FixedDecimal("2") && first.odds.first?.lay == FixedDecimal("2.2"))
        let second = try bench.decode(frame(#"{"id":"1.5","rc":[{"id":1,"batb":[[0,0,0]]}]}"#))
        #expect(second.odds.first?.odd == FixedDecimal("1.9"))
        let full = try bench.decode(frame(#"{"id":"1.5","rc":[{"id":1,"atb":[[1.95,1]]}]}"#))
        #expect(full.odds.first?.odd == FixedDecimal("1.95") && full.odds.first?.lay == nil)
    }

    @Test func identityStaysWhenTheDefinitionComesLate() throws {
        let bench = try DecoderBench.betfair()
        let before = try bench.decode(frame(#"{"id":"1.5","rc":[{"id":1,"atb":[[2,10]]}]}"#))
        let selection = try #require(before.odds.first).selection
        #expect(selection.fixture == "1.5" && selection.type == "unknown")
        let after = try bench.decode(frame("{\"id\":\"1.5\",\(definition("SUSPENDED"))}"))
        #expect(after.odds.first?.selection == selection)
        #expect(after.odds.first?.key == before.odds.first?.key)
        #expect(after.odds.last?.selection.fixture == "1.5", "new runners of the market follow it")
        #expect(after.fixtures.first?.texts.prefix(2) == ["1.5", "cricket"])
        let restored = try bench.restored().decode(frame(#"{"id":"1.5","rc":[{"id":1,"atb":[[3,10]]}]}"#))
        #expect(restored.odds.first?.key == before.odds.first?.key)
    }

    @Test func handicapIsTheLine() throws {
        let outcome = try DecoderBench.betfair().decode(
            frame(
                #"{"id":"1.5","rc":[{"id":1,"hc":-0.5,"atb":[[2,1]]},{"id":1,"hc":0,"atb":[[3,1]]},{"id":1,"atb":[[3.5,1]]}]}"#
            ))
        #expect(outcome.odds.map(\.selection.line) == [FixedDecimal("-0.5"), nil])
        #expect(outcome.odds.map(\.odd) == [FixedDecimal("2"), FixedDecimal("3.5")])
    }

    @Test func imageReplacesPrices() throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(frame(#"{"id":"1.5","rc":[{"id":1,"atb":[[2,10]],"ltp":2},{"id":2,"atb":[[3,1]]}]}"#))
        let outcome = try bench.decode(
            frame(#"{"id":"1.5","img":true,"rc":[{"id":1,"atb":[[1.5,10]]}]}"#, ct: "SUB_IMAGE"))
        #expect(outcome.odds.map(\.odd) == [FixedDecimal("1.5"), nil])
        #expect(outcome.odds.map(\.lastTraded) == [nil, nil])
        #expect(outcome.odds.allSatisfy { $0.isSnapshot })
    }

    @Test func statusFollowsMarketAndRunner() throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(frame("{\"id\":\"1.5\",\(definition()),\"rc\":[{\"id\":1,\"atb\":[[2,10]]}]}"))
        let suspended = try bench.decode(frame("{\"id\":\"1.5\",\(definition("SUSPENDED"))}"))
        #expect(suspended.odds.map(\.status) == [.suspended, .suspended])
        #expect(suspended.odds.first?.odd == FixedDecimal("2"), "suspended prices are still shown")
        #expect(suspended.fixtures.isEmpty)
        let removed = try bench.decode(
            frame("{\"id\":\"1.5\",\(definition(runners: [(1, "ACTIVE"), (2, "REMOVED")]))}"))
        #expect(removed.odds.map(\.status) == [.open, .closed])
        #expect(removed.settlements.map(\.result) == [.removed])
        let closed = try bench.decode(
            frame("{\"id\":\"1.5\",\(definition("CLOSED", runners: [(1, "WINNER"), (2, "REMOVED")]))}"))
        #expect(closed.odds.map(\.status) == [.closed])
        #expect(closed.odds.first?.marketStatus == .closed)
        #expect(closed.settlements.map(\.result) == [.won])
        #expect(closed.fixtures.first?.status == .finished)
        let again = try bench.decode(
            frame("{\"id\":\"1.5\",\(definition("CLOSED", runners: [(1, "WINNER"), (2, "REMOVED")]))}"))
        #expect(again.events.isEmpty)
    }

    @Test func lastPriceOfTheWipeIsNotPublished() throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(frame("{\"id\":\"1.5\",\(definition()),\"rc\":[{\"id\":1,\"atb\":[[1.01,9]],\"ltp\":1.01}]}"))
        try bench.decode(frame("{\"id\":\"1.5\",\(definition("SUSPENDED"))}"))
        let wipe = try bench.decode(frame(#"{"id":"1.5","rc":[{"id":1,"atb":[[1.01,0]],"ltp":2.0,"tv":0.0}]}"#))
        #expect(wipe.odds.first?.odd == nil)
        #expect(wipe.odds.first?.lastTraded == FixedDecimal("1.01"))
    }

    @Test func fixtureIsLiveWhileAnyOfItsMarketsIs() throws {
        let bench = try DecoderBench.betfair()
        let first = try bench.decode(
            frame("{\"id\":\"1.1\",\(definition(inPlay: true))}", "{\"id\":\"1.2\",\(definition(inPlay: true))}"))
        #expect(first.fixtures.count == 1)
        #expect(try bench.decode(frame("{\"id\":\"1.1\",\(definition("CLOSED"))}")).fixtures.isEmpty)
        let over = try bench.decode(frame("{\"id\":\"1.2\",\(definition("CLOSED"))}"))
        #expect(over.fixtures.map(\.status) == [.finished])
    }

    @Test func overroundNeedsEveryRunner() throws {
        let bench = try DecoderBench.betfair()
        let half = try bench.decode(frame("{\"id\":\"1.5\",\(definition()),\"rc\":[{\"id\":1,\"atb\":[[2,10]]}]}"))
        #expect(half.odds.allSatisfy { $0.overround == nil })
        let whole = try bench.decode(frame(#"{"id":"1.5","rc":[{"id":2,"atb":[[1.9,10]]}]}"#))
        #expect(whole.odds.first?.overround == FixedDecimal("0.0263"))
    }

    @Test func pricesOfALineMarketAreNoOdds() throws {
        let bench = try DecoderBench.betfair()
        let line = definition().replacing("\"bettingType\":\"ODDS\"", with: "\"bettingType\":\"LINE\"")
        let outcome = try bench.decode(
            frame("{\"id\":\"1.5\",\(line),\"rc\":[{\"id\":1,\"atb\":[[0.5,10]]}]}"),
            frame(#"{"id":"1.5","rc":[{"id":1,"atl":[[0.7,2]]}]}"#))
        #expect(outcome.letters.isEmpty)
        #expect(outcome.odds.allSatisfy { $0.odd == nil && $0.lay == nil })
    }

    @Test func ordinalIsTheElement() throws {
        let bench = try DecoderBench.betfair()
        let one = #"{"id":"1.1","rc":[{"id":1,"atb":[[2,10]]}]}"#
        let two = #"{"id":"1.2","rc":[{"id":1,"atb":[[2,10]]}]}"#
        #expect(try bench.decode(frame(one, two)).odds.map(\.position.ordinal) == [0, 1])
        let list = "[\(frame(one.replacing("10", with: "11"), two.replacing("10", with: "11"))),\(frame(one))]"
        #expect(try bench.decode(list).odds.map(\.position.ordinal) == [0, 1, 2])
    }

    @Test func oneBadChangeCostsOnlyItself() throws {
        let bench = try DecoderBench.betfair()
        let good = #"{"id":"1.1","rc":[{"id":1,"atb":[[2,10]]}]}"#
        let bad = [
            #"{"rc":[]}"#, #"{"id":"1.1","rc":[{"atb":[]}]}"#, #"{"id":"1.1","rc":[{"id":1,"atb":[[0.5,1]]}]}"#,
            #"{"id":"1.1","rc":[{"id":1,"atb":[[3,1]]},{"id":1,"atb":[["x",1]]}]}"#,
            #"{"id":"1.1","rc":[{"id":1,"batb":[[2,1]]}]}"#,
            #"{"id":"1.1","marketDefinition":{"eventId":"e","status":"ODD"}}"#,
            #"{"id":"1.1","marketDefinition":{"status":"OPEN"}}"#,
            #"{"id":"1.1","rc":[{"id":1,"ltp":0.9}]}"#, #"{"id":"1.1","rc":[{"id":1,"tv":-1}]}"#,
            #"{"id":"1.1","id":"1.2"}"#, "7",
        ]
        let outcome = try bench.decode(frame(good), frame(bad[0], bad[1], good.replacing("2,", with: "3,")))
        #expect(outcome.reasons == [.missingField, .missingField])
        #expect(outcome.letters.map(\.position.ordinal) == [0, 1])
        #expect(outcome.letters[0].payload == Array(bad[0].utf8))
        #expect(outcome.odds.map(\.position.ordinal) == [0, 2])
        for change in bad.dropFirst(2) {
            let outcome = try bench.decode(frame(change))
            #expect(outcome.letters.count == 1 && outcome.events.isEmpty, "\(change)")
        }
        #expect(try bench.decode(frame(good.replacing("2,", with: "4,"))).odds.first?.odd == FixedDecimal("4"))
    }

    @Test func otherMessages() throws {
        let bench = try DecoderBench.betfair()
        let session = try bench.decode(
            #"{"op":"connection","connectionId":"x"}"#, #"{"op":"status","statusCode":"SUCCESS"}"#,
            #"{"op":"mcm","id":2,"clk":"A","pt":1763719199000,"ct":"HEARTBEAT"}"#)
        #expect(session.counters.session == 3 && session.events.isEmpty && session.letters.isEmpty)
        let unused = try bench.decode(
            #"{"op":"ccm","pt":1,"cc":[]}"#, #"{"op":"rcm","pt":1}"#)
        #expect(unused.counters.unused == 2 && unused.letters.isEmpty)
        let bad = try bench.decode(
            #"{"op":"zcm"}"#, #"{"pt":1}"#, "[]x", #"{"op":"mcm","mc":[]}"#, #"{"op":"mcm","pt":1,"mc":[]}"#)
        #expect(bad.reasons == [.unknownType, .missingField, .malformedJSON, .missingField, .badValue])
    }

    /// A resumed stream patches some markets and sends others anew.
    @Test func resumedMarketsArePatchedOrReplaced() throws {
        let bench = try DecoderBench.betfair()
        let levels = #""rc":[{"id":1,"atb":[[2,10],[1.9,5]],"atl":[[2.2,3]]}]"#
        try bench.decode(
            frame("{\"id\":\"1.1\",\(levels)}", "{\"id\":\"1.2\",\(levels)}", "{\"id\":\"1.3\",\(levels)}"))
        try bench.apply(.resumed(fromSequence: nil))
        let outcome = try bench.decode(
            frame(
                #"{"id":"1.1","con":true,"rc":[{"id":1,"atb":[[2,0]]}]}"#,
                #"{"id":"1.2","img":true,"rc":[{"id":1,"atb":[[1.8,1]]}]}"#, ct: "RESUB_DELTA"))
        #expect(outcome.odds.map(\.selection.market) == ["1.1", "1.2"] && outcome.counters.closed == 0)
        #expect(outcome.odds.map(\.odd) == [FixedDecimal("1.9"), FixedDecimal("1.8")])
        #expect(outcome.odds.map(\.lay) == [FixedDecimal("2.2"), nil])
        #expect(outcome.odds.allSatisfy { !$0.isSnapshot })
    }

    /// An image in pieces is one image: only at its end is it known what it left out.
    @Test func anImageInSegmentsIsOneSnapshot() throws {
        let bench = try DecoderBench.betfair()
        func market(_ id: Int, _ price: Double, img: Bool = false) -> String {
            "{\"id\":\"1.\(id)\",\"img\":\(img),\"rc\":[{\"id\":1,\"atb\":[[\(price),10]]}]}"
        }
        try bench.decode(frame(market(1, 2), market(2, 2), market(3, 2), market(4, 2)))
        try bench.apply(.snapshotBegan)
        for (segment, id) in [("SEG_START", 1), ("SEG", 2), ("SEG_END", 3)] {
            let segmented = frame(market(id, 3, img: true), ct: "SUB_IMAGE\",\"segmentType\":\"\(segment)")
            let outcome = try bench.decode(segmented)
            #expect(outcome.odds.map(\.selection.market) == ["1.\(id)"] && outcome.counters.closed == 0)
            #expect(outcome.odds.allSatisfy { $0.isSnapshot && $0.odd == FixedDecimal("3") })
        }
        let end = try bench.apply(.snapshotEnded)
        #expect(end.odds.map(\.selection.market) == ["1.4"] && end.odds.map(\.status) == [.closed])
    }

    @Test func snapshotClosesMarketsThatAreGone() throws {
        let bench = try DecoderBench.betfair()
        try bench.decode(
            frame("{\"id\":\"1.1\",\(definition()),\"rc\":[{\"id\":1,\"atb\":[[2,10]]}]}"),
            frame(#"{"id":"1.2","rc":[{"id":1,"atb":[[2,10]]}]}"#))
        try bench.apply(.snapshotBegan)
        try bench.decode(frame(#"{"id":"1.2","img":true,"rc":[{"id":1,"atb":[[2,10]]}]}"#, ct: "SUB_IMAGE"))
        let outcome = try bench.apply(.snapshotEnded)
        #expect(outcome.odds.map(\.selection.market) == ["1.1", "1.1"])
        #expect(outcome.odds.allSatisfy { $0.status == .closed && $0.marketStatus == .closed && $0.odd == nil })
        #expect(outcome.fixtures.map(\.status) == [.finished])
        #expect(outcome.settlements.isEmpty)
        #expect(outcome.counters.closed == 2)
    }
}
