import FeedModel
import Testing

@testable import Processor

@Suite struct PolymarketDecoderTests {
    private static let time = 1_763_719_199_000

    private func message(_ type: String, asset: String? = "11", market: String = "0xa", _ more: String) -> String {
        let asset = asset.map { "\"asset_id\":\"\($0)\"," } ?? ""
        return #"{"market":"\#(market)",\#(asset)"timestamp":"\#(Self.time)",\#(more),"event_type":"\#(type)"}"#
    }

    private func book(_ asset: String = "11", bids: String = "", asks: String = "", more: String = "") -> String {
        func side(_ text: String) -> String {
            let rows = text.split(separator: " ").map { row in
                let parts = row.split(separator: "x")
                return #"{"price":"\#(parts[0])","size":"\#(parts[1])"}"#
            }
            return "[\(rows.joined(separator: ","))]"
        }
        return message("book", asset: asset, "\"bids\":\(side(bids)),\"asks\":\(side(asks))\(more)")
    }

    private func change(_ asset: String, _ side: String, _ price: String, _ size: String, more: String = "") -> String {
        #"{"asset_id":"\#(asset)","price":"\#(price)","size":"\#(size)","side":"\#(side)"\#(more)}"#
    }

    private func changes(_ changes: String...) -> String {
        message("price_change", asset: nil, "\"price_changes\":[\(changes.joined(separator: ","))]")
    }

    private func decimal(_ text: String) -> FixedDecimal? { FixedDecimal(text) }

