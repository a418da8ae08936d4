import FeedModel

// Encoders of the four data messages (FEEDS: the sportsbook API). The order of keys is fixed; `type` comes first here,
// although readers must not rely on it.

extension SportsbookMessage {
    private static let fixtureHead = Array(#"{"type":"fixture_update","#.utf8)
    private static let oddsHead = Array(#"{"type":"odds_change","#.utf8)
    private static let settlementHead = Array(#"{"type":"settlement","#.utf8)
    private static let betHead = Array(#"{"type":"bet_placement","#.utf8)

    static func fixtureUpdate(_ fixture: SimulatedFixture, at time: Timestamp) -> SportsbookMessage {
        var json = JSONWriter()
        json.begin(time, fixture: fixture.id)
        json.raw(#","sport_id":"#)
        json.string(fixture.sport.rawValue)
        json.raw(#","sport":"#)
        json.string(fixture.sport.name)
        json.raw(#","tournament_id":"#)
        json.string(fixture.tournamentID)
        json.raw(#","tournament":"#)
        json.string(fixture.tournament)
        json.raw(#","home_team":"#)
        json.string(fixture.home)
        json.raw(#","away_team":"#)
        json.string(fixture.away)
        json.raw(#","start_time":"#)
        json.time(fixture.startTime)
        json.raw(#","status":"#)
        json.string(fixture.status.name)
        if let score = fixture.shownScore {
            json.raw(#","home_score":"#)
            json.integer(score.home)
            json.raw(#","away_score":"#)
            json.integer(score.away)
        }
        json.raw("}")
        return SportsbookMessage(stream: .fixtures, head: fixtureHead, tail: json.bytes)
    }

    /// The whole market; options that have a result are no longer listed.
    static func oddsChange(_ market: SimulatedMarket, of fixture: String, at time: Timestamp) -> SportsbookMessage {
        var json = JSONWriter()
        json.begin(time, fixture: fixture)
        json.market(market)
        json.raw(#","status":"#)
        json.string(market.status.name)
        json.raw(#","odds":["#)
        var isFirst = true
        for option in market.options where option.result == nil {
            if !isFirst { json.raw(",") }
            isFirst = false
            json.raw(#"{"option_id":"#)
            json.string(option.id)
            json.raw(#","odd_value":"#)
            json.decimal(option.odd)
            json.raw("}")
        }
        json.raw("]}")
        return SportsbookMessage(stream: .odds, head: oddsHead, tail: json.bytes)
    }

    /// One option of a market.
    static func oddsChange(
        _ option: SimulatedMarket.Option, status: OddsStatus? = nil, in market: SimulatedMarket, of fixture: String,
        at time: Timestamp
    ) -> SportsbookMessage {
        var json = JSONWriter()
        json.begin(time, fixture: fixture)
        json.market(market)
        json.raw(#","option_id":"#)
        json.string(option.id)
        json.raw(#","odd_value":"#)
        json.decimal(option.odd)
        json.raw(#","status":"#)
        json.string((status ?? market.status).name)
        json.raw("}")
        return SportsbookMessage(stream: .odds, head: oddsHead, tail: json.bytes)
    }

    static func settlement(
        _ option: SimulatedMarket.Option, _ result: SettlementResult, in market: SimulatedMarket, of fixture: String,
        at time: Timestamp
    ) -> SportsbookMessage {
        var json = JSONWriter()
        json.begin(time, fixture: fixture)
        json.market(market)
        json.raw(#","option_id":"#)
        json.string(option.id)
        json.raw(#","result":"#)
        json.string(result.name)
        json.raw("}")
        return SportsbookMessage(stream: .odds, head: settlementHead, tail: json.bytes)
    }

    static func betPlacement(
        _ bet: SimulatedBet, option: String, in market: SimulatedMarket, of fixture: String, at time: Timestamp
    ) -> SportsbookMessage {
        var json = JSONWriter()
        json.begin(time, fixture: fixture)
        json.raw(#","bet_id":"#)
        json.string(bet.id)
        json.raw(#","user_id":"#)
        json.string(bet.user)
        json.market(market)
        json.raw(#","option_id":"#)
        json.string(option)
        json.raw(#","amount":"#)
        json.decimal(bet.amount)
        json.raw(#","odd":"#)
        json.decimal(bet.odd)
        json.raw(#","potential_win":"#)
        json.decimal(bet.potentialWin)
        json.raw(#","currency":"#)
        json.string(bet.currency)
        json.raw(#","status":"#)
        json.string(bet.status.name)
        json.raw("}")
        return SportsbookMessage(stream: .bets, head: betHead, tail: json.bytes)
    }
}

extension JSONWriter {
    fileprivate mutating func begin(_ time: Timestamp, fixture: String) {
        raw(#""timestamp":"#)
        self.time(time)
        raw(#","fixture_id":"#)
        string(fixture)
    }

    fileprivate mutating func market(_ market: SimulatedMarket) {
        raw(#","market_type":"#)
        string(market.kind.rawValue)
        if let id = market.id {
            raw(#","market_id":"#)
            string(id)
        }
        if let line = market.line {
            raw(#","line":"#)
            decimal(line)
        }
    }
}
