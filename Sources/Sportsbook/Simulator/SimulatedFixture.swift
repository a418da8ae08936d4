import FeedModel

/// A match or race with its markets and the bets on it. Its life is in `SimulatedFixture+Play` and `+Markets`, its bets in
/// `+Bets`.
struct SimulatedFixture {
    let id: String
    let sport: Sport
    let tournamentID: String
    let tournament: String
    let home: String
    let away: String
    let startTime: Timestamp
    var status = FixtureStatus.scheduled
    var score = Score()
    /// 0 at the start, 1 at the end.
    var progress = 0.0
    var model: MatchModel
    var markets: [SimulatedMarket]
    var bets: [SimulatedBet] = []
    /// Betting is stopped until then, after a goal.
    var reopensAt: Timestamp?
    /// Play itself is stopped until then.
    var resumesAt: Timestamp?
    /// Called off instead of started.
    var isAbandoned = false
    /// A runner that will be taken out before the race.
    var withdrawal: (runner: Int, at: Timestamp)?

    var isOver: Bool { status == .finished || status == .cancelled }

    var isRace: Bool {
        if case .race = model { return true }
        return false
    }

    /// Races have no score, and neither has a match that has not begun.
    var shownScore: Score? { isRace || status == .scheduled || status == .cancelled ? nil : score }

    var distribution: ScoreDistribution { model.distribution(progress: progress, score: score) }

    /// Everything that a subscriber must know of this fixture, without its past.
    func snapshot(at time: Timestamp, into messages: inout [SportsbookMessage]) {
        messages.append(.fixtureUpdate(self, at: time))
        for market in markets {
            if !market.isSettled { messages.append(.oddsChange(market, of: id, at: time)) }
            for option in market.options {
                guard let result = option.result else { continue }
                messages.append(.settlement(option, result, in: market, of: id, at: time))
            }
        }
        for bet in bets { messages.append(message(of: bet, at: time)) }
    }
}
