import FeedModel
import Foundation
import TestSupport
import Testing

@testable import Processor

/// Whole recordings of the exchange against states that were computed independently.
@Suite struct BetfairOracleTests {
    static let recordings = [
        "cricket-ned-png-1.200806927.mcm.ndjson.gz", "nba-cle-min-1.166811431.mcm.ndjson.gz",
        "horse-live-win-1.185781277.mcm.ndjson.gz", "greyhound-sheffield-win-1.197931750.mcm.ndjson.gz",
        "greyhound-sheffield-place-1.197931751.mcm.ndjson.gz", "horse-hamilton-basic-1.132153978.mcm.ndjson.gz",
        "tennis-norrie-ruud-basic-1.223716976.mcm.ndjson.gz", "live-no-definition-33.mcm.ndjson",
    ]

    @Test(.enabled(if: SharedFixtures.path("betfair") != nil, "needs ../shared/feeds/betfair"), arguments: recordings)
    func statesAreThoseOfTheOracle(_ recording: String) throws {
        let oracle = try BetfairOracle(of: recording)
        let bench = try DecoderBench.betfair()
        var board = ExchangeBoard()
        var counters = DecodeCounters()
        let lastOpen = oracle.markets.mapValues { $0.last_open?.line ?? .max }
        for (index, line) in try BetfairRecording.lines(of: recording).enumerated() {
            let outcome = try bench.decode([line])
            #expect(outcome.letters.isEmpty, "line \(index + 1)")
            board.apply(outcome.events)
            counters.messages += outcome.counters.messages - outcome.counters.session
            for checkpoint in oracle.checkpoints where checkpoint.line == index + 1 {
                for (id, market) in checkpoint.markets {
                    board.compare(id, market, withLastTraded: index + 1 <= lastOpen[id] ?? .max, "line \(index + 1)")
                }
            }
            for (id, market) in oracle.markets where market.last_open?.line == index + 1 {
                if let lastOpen = market.last_open { board.compare(id, lastOpen, withLastTraded: true, "last open") }
            }
            for (id, market) in oracle.markets {
                for transition in market.status_transitions where transition.line == index + 1 {
                    board.compare(id, transition)
                }
            }
        }
        #expect(counters.messages == oracle.counts.market_changes)
        for (id, market) in oracle.markets { board.compare(id, final: market) }
    }
}

/// What a consumer of the events knows of an exchange.
struct ExchangeBoard {
    private var rows: [String: [Int: DecodedOdds]] = [:]
    private var results: [String: [Int: SettlementResult]] = [:]
    private var fixtures: [String: DecodedFixture] = [:]
    private var marketNames: [String: String] = [:]
    private var runnerNames: [String: [Int: String]] = [:]

    mutating func apply(_ events: [DecodedEvent]) {
        for event in events {
            switch event {
            case .odds(let odds):
                let runner = Int(odds.selection.option) ?? -1
                rows[odds.selection.market, default: [:]][runner] = odds
                if !odds.marketName.isEmpty { marketNames[odds.selection.market] = odds.marketName }
                if !odds.selectionName.isEmpty {
                    runnerNames[odds.selection.market, default: [:]][runner] = odds.selectionName
                }
            case .settlement(let settlement):
                results[settlement.selection.market, default: [:]][Int(settlement.selection.option) ?? -1] =
                    settlement.result
            case .fixture(let fixture): fixtures[fixture.texts[0]] = fixture
            case .bet, .control, .sequence: break
            }
        }
    }

    func compare(_ id: String, _ market: BetfairOracle.Market, withLastTraded: Bool, _ place: String) {
        for runner in market.runners {
            guard let row = rows[id]?[runner.id] else {
                #expect(Bool(false), "\(id) has no row of \(runner.id) at \(place)")
                continue
            }
            let expected = Self.status(market.status, runner.status)
            #expect(row.status == expected, "status of \(runner.id) at \(place)")
            #expect([row.odd, row.backSize] == Self.pair(runner.back), "back of \(runner.id) at \(place)")
            #expect([row.lay, row.laySize] == Self.pair(runner.lay), "lay of \(runner.id) at \(place)")
            if withLastTraded { #expect(row.lastTraded == Self.decimal(runner.ltp), "ltp of \(runner.id) at \(place)") }
            compare(result: results[id]?[runner.id], market.status, runner.status, "\(runner.id) at \(place)")
        }
    }

    func compare(_ id: String, _ transition: BetfairOracle.Transition) {
        for row in (rows[id] ?? [:]).values where row.status != .closed {
            #expect(row.status == Self.status(transition.status, "ACTIVE"), "line \(transition.line)")
        }
        guard let isInPlay = transition.inPlay, transition.status != "CLOSED" else { return }
        #expect(fixtures.values.map(\.status) == [isInPlay ? .live : .scheduled], "line \(transition.line)")
    }

    func compare(_ id: String, final market: BetfairOracle.MarketSummary) {
        compare(id, market.final, withLastTraded: false, "the end")
        guard let event = market.eventId else { return }
        let fixture = fixtures[event]
        #expect(fixture?.status == (market.final.status == "CLOSED" ? .finished : fixture?.status))
        #expect(fixture?.start == market.marketTime.flatMap { Timestamp(rfc3339: $0) })
        #expect(
            rows[id]?.values.allSatisfy { $0.selection.fixture == event && $0.selection.type == market.marketType }
                == true)
        #expect(marketNames[id] == market.name)
        for (runner, name) in market.runner_names { #expect(Int(runner).flatMap { runnerNames[id]?[$0] } == name) }
        if let name = market.eventName { #expect(name.contains(fixture?.texts[5] ?? "?")) }
    }

    private func compare(result: SettlementResult?, _ market: String?, _ runner: String?, _ place: String) {
        let expected: SettlementResult? =
            switch (market, runner) {
            case (_, "REMOVED"), (_, "REMOVED_VACANT"): .removed
            case ("CLOSED", "WINNER"): .won
            case ("CLOSED", "LOSER"): .lost
            case ("CLOSED", "PLACED"): .placed
            default: nil
            }
        #expect(result == expected, "result of \(place)")
    }

    private static func status(_ market: String?, _ runner: String?) -> OddsStatus {
        guard runner == nil || runner == "ACTIVE" else { return .closed }
        return switch market {
        case nil, "OPEN": .open
        case "CLOSED": .closed
        default: .suspended
        }
    }

    private static func pair(_ level: [Decimal]?) -> [FixedDecimal?] {
        guard let level, level.count == 2 else { return [nil, nil] }
        return level.map { decimal($0) }
    }

    /// Foundation's reader makes decimals of binary floats; their shortest text is what was written.
    private static func decimal(_ value: Decimal?) -> FixedDecimal? {
        value.flatMap { FixedDecimal("\(NSDecimalNumber(decimal: $0).doubleValue)") }
    }
}