    @Test func aBookTellsBestPricesInAnyOrder() throws {
        let outcome = try DecoderBench.polymarket().decode(
            book(bids: "0.38x7 0.4x10 0.39x5", asks: "0.6x3 0.5x20.5 0.55x1", more: #","last_trade_price":"0.45""#))
        let odds = try #require(outcome.odds.first)
        #expect(outcome.events.count == 1 && outcome.letters.isEmpty)
        #expect(odds.odd == decimal("2") && odds.backSize == decimal("20.5"), "the cheapest to buy")
        #expect(odds.lay == decimal("2.5") && odds.laySize == decimal("10"), "the best to sell at")
        #expect(odds.lastTraded == decimal("2.2222"))
        #expect(odds.selection.fixture == "0xa" && odds.selection.market == "0xa" && odds.selection.type == "binary")
        #expect(odds.selection.option == "11" && odds.status == .open && !odds.isSnapshot)
        #expect(odds.time == Timestamp(milliseconds: Int64(Self.time)))
    }

    @Test func changesSetTotals() throws {
        let bench = try DecoderBench.polymarket()
        try bench.decode(book(bids: "0.4x10", asks: "0.5x20"))
        let better = try bench.decode(changes(change("11", "BUY", "0.45", "3"), change("11", "SELL", "0.5", "0")))
        #expect(better.odds.count == 1, "one token twice is one row")
        #expect(better.odds.first?.lay == decimal("2.2222") && better.odds.first?.laySize == decimal("3"))
        #expect(better.odds.first?.odd == nil, "0 removes a price")
        #expect(try bench.decode(changes(change("11", "BUY", "0.1", "3"))).events.isEmpty, "the best did not change")
        #expect(try bench.decode(changes(change("11", "BUY", "0.45", "3"))).events.isEmpty, "a repeat is no news")
        let replaced = try bench.decode(book(bids: "0.2x1"))
        #expect(replaced.odds.first?.lay == decimal("5"), "a book replaces the book")
    }

    @Test func bothTokensOfAMarketInOneMessage() throws {
        let bench = try DecoderBench.polymarket()
        try bench.decode("[\(book("11", asks: "0.5x1")),\(book("12", asks: "0.6x1"))]")
        let outcome = try bench.decode(changes(change("11", "SELL", "0.48", "2"), change("12", "BUY", "0.52", "2")))
        #expect(outcome.odds.map(\.selection.option) == ["11", "12"])
        #expect(outcome.odds.map(\.overround) == [decimal("0.08"), decimal("0.08")])
    }

    @Test func olderFormsOfChanges() throws {
        let bench = try DecoderBench.polymarket()
        try bench.decode(book(bids: "0.4x10"))
        let list = try bench.decode(
            message("price_change", #""changes":[{"price":"0.5","side":"SELL","size":"2"}]"#))
        #expect(list.odds.first?.odd == decimal("2"))
        let flat = try bench.decode(message("price_change", #""price":"0.41","side":"BUY","size":"2""#))
        #expect(flat.odds.first?.laySize == decimal("2"))
    }

    @Test func withoutABookTheTellingOfTheProviderCounts() throws {
        let bench = try DecoderBench.polymarket()
        let unknown = try bench.decode(changes(change("11", "BUY", "0.01", "9")))
        #expect(unknown.odds.first?.lay == nil, "one level of a book that is not known is not its best")
        let told = try bench.decode(
            changes(change("11", "BUY", "0.4", "7", more: #","best_bid":"0.4","best_ask":"0.5""#)))
        #expect(told.odds.first?.lay == decimal("2.5") && told.odds.first?.laySize == decimal("7"))
        #expect(told.odds.first?.odd == decimal("2") && told.odds.first?.backSize == nil)
        let best = try bench.decode(message("best_bid_ask", #""best_bid":"0","best_ask":"0.8""#))
        #expect(best.odds.first?.lay == nil && best.odds.first?.odd == decimal("1.25"))
        try bench.decode(book(bids: "0.3x1"))
        #expect(try bench.decode(message("best_bid_ask", #""best_bid":"0.9","best_ask":"""#)).events.isEmpty)
    }

    private let announcement =
        #""assets_ids":["11","12"],"outcomes":["Over","Under"],"question":"Over 2.5 goals?","sports_market_type":"totals","game_start_time":"2025-11-22 15:00:00+00","event_message":{"slug":"fra-esp","title":"France vs Spain"}"#

    @Test func namesAreToldWithTheFirstPrice() throws {
        let bench = try DecoderBench.polymarket()
        let announced = try bench.decode(message("new_market", asset: nil, announcement))
        #expect(announced.events.isEmpty, "everyone is told of every new market")
        let outcome = try bench.decode(book("11", asks: "0.5x1"))
        let fixture = try #require(outcome.fixtures.first)
        #expect(fixture.texts == ["fra-esp", "", "", "", "", "France", "Spain"])
        #expect(fixture.status == .scheduled && fixture.start == Timestamp(rfc3339: "2025-11-22T15:00:00Z"))
        #expect(outcome.odds.map(\.selectionName) == ["Over", "Under"])
        #expect(outcome.odds.map(\.marketName) == ["Over 2.5 goals?", "Over 2.5 goals?"])
        #expect(outcome.odds.allSatisfy { $0.selection.fixture == "fra-esp" && $0.selection.type == "totals" })
        #expect(try bench.decode(message("new_market", asset: nil, announcement)).events.isEmpty)
    }

    @Test func identityStaysWhenNamesComeLate() throws {
        let bench = try DecoderBench.polymarket()
        let before = try bench.decode(book("11", asks: "0.5x1"))
        let after = try bench.decode(message("new_market", asset: nil, announcement))
        #expect(after.odds.first?.key == before.odds.first?.key)
        #expect(after.odds.map(\.selection.fixture) == ["0xa", "0xa"] && after.odds.first?.selectionName == "Over")
        #expect(after.fixtures.first?.texts.first == "0xa")
        let restored = try bench.restored().decode(book("11", asks: "0.4x1"))
        #expect(restored.odds.first?.key == before.odds.first?.key)
    }

    @Test func resolutionClosesAndSettles() throws {
        let bench = try DecoderBench.polymarket()
        try bench.decode(message("new_market", asset: nil, announcement))
        try bench.decode("[\(book("11", asks: "0.9x1")),\(book("12", asks: "0.2x1"))]")
        let end = #""assets_ids":["11","12"],"winning_asset_id":"12","winning_outcome":"Under""#
        let outcome = try bench.decode(message("market_resolved", asset: nil, end))
        #expect(outcome.odds.map(\.status) == [.closed, .closed] && outcome.odds.allSatisfy { $0.odd == nil })
        #expect(outcome.odds.first?.marketStatus == .closed)
        #expect(outcome.settlements.map(\.result) == [.lost, .won])
        #expect(outcome.settlements.map(\.selection.option) == ["11", "12"])
        #expect(outcome.fixtures.map(\.status) == [.finished])
        #expect(try bench.decode(message("market_resolved", asset: nil, end)).events.isEmpty, "told once")
        let other = try bench.decode(message("market_resolved", asset: nil, market: "0xb", end))
        #expect(other.counters.unused == 1 && other.events.isEmpty, "a market that nobody subscribed to")
    }

    @Test func badMessagesCostOnlyThemselves() throws {
        let bad = [
            (book(bids: "1.2x1"), DeadLetterReason.badValue), (book(bids: "0x1"), .badValue),
            (book(bids: "0.5x-1"), .badValue), (changes(change("11", "HOLD", "0.5", "1")), .badValue),
            (changes(change("11", "BUY", "0.5", "1"), change("11", "BUY", "x", "1")), .badValue),
            (
                message("price_change", asset: nil, #""changes":[{"price":"0.5","side":"BUY","size":"1"}]"#),
                .missingField
            ),
            (message("book", asset: nil, "\"bids\":[]"), .missingField), (#"{"market":"0xa"}"#, .missingField),
            (message("odd", "\"x\":1"), .unknownType), ("7", .badValue),
            (message("last_trade_price", "\"price\":\"2\""), .badValue),
            (message("market_resolved", asset: nil, #""assets_ids":["11"],"winning_asset_id":"12""#), .badValue),
            (message("new_market", asset: nil, #""assets_ids":["11"],"outcomes":["A","B"]"#), .badValue),
            (book().replacing("\(Self.time)", with: "soon"), .badValue),
        ]
        for (message, reason) in bad {
            let bench = try DecoderBench.polymarket()
            let outcome = try bench.decode("[\(book("11", asks: "0.5x1")),\(message),\(book("12", asks: "0.4x1"))]")
            #expect(outcome.reasons == [reason], "\(message)")
            #expect(
                outcome.letters.first?.payload == Array(message.utf8) && outcome.letters.first?.position.ordinal == 1)
            #expect(outcome.odds.map(\.position.ordinal) == [0, 2])
            #expect(outcome.odds.map(\.odd) == [decimal("2"), decimal("2.5")], "the bad message left nothing")
        }
        #expect(try DecoderBench.polymarket().decode("{\"market\"").reasons == [.malformedJSON])
    }

    @Test func otherMessages() throws {
        let outcome = try DecoderBench.polymarket().decode(
            "PONG", "[]", message("tick_size_change", #""new_tick_size":"0.01""#), message("order", "\"id\":1"))
        #expect(outcome.letters.isEmpty && outcome.events.isEmpty)
        #expect(outcome.counters.session == 1 && outcome.counters.unused == 2)
    }

    @Test func snapshotClosesWhatIsGoneAndForgetsWhatWas() throws {
        let bench = try DecoderBench.polymarket()
        try bench.decode("[\(book("11", bids: "0.4x1")),\(book("12", bids: "0.5x1"))]")
        try bench.apply(.snapshotBegan)
        let early = try bench.decode(changes(change("11", "BUY", "0.3", "1")))
        #expect(early.odds.first?.lay == nil, "the old book may have changed meanwhile")
        let again = try bench.restored().decode(book("11", bids: "0.4x1"))
        #expect(again.odds.first?.isSnapshot == true && again.odds.first?.lay == decimal("2.5"))
        let outcome = try bench.apply(.snapshotEnded)
        #expect(outcome.odds.map(\.selection.option) == ["12"] && outcome.odds.map(\.status) == [.closed])
        #expect(outcome.counters.closed == 1)
        let back = try bench.decode(book("12", bids: "0.5x1"))
        #expect(back.odds.map(\.status) == [.open] && back.odds.first?.isSnapshot == false)
    }
}
