import FeedModel
import Testing

@testable import Processor

@Suite struct KalshiDecoderTests {
    private static let market = "KXTEST-26FEB12-T5"

    private func message(_ type: String, market: String = market, _ more: String, time: String = ",\"ts\":1763719199")
        -> String
    {
        #"{"type":"\#(type)","sid":1,"seq":7,"msg":{"market_ticker":"\#(market)",\#(more)\#(time)}}"#
    }

    private func snapshot(_ yes: String, _ no: String) -> String {
        message("orderbook_snapshot", "\"yes_dollars_fp\":[\(yes)],\"no_dollars_fp\":[\(no)]", time: "")
    }

    private func delta(_ side: String, _ price: String, _ delta: String) -> String {
        message("orderbook_delta", #""side":"\#(side)","price_dollars":"\#(price)","delta_fp":"\#(delta)""#)
    }

    private func decimal(_ text: String) -> FixedDecimal? { FixedDecimal(text) }

    @Test func bidsOfOneSideAreOffersOfTheOther() throws {
        let outcome = try DecoderBench.kalshi().decode(
            snapshot(#"["0.3900","5.00"],["0.4000","310.00"]"#, #"["0.5000","20.00"],["0.1","1"]"#))
        #expect(outcome.letters.isEmpty && outcome.odds.map(\.selection.option) == ["yes", "no"])
        let (yes, no) = (try #require(outcome.odds.first), try #require(outcome.odds.last))
        #expect(yes.lay == decimal("2.5") && yes.laySize == decimal("310"))
        #expect(yes.odd == decimal("2") && yes.backSize == decimal("20"), "yes costs 1 − 0.50")
        #expect(no.odd == decimal("1.6667") && no.backSize == decimal("310"), "no costs 1 − 0.40")
        #expect(no.lay == decimal("2") && no.laySize == decimal("20"))
        #expect(yes.overround == decimal("0.1"))
        #expect(yes.selection.fixture == "KXTEST-26FEB12" && yes.selection.market == Self.market)
    }

    @Test func deltasAreSigned() throws {
        let bench = try DecoderBench.kalshi()
        try bench.decode(snapshot(#"["0.40","10"]"#, ""))
        let more = try bench.decode(delta("yes", "0.40", "5.00"))
        #expect(more.odds.map(\.laySize) == [decimal("15"), nil] && more.odds.map(\.backSize) == [nil, decimal("15")])
        #expect(more.odds.first?.time == Timestamp(milliseconds: 1_763_719_199_000))
        let gone = try bench.decode(delta("yes", "0.40", "-15"))
        #expect(gone.odds.allSatisfy { $0.odd == nil && $0.lay == nil && $0.status == .open })
        let new = try bench.decode(delta("no", "0.75", "2"))
        #expect(new.odds.first?.odd == decimal("4") && new.odds.last?.lay == decimal("1.3333"))
        let wrong = try bench.decode(delta("no", "0.75", "-3"), delta("no", "0.75", "1"))
        #expect(wrong.reasons == [.badValue] && wrong.letters.first?.detail.contains("the book has 2") == true)
        #expect(wrong.odds.first?.backSize == decimal("3"), "the next one goes through")
    }

    @Test func aDeltaWithoutItsBookSaysNothing() throws {
        let outcome = try DecoderBench.kalshi().decode(delta("yes", "0.40", "5"))
        #expect(outcome.events.isEmpty && outcome.letters.isEmpty && outcome.counters.unused == 1)
    }

    @Test func centsOfOlderServers() throws {
        let bench = try DecoderBench.kalshi()
        let first = try bench.decode(message("orderbook_snapshot", #""yes":[[40,310]]"#, time: ""))
        #expect(first.odds.first?.lay == decimal("2.5") && first.odds.first?.odd == nil, "a missing side is empty")
        let second = try bench.decode(message("orderbook_delta", #""side":"no","price":50,"delta":20"#))
        #expect(second.odds.first?.odd == decimal("2"))
        #expect(
            try bench.decode(message("orderbook_delta", #""side":"no","price":150,"delta":1"#)).reasons == [.badValue])
    }

    @Test func tickersCountWithoutABook() throws {
        let bench = try DecoderBench.kalshi()
        let outcome = try bench.decode(
            message(
                "ticker",
                #""price":0,"yes_bid_dollars":"0.4000","yes_ask_dollars":"1.0000","yes_bid_size_fp":"14.00","yes_ask_size_fp":"0.00""#
            ))
        #expect(
            outcome.odds.map(\.lay) == [decimal("2.5"), nil] && outcome.odds.map(\.laySize) == [decimal("14"), nil])
        #expect(outcome.odds.map(\.odd) == [nil, decimal("1.6667")])
        #expect(outcome.odds.map(\.lastTraded) == [nil, nil], "0: never traded")
        let cents = try bench.decode(message("ticker", #""price":25,"yes_bid":20,"yes_ask":50"#))
        #expect(cents.odds.first?.odd == decimal("2") && cents.odds.first?.backSize == nil)
        #expect(cents.odds.map(\.lastTraded) == [decimal("4"), decimal("1.3333")])
        try bench.decode(snapshot(#"["0.10","1"]"#, ""))
        #expect(try bench.decode(message("ticker", #""price":25,"yes_bid":20,"yes_ask":50"#)).events.isEmpty)
    }

    @Test func tradesTellTheLastPriceOfBoth() throws {
        let bench = try DecoderBench.kalshi()
        for text in [
            #""yes_price_dollars":"0.8000","no_price_dollars":"0.2000","yes_price":80"#, #""no_price_dollars":"0.2""#,
            #""yes_price":80"#,
        ] {
            let outcome = try bench.restored().decode(message("trade", text))
            #expect(outcome.odds.map(\.lastTraded) == [decimal("1.25"), decimal("5")], "\(text)")
            #expect(outcome.odds.allSatisfy { $0.odd == nil && $0.lay == nil })
        }
        #expect(try bench.decode(message("trade", "\"count\":1")).reasons == [.missingField])
        #expect(try bench.decode(message("trade", #""yes_price_dollars":"2""#)).reasons == [.badValue])
    }

    private func life(_ event: String, _ more: String = "") -> String {
        message("market_lifecycle_v2", "\"event_type\":\"\(event)\"\(more)")
    }

    @Test func lifeOfAMarket() throws {
        let bench = try DecoderBench.kalshi()
        #expect(try bench.decode(life("activated")).counters.unused == 1, "a market that nobody subscribed to")
        try bench.decode(snapshot(#"["0.40","10"]"#, #"["0.5","10"]"#))
        let suspended = try bench.decode(life("deactivated"))
        #expect(
            suspended.odds.map(\.status) == [.suspended, .suspended] && suspended.odds.first?.lay == decimal("2.5"))
        #expect(suspended.odds.first?.marketStatus == .suspended)
        #expect(try bench.decode(life("activated")).odds.map(\.status) == [.open, .open])
        #expect(try bench.decode(life("close_date_updated")).counters.unused == 1)
        let ended = try bench.decode(life("determined", #","result":"no""#))
        #expect(ended.odds.map(\.status) == [.closed, .closed])
        #expect(ended.settlements.map(\.result) == [.won, .lost] && ended.settlements.first?.selection.option == "no")
        #expect(try bench.decode(life("settled", #","result":"no""#)).events.isEmpty)
        #expect(try bench.restored().decode(life("determined", #","result":"yes""#)).settlements.count == 2, "amended")
        #expect(try bench.decode(life("exploded")).reasons == [.badValue])
    }

    @Test func namesOfMarketAndEvent() throws {
        let bench = try DecoderBench.kalshi()
        let details =
            #","additional_metadata":{"title":"France to win?","event_ticker":"KXWC-FRAESP","yes_sub_title":"France","no_sub_title":"Not France"}"#
        #expect(try bench.decode(life("created", details)).events.isEmpty)
        let first = try bench.decode(snapshot(#"["0.40","10"]"#, ""))
        #expect(first.odds.map(\.selectionName) == ["France", "Not France"])
        #expect(first.odds.first?.marketName == "France to win?")
        #expect(first.odds.first?.selection.fixture == "KXWC-FRAESP", "the provider's word, not the ticker's")
        let event =
            #"{"type":"event_lifecycle","sid":5,"msg":{"event_ticker":"KXWC-FRAESP","title":"France vs Spain","series_ticker":"KXWC"}}"#
        let named = try bench.decode(event)
        #expect(named.fixtures.map(\.texts) == [["KXWC-FRAESP", "", "", "KXWC", "", "France", "Spain"]])
        #expect(try bench.decode(event).events.isEmpty)
        #expect(try bench.decode(event.replacing("FRAESP", with: "OTHER")).counters.unused == 1)
    }

    @Test func badMessagesCostOnlyThemselves() throws {
        let bench = try DecoderBench.kalshi()
        let good = snapshot(#"["0.40","10"]"#, "")
        let bad = [
            (snapshot(#"["1.40","10"]"#, ""), DeadLetterReason.badValue), (snapshot("[\"0.4\"]", ""), .badValue),
            (snapshot("7", ""), .badValue), (delta("maybe", "0.4", "1"), .badValue),
            (delta("yes", "0", "1"), .badValue),
            (delta("yes", "0.4", "x"), .badValue), (#"{"type":"ticker"}"#, .missingField),
            (#"{"type":"ticker","msg":{}}"#, .missingField), (#"{"type":"odd","msg":{}}"#, .unknownType),
            (#"{"msg":{}}"#, .missingField), (#"{"type":"ticker","msg":[]}"#, .badValue), ("[7]", .badValue),
            ("{", .malformedJSON), (#"{"type":"event_lifecycle","msg":{}}"#, .missingField),
        ]
        for (message, reason) in bad {
            let bench = try bench.restored()
            let outcome = try bench.decode(message, good)
            #expect(outcome.reasons == [reason], "\(message)")
            #expect(outcome.odds.first?.lay == decimal("2.5") && outcome.odds.first?.position.frame == 1_001)
        }
    }

    @Test func otherMessages() throws {
        let outcome = try DecoderBench.kalshi().decode(
            #"{"type":"subscribed","id":1,"msg":{"channel":"trade","sid":1}}"#, #"{"type":"ok","id":2}"#,
            #"{"type":"error","id":2,"msg":{"code":1}}"#, message("fill", "\"count\":1"))
        #expect(outcome.letters.isEmpty && outcome.events.isEmpty)
        #expect(outcome.counters.session == 3 && outcome.counters.unused == 1)
    }

    @Test func snapshotForgetsOldBooks() throws {
        let bench = try DecoderBench.kalshi()
        try bench.decode(snapshot(#"["0.40","10"]"#, ""))
        try bench.apply(.snapshotBegan)
        #expect(try bench.decode(delta("yes", "0.40", "5")).counters.unused == 1)
        let outcome = try bench.apply(.snapshotEnded)
        #expect(outcome.odds.map(\.status) == [.closed, .closed] && outcome.counters.closed == 2)
    }

    @Test func fixturesOfTickers() {
        func event(_ ticker: String) -> String {
            Array(ticker.utf8).withUnsafeBytes { KalshiTicker.event(of: $0).string }
        }
        #expect(event("KXMATCH-26JUL14FRAESP-FRA") == "KXMATCH-26JUL14FRAESP")
        #expect(event("KXLOW-ABC-26JUL14-175000") == "KXLOW-ABC-26JUL14")
        #expect(event("RECESSION-25") == "RECESSION-25" && event("ONE") == "ONE" && event("-") == "-")
    }
}
