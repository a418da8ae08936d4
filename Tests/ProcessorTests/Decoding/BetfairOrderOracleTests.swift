import FeedModel
import Foundation
import TestSupport
import Testing

@testable import Processor

/// Recorded orders against the states that were computed independently.
@Suite struct BetfairOrderOracleTests {
    struct Recording: Sendable, CustomTestStringConvertible {
        let name: String
        /// States told, and bets.
        let states: Int
        let bets: Int
        var testDescription: String { name }
    }

    static let recordings = [
        Recording(name: "orders-1.177596575.ocm.ndjson", states: 3, bets: 2),
        Recording(name: "orders-live-36.ocm.ndjson", states: 36, bets: 15),
    ]

    @Test(.enabled(if: SharedFixtures.path("betfair") != nil, "needs ../shared/feeds/betfair"), arguments: recordings)
    func finalStatesAreThoseOfTheOracle(_ recording: Recording) throws {
        let orders = try OrderOracle.orders(of: recording.name)
        #expect(orders.count == recording.bets)
        let lines = try BetfairRecording.lines(of: recording.name)
        let bench = try DecoderBench.betfair()
        var last: [String: DecodedBet] = [:]
        var states = 0
        for line in lines {
            let outcome = try bench.decode([line])
            #expect(outcome.letters.isEmpty, "\(outcome.letters.map(\.detail))")
            #expect(outcome.events.count == outcome.bets.count)
            for bet in outcome.bets { last[bet.texts[0]] = bet }
            states += outcome.bets.count
        }
        #expect(states == recording.states && last.count == recording.bets)
        for order in orders { Self.compare(last[order.betId], order) }
        // The last state once more is no news.
        let lastLine = try #require(lines.last)
        let again = try bench.decode([lastLine])
        #expect(again.bets.isEmpty && again.letters.isEmpty)
    }

    private static func compare(_ bet: DecodedBet?, _ order: OrderOracle.Order) {
        guard let bet else {
            Issue.record("bet \(order.betId) was not told")
            return
        }
        let expected = order.terms
        #expect(bet.status == expected.status, "bet \(order.betId)")
        #expect(bet.side == expected.side, "bet \(order.betId)")
        #expect(bet.amounts == [expected.amount, expected.odd, expected.win], "bet \(order.betId)")
        #expect(bet.texts[1] == (order.customerStrategyRef.isEmpty ? "unknown" : order.customerStrategyRef))
        #expect(bet.selection.market == order.marketId && bet.selection.option == "\(order.selectionId)")
        #expect(bet.selection.line == nil && order.handicap == 0)
    }
}

/// What the oracle of a recording of orders says.
enum OrderOracle {
    struct Order: Decodable {
        struct PriceSize: Decodable {
            let price: Double
            let size: Double
        }

        let betId: String
        let marketId: String
        let selectionId: Int
        let handicap: Double
        let side: String
        let status: String
        let priceSize: PriceSize
        let averagePriceMatched: Double
        let sizeMatched: Double
        let sizeRemaining: Double
        let sizeVoided: Double
        let customerStrategyRef: String
    }

    static func orders(of recording: String) throws -> [Order] {
        struct State: Decodable { let currentOrders: [Order] }
        struct File: Decodable { let snap: [State] }
        guard let path = SharedFixtures.path("betfair/\(recording).oracle.json") else {
            throw CocoaError(.fileNoSuchFile)
        }
        let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        return file.snap.flatMap(\.currentOrders)
    }
}

extension OrderOracle.Order {
    /// What the bet is in our words.
    var terms: (status: BetStatus, side: BetSide, amount: FixedDecimal, odd: FixedDecimal, win: FixedDecimal) {
        let (status, amount): (BetStatus, Double) =
            if sizeMatched > 0 { (.accepted, sizeMatched) } else if status == "EXECUTABLE" {
                (.placed, sizeRemaining)
            } else if sizeVoided > 0 { (.void, sizeVoided) } else { (.rejected, priceSize.size) }
        let odd = sizeMatched > 0 && averagePriceMatched > 0 ? averagePriceMatched : priceSize.price
        func rounded(_ value: Double) -> FixedDecimal { FixedDecimal(scaled: Int64((value * 10_000).rounded())) }
        return (status, side == "LAY" ? .lay : .back, rounded(amount), rounded(odd), rounded(amount * odd))
    }
}
