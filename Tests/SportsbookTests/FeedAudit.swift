import FeedModel
import Foundation

/// Reads a feed as an analyst would and notes every message that contradicts the rules of the API or the messages before.
struct FeedAudit {
    struct Market {
        var odds: [String: Decimal] = [:]
        var status = ""
        var results: [String: String] = [:]
    }

    private(set) var problems: [String] = []
    private(set) var counts: [String: Int] = [:]
    private(set) var fixtures: [String: DecodedMessage] = [:]
    private(set) var markets: [String: Market] = [:]
    private(set) var bets: [String: DecodedMessage] = [:]

    mutating func read(_ bytes: [UInt8]) throws {
        let message = try DecodedMessage(bytes)
        counts[message.type, default: 0] += 1
        if let time = message.timestamp { expect(Timestamp(rfc3339: time) != nil, "time \(time)") }
        switch message.type {
        case "fixture_update": readFixture(message)
        case "odds_change": readOdds(message)
        case "settlement": readSettlement(message)
        case "bet_placement": readBet(message)
        default: problems.append("unknown type \(message.type)")
        }
    }

    private mutating func expect(_ condition: Bool, _ what: @autoclosure () -> String) {
        if !condition { problems.append(what()) }
    }

    private mutating func readFixture(_ message: DecodedMessage) {
        guard let id = message.fixture_id, let status = message.status, let start = message.start_time else {
            return problems.append("fixture without id, status or start")
        }
        expect(id.hasPrefix("fx-"), "fixture id \(id)")
        expect(Timestamp(rfc3339: start) != nil, "start \(start)")
        expect(FixtureStatus(name: status) != nil, "fixture status \(status)")
        for text in [message.sport_id, message.tournament_id, message.home_team, message.away_team] {
            expect(text?.isEmpty == false, "fixture \(id) lacks a name")
        }
        if let last = fixtures[id]?.status {
            let next = [
                "scheduled": ["live", "cancelled", "scheduled"], "live": ["live", "suspended", "finished"],
                "suspended": ["live", "suspended"],
            ]
            expect(next[last]?.contains(status) == true, "fixture \(id) goes from \(last) to \(status)")
        }
        if let before = fixtures[id], let home = message.home_score, let away = message.away_score {
            expect(home >= before.home_score ?? 0 && away >= before.away_score ?? 0, "the score of \(id) falls")
        }
        fixtures[id] = message
    }

    private mutating func readOdds(_ message: DecodedMessage) {
        expect(message.fixture_id != nil && message.market_type != nil, "odds without fixture or market")
        let status = message.status ?? "open"
        expect(OddsStatus(name: status) != nil, "odds status \(status)")
        var market = markets[message.market] ?? Market()
        expect((message.odds == nil) != (message.option_id == nil), "odds must have one form of two")
        let prices =
            message.odds?.map { ($0.option_id, $0.odd_value.value) }
            ?? [(message.option_id ?? "?", message.odd_value?.value ?? 0)]
        for (option, odd) in prices {
            expect(odd >= Decimal(101) / 100 && odd <= 501, "odd \(odd) in \(message.market)")
            expect(market.results[option] == nil, "\(option) in \(message.market) has a result and a price")
            if message.option_id != nil, status == "closed" {
                market.odds[option] = nil
            } else {
                market.odds[option] = odd
            }
        }
        if message.odds != nil { market.status = status }
        markets[message.market] = market
    }

    /// Σ 1/odd − 1 of each open market: to be asked when no change is half told.
    mutating func checkOverrounds() {
        for (name, market) in markets where market.status == "open" {
            let sum = market.odds.values.reduce(0.0) { $0 + 1 / NSDecimalNumber(decimal: $1).doubleValue }
            expect((1.01...1.15).contains(sum), "overround \(sum - 1) of \(name): \(market.odds)")
        }
    }

    private mutating func readSettlement(_ message: DecodedMessage) {
        guard let option = message.option_id, let result = message.result else {
            return problems.append("settlement without option or result")
        }
        expect(SettlementResult(name: result) != nil, "result \(result)")
        expect(markets[message.market]?.results[option] == nil, "\(message.market) \(option) is settled twice")
        markets[message.market, default: Market()].results[option] = result
        if let expected = expectedResult(message) {
            expect(result == expected, "\(message.market) \(option): \(result), not \(expected)")
        }
    }

    /// What the score says; nil for races and matches called off.
    private func expectedResult(_ message: DecodedMessage) -> String? {
        guard let fixture = message.fixture_id.flatMap({ fixtures[$0] }), fixture.status != "cancelled",
            let home = fixture.home_score, let away = fixture.away_score
        else { return nil }
        let (margin, total) = (Decimal(home - away), Decimal(home + away))
        let line = message.line?.value ?? 0
        func pair(_ value: Decimal, _ isFirst: Bool) -> String {
            value == 0 ? "void" : (value > 0) == isFirst ? "won" : "lost"
        }
        return switch (message.market_type, message.option_id) {
        case ("1X2", "draw"): home == away ? "won" : "lost"
        case ("1X2", let option): (option == "home" ? margin > 0 : margin < 0) ? "won" : "lost"
        case ("totals", let option): pair(total - line, option == "over")
        case ("asian_handicap", let option): pair(margin + line, option == "home")
        case ("btts", let option): pair(home > 0 && away > 0 ? 1 : -1, option == "yes")
        case ("winner", let option): pair(margin, option == "home")
        default: nil
        }
    }

    private mutating func readBet(_ message: DecodedMessage) {
        guard let id = message.bet_id, let status = message.status, let amount = message.amount?.value,
            let odd = message.odd?.value, let win = message.potential_win?.value
        else { return problems.append("a bet lacks a field") }
        expect(amount > 0 && odd > 1 && message.user_id?.isEmpty == false, "bet \(id): \(amount) at \(odd)")
        expect(abs(amount * odd - win) <= Decimal(5) / 1_000, "bet \(id): \(amount) × \(odd) is not \(win)")
        let next = ["placed": ["accepted", "rejected"], "accepted": ["won", "lost", "void", "cashed_out"]]
        if let before = bets[id] {
            let last = before.status ?? ""
            expect(next[last]?.contains(status) == true, "bet \(id): \(last) to \(status)")
            expect(before.amount?.value == amount && before.odd?.value == odd, "bet \(id) changes")
            expect(before.market == message.market, "bet \(id) changes its market")
        } else {
            expect(status == "placed", "bet \(id) begins \(status)")
        }
        if ["won", "lost", "void"].contains(status), let option = message.option_id,
            let result = markets[message.market]?.results[option]
        {
            let expected = ["won": "won", "lost": "lost", "void": "void", "removed": "void"][result]
            expect(status == expected, "bet \(id) is \(status) though its option is \(result)")
        }
        bets[id] = message
    }
}
