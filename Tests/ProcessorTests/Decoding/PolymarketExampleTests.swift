import FeedModel
import Foundation
import TestSupport
import Testing

@testable import Processor

/// Real messages of the market channel, and a match's quotes against the independently computed oracle.
@Suite struct PolymarketExampleTests {
    /// What a message becomes by itself: how many prices, how many unused, and why it is refused.
    struct Example: Sendable, CustomTestStringConvertible {
        let name: String
        var odds = 0
        var unused = 0
        var refusal: DeadLetterReason?
        var testDescription: String { name }
    }

    static let examples = [
        Example(name: "py__book", odds: 1), Example(name: "py__last_trade_price", odds: 1),
        Example(name: "py__order_cancel", unused: 1), Example(name: "py__order_placement", unused: 1),
        Example(name: "py__price_change", odds: 1), Example(name: "py__price_change_v2", odds: 1),
        Example(name: "py__tick_size_change", unused: 1),
        // An answer of the REST interface: no message of the channel.
        Example(name: "py__trades", refusal: .missingField),
        Example(name: "py__user_trade1", unused: 1), Example(name: "py__user_trade2", unused: 1),
        Example(name: "py__user_trade3", unused: 1), Example(name: "py__user_trade4", unused: 1),
        Example(name: "rs__gamma_market_sports_market_map_handicap"),
        Example(name: "rs__gamma_market_sports_market_money_line"),
        // Parts of messages, without their type.
        Example(name: "rs__ws_book_snapshot", refusal: .missingField),
        Example(name: "rs__ws_last_trade", refusal: .missingField),
        Example(name: "rs__ws_quotes", refusal: .missingField),
        Example(name: "rs__ws_tick_size_change", refusal: .missingField),
        Example(name: "rs__ws_market_best_bid_ask_msg", odds: 1), Example(name: "rs__ws_market_book_msg", odds: 1),
        Example(name: "rs__ws_market_last_trade_msg", odds: 1), Example(name: "rs__ws_market_new_market_msg"),
        Example(name: "rs__ws_market_price_change_msg", odds: 1),
        Example(name: "rs__ws_market_resolved_msg", unused: 1), Example(name: "rs__ws_market_tick_size_msg", unused: 1),
    ]

    private static let directory = "polymarket/messages"

    @Test(.sharedFixtures(directory), arguments: examples) func singleMessages(_ example: Example) throws {
        let frame = try PredictionExamples.file("\(Self.directory)/\(example.name).json")
        let outcome = try DecoderBench.polymarket().decode([frame], receivedAt: PredictionExamples.receivedAt)
        #expect(outcome.odds.count == example.odds && outcome.events.count == example.odds)
        #expect(outcome.counters.unused == example.unused)
        #expect(outcome.reasons == (example.refusal.map { [$0] } ?? []), "\(outcome.letters.map(\.detail))")
        guard example.odds == 1, let odds = outcome.odds.first else { return }
        compare(odds, try PredictionExamples.object(frame))
    }

    @Test(.sharedFixtures(directory)) func everyExampleHasItsExpectation() throws {
        let directory = try #require(SharedFixtures.path(Self.directory))
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(Set(names) == Set(Self.examples.map { "\($0.name).json" }))
    }

    /// Production frames, in one feed.
    @Test(.sharedFixtures("polymarket/frames-book.jsonl", "polymarket/frames-last_trade_price.jsonl"))
    func recordedFrames() throws {
        let bench = try DecoderBench.polymarket()
        for name in ["frames-book", "frames-last_trade_price"] {
            let lines = try PredictionExamples.lines("polymarket/\(name).jsonl")
            #expect(lines.count == 10)
            for (index, line) in lines.enumerated() {
                let outcome = try bench.decode([line], receivedAt: PredictionExamples.receivedAt)
                #expect(outcome.letters.isEmpty, "\(name) \(index): \(outcome.letters.map(\.detail))")
                // A trade at the price of the one before is no news.
                if let odds = outcome.odds.first { compare(odds, try PredictionExamples.object(line)) }
                #expect(outcome.odds.count == 1 || name != "frames-book")
            }
        }
    }

