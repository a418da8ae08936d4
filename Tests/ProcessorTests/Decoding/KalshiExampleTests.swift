import FeedModel
import Foundation
import TestSupport
import Testing

@testable import Processor

/// Real production frames, held against what Foundation reads of them.
@Suite struct KalshiExampleTests {
    @Test(.sharedFixtures("kalshi/frames-ticker.jsonl")) func tickers() throws {
        let bench = try DecoderBench.kalshi()
        for line in try PredictionExamples.lines("kalshi/frames-ticker.jsonl") {
            let outcome = try bench.decode([line], receivedAt: PredictionExamples.receivedAt)
            #expect(outcome.letters.isEmpty, "\(outcome.letters.map(\.detail))")
            let message = try #require(try PredictionExamples.object(line)["msg"] as? [String: Any])
            #expect(outcome.odds.map(\.selection.option) == ["yes", "no"])
            let (yes, no) = (try #require(outcome.odds.first), try #require(outcome.odds.last))
            #expect(yes.selection.market == message["market_ticker"] as? String)
            #expect(yes.time?.milliseconds == (message["ts"] as? Int64).map { $0 * 1_000 })
            let bid = PredictionExamples.decimal(message["yes_bid_dollars"])
            let ask = PredictionExamples.decimal(message["yes_ask_dollars"])
            #expect(yes.lay == PredictionExamples.odds(bid) && yes.odd == PredictionExamples.odds(ask))
            #expect(no.odd == PredictionExamples.odds(bid.map { 1 - $0 }))
            #expect(no.lay == PredictionExamples.odds(ask.map { 1 - $0 }))
            let sizes = ["yes_bid_size_fp", "yes_ask_size_fp"].map { PredictionExamples.decimal(message[$0]) }
            if yes.lay != nil { #expect(yes.laySize == sizes[0].flatMap { FixedDecimal("\($0)") }) }
            if yes.odd != nil { #expect(yes.backSize == sizes[1].flatMap { FixedDecimal("\($0)") }) }
            let last = PredictionExamples.decimal(message["price_dollars"])
            #expect(yes.lastTraded == PredictionExamples.odds(last))
            // 0 stands for "never", for both.
            #expect(no.lastTraded == (last == 0 ? nil : PredictionExamples.odds(last.map { 1 - $0 })))
        }
    }

    @Test(.sharedFixtures("kalshi/frames-trade.jsonl")) func trades() throws {
        let bench = try DecoderBench.kalshi()
        var last: [String: Decimal] = [:]
        for line in try PredictionExamples.lines("kalshi/frames-trade.jsonl") {
            let outcome = try bench.decode([line], receivedAt: PredictionExamples.receivedAt)
            #expect(outcome.letters.isEmpty, "\(outcome.letters.map(\.detail))")
            let message = try #require(try PredictionExamples.object(line)["msg"] as? [String: Any])
            let market = try #require(message["market_ticker"] as? String)
            let price = try #require(PredictionExamples.decimal(message["yes_price_dollars"]))
            let isNews = last.updateValue(price, forKey: market) != price
            #expect(outcome.odds.count == (isNews ? 2 : 0))
            guard isNews else { continue }
            #expect(outcome.odds.map(\.lastTraded) == [price, 1 - price].map { PredictionExamples.odds($0) })
            #expect(outcome.odds.allSatisfy { $0.selection.market == market && $0.odd == nil && $0.lay == nil })
        }
    }
}
