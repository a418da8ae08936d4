import FeedModel

/// The markets that the simulator prices.
package enum MarketKind: String, Sendable, CaseIterable {
    case matchResult = "1X2"
    case totals
    case asianHandicap = "asian_handicap"
    case bothTeamsToScore = "btts"
    case winner

    /// The option ids of a market between two sides, in the order of their probabilities.
    var options: [String] {
        switch self {
        case .matchResult: ["home", "draw", "away"]
        case .totals: ["over", "under"]
        case .asianHandicap, .winner: ["home", "away"]
        case .bothTeamsToScore: ["yes", "no"]
        }
    }

    /// What the prices of a market with this many options sum to above 1.
    func margin(options: Int) -> Double {
        switch self {
        case .matchResult: 0.05
        case .totals, .asianHandicap: 0.045
        case .bothTeamsToScore: 0.06
        case .winner: options > 2 ? 0.09 : 0.045
        }
    }

    /// How each option ended at a final score; `line` is the home side's in a handicap.
    func results(home: Int, away: Int, line: FixedDecimal?) -> [SettlementResult] {
        let line = line?.scaled ?? 0
        let margin = Int64(home - away) * FixedDecimal.scale
        let total = Int64(home + away) * FixedDecimal.scale
        return switch self {
        case .matchResult: [home > away ? .won : .lost, home == away ? .won : .lost, home < away ? .won : .lost]
        case .winner: Self.pair(margin)
        case .totals: Self.pair(total - line)
        case .asianHandicap: Self.pair(margin + line)
        case .bothTeamsToScore: Self.pair(home > 0 && away > 0 ? 1 : -1)
        }
    }

    private static func pair(_ difference: Int64) -> [SettlementResult] {
        difference > 0 ? [.won, .lost] : difference < 0 ? [.lost, .won] : [.void, .void]
    }

    /// The results that more play cannot change any more, if the score already decides them: goals are never taken back.
    func earlyResults(home: Int, away: Int, line: FixedDecimal?) -> [SettlementResult]? {
        switch self {
        case .totals where Int64(home + away) * FixedDecimal.scale > line?.scaled ?? 0: [.won, .lost]
        case .bothTeamsToScore where home > 0 && away > 0: [.won, .lost]
        default: nil
        }
    }
}