    /// Holds an odds change against the message it came from.
    private func compare(_ odds: DecodedOdds, _ message: [String: Any]) {
        #expect(odds.selection.market == message["market"] as? String)
        #expect(odds.time?.milliseconds == (message["timestamp"] as? String).flatMap { Int64($0) })
        switch message["event_type"] as? String {
        case "book":
            #expect(odds.selection.option == message["asset_id"] as? String)
            let (bid, ask) = (
                PredictionExamples.best(message["bids"], isBid: true),
                PredictionExamples.best(message["asks"], isBid: false)
            )
            #expect(odds.lay == PredictionExamples.odds(bid?.price))
            #expect(odds.laySize == bid.flatMap { FixedDecimal("\($0.size)") })
            #expect(odds.odd == PredictionExamples.odds(ask?.price))
            #expect(odds.backSize == ask.flatMap { FixedDecimal("\($0.size)") })
            let last = PredictionExamples.decimal(message["last_trade_price"])
            #expect(odds.lastTraded == PredictionExamples.odds(last))
        case "last_trade_price":
            #expect(odds.lastTraded == PredictionExamples.odds(PredictionExamples.decimal(message["price"])))
        case "best_bid_ask": compareBest(odds, message)
        case "price_change":
            guard let last = (message["price_changes"] as? [[String: Any]])?.last else { return }
            compareBest(odds, last)
        default: Issue.record("an odds change of \(message["event_type"] ?? "nothing")")
        }
    }

    private func compareBest(_ odds: DecodedOdds, _ message: [String: Any]) {
        #expect(odds.lay == PredictionExamples.odds(PredictionExamples.decimal(message["best_bid"])))
        #expect(odds.odd == PredictionExamples.odds(PredictionExamples.decimal(message["best_ask"])))
    }

    private func bestBidAsk(_ market: String, _ asset: String) -> String {
        #"{"event_type":"best_bid_ask","market":"\#(market)","asset_id":"\#(asset)","best_bid":"0.4","best_ask":"0.5","timestamp":"1766790415000"}"#
    }

    /// Announced, priced, resolved: the two examples are of one market.
    @Test(.sharedFixtures(directory)) func aMarketFromItsAnnouncementToItsEnd() throws {
        let bench = try DecoderBench.polymarket()
        let announcement = try PredictionExamples.file("\(Self.directory)/rs__ws_market_new_market_msg.json")
        let end = try PredictionExamples.file("\(Self.directory)/rs__ws_market_resolved_msg.json")
        let message = try PredictionExamples.object(announcement)
        let assets = try #require(message["assets_ids"] as? [String])
        let market = try #require(message["market"] as? String)
        try bench.decode([announcement], receivedAt: PredictionExamples.receivedAt)
        let prices = assets.map { Array(bestBidAsk(market, $0).utf8) }
        let priced = try bench.decode(prices, receivedAt: PredictionExamples.receivedAt)
        #expect(Set(priced.odds.map(\.selectionName)).isSuperset(of: message["outcomes"] as? [String] ?? []))
        #expect(priced.odds.first?.marketName == message["question"] as? String)
        let event = try #require(message["event_message"] as? [String: Any])
        #expect(priced.fixtures.first?.texts.first == event["slug"] as? String)
        let outcome = try bench.decode([end], receivedAt: PredictionExamples.receivedAt)
        let winner = try PredictionExamples.object(end)["winning_asset_id"] as? String
        #expect(outcome.settlements.count == 2)
        for settlement in outcome.settlements {
            #expect(settlement.result == (settlement.selection.option == winner ? .won : .lost))
        }
        #expect(outcome.fixtures.map(\.status) == [.finished])
    }

    /// A market of the catalogue names its prices and, once resolved, settles them.
    @Test(.sharedFixtures(directory), arguments: ["map_handicap", "money_line"])
    func cataloguedMarkets(_ name: String) throws {
        let bench = try DecoderBench.polymarket()
        let frame = try PredictionExamples.file("\(Self.directory)/rs__gamma_market_sports_market_\(name).json")
        let message = try PredictionExamples.object(frame)
        func list(_ key: String) throws -> [String] {
            try JSONDecoder().decode([String].self, from: Data((message[key] as? String ?? "").utf8))
        }
        let (tokens, outcomes, prices) = (try list("clobTokenIds"), try list("outcomes"), try list("outcomePrices"))
        let market = try #require(message["conditionId"] as? String)
        try bench.decode([frame], receivedAt: PredictionExamples.receivedAt)
        let priced = try bench.decode(
            [Array(bestBidAsk(market, tokens[0]).utf8)], receivedAt: PredictionExamples.receivedAt)
        let event = try #require((message["events"] as? [[String: Any]])?.first)
        #expect(priced.fixtures.first?.texts.first == event["slug"] as? String)
        #expect(priced.fixtures.first?.texts[3] == event["seriesSlug"] as? String)
        #expect(
            priced.fixtures.first?.start == (message["eventStartTime"] as? String).flatMap { Timestamp(rfc3339: $0) })
        #expect(priced.odds.map(\.selectionName) == outcomes)
        #expect(priced.odds.first?.selection.type == message["sportsMarketType"] as? String)
        let outcome = try bench.decode([frame], receivedAt: PredictionExamples.receivedAt)
        #expect(outcome.settlements.map(\.selection.option) == tokens)
        #expect(outcome.settlements.map(\.result) == prices.map { $0 == "1" ? .won : .lost })
        #expect(outcome.odds.map(\.status) == [.closed, .closed])
    }

    private struct Oracle: Decodable {
        struct Market: Decodable {
            let changes: Int
            let final_bid: Double?
            let final_ask: Double?
            let min_bid: Double?
            let max_bid: Double?
            let min_ask: Double?
            let max_ask: Double?
        }

        let rows: Int
        let quote_changes: Int
        let markets: [String: Market]
    }

    private static let quotes = "polymarket/football-wc-semifinal-fra-esp-quotes"

    /// A World Cup semi-final's polled quotes, put into the channel's form, against the oracle.
    @Test(.sharedFixtures(quotes + ".csv.gz", quotes + ".oracle.json")) func quotesOfAMatch() throws {
        let oracle = try JSONDecoder().decode(
            Oracle.self, from: Data(PredictionExamples.file(Self.quotes + ".oracle.json")))
        let rows = try PredictionExamples.rows(Self.quotes + ".csv.gz")
        #expect(rows.count == oracle.rows)
        let bench = try DecoderBench.polymarket()
        var told: [String: [DecodedOdds]] = [:]
        for start in stride(from: 0, to: rows.count, by: 64) {
            let frames = rows[start..<min(start + 64, rows.count)].map { row in
                // Summer time of the east coast.
                Array(
                    #"{"event_type":"best_bid_ask","market":"\#(row[1])","asset_id":"yes","best_bid":"\#(row[2])","best_ask":"\#(row[3])","timestamp":"\#(row[0])-04:00"}"#
                        .utf8)
            }
            let outcome = try bench.decode(frames, receivedAt: PredictionExamples.receivedAt)
            #expect(outcome.letters.isEmpty)
            for odds in outcome.odds { told[odds.selection.market, default: []].append(odds) }
        }
        #expect(told.values.reduce(0) { $0 + $1.count } == oracle.quote_changes)
        #expect(told.count == oracle.markets.count)
        for (slug, market) in oracle.markets { compare(told[slug] ?? [], market, slug) }
    }

    /// The oracle's numbers are binary floats; their shortest text is what was written.
    private func compare(_ odds: [DecodedOdds], _ market: Oracle.Market, _ slug: String) {
        func expected(_ price: Double?) -> FixedDecimal? {
            PredictionExamples.odds(price.flatMap { Decimal(string: "\($0)") })
        }
        #expect(odds.count == market.changes, "\(slug)")
        #expect(odds.last?.lay == expected(market.final_bid) && odds.last?.odd == expected(market.final_ask), "\(slug)")
        let (lays, backs) = (odds.compactMap(\.lay), odds.compactMap(\.odd))
        #expect(lays.max() == expected(market.min_bid) && lays.min() == expected(market.max_bid), "\(slug)")
        #expect(backs.max() == expected(market.min_ask) && backs.min() == expected(market.max_ask), "\(slug)")
    }
}
