import FeedModel

/// A market as the sportsbook shows it.
struct SimulatedMarket {
    struct Option {
        let id: String
        var odd = FixedDecimal.one
        var result: SettlementResult?
    }

    let kind: MarketKind
    /// Only markets whose id is not just type and line have one.
    let id: String?
    let line: FixedDecimal?
    var status = OddsStatus.open
    var options: [Option]

    init(_ kind: MarketKind, id: String? = nil, line: Double? = nil, options: [String]? = nil) {
        self.kind = kind
        self.id = id
        self.line = line.map { FixedDecimal(scaled: Int64(($0 * 10_000).rounded())) }
        self.options = (options ?? kind.options).map { Option(id: $0) }
    }

    var isSettled: Bool { options.allSatisfy { $0.result != nil } }

    /// Prices of the options as `distribution` has them, and whether the outcome is open enough for bets to be taken. Removed
    /// runners keep their last price.
    func quote(_ distribution: ScoreDistribution) -> (prices: [FixedDecimal], isOffered: Bool) {
        let probabilities = distribution.probabilities(of: kind, line: line.map { Double($0.scaled) / 10_000 })
        let prices = Pricing.prices(of: probabilities, margin: kind.margin(options: options.count))
        return (zip(options, prices).map { $0.result == nil ? $1 : $0.odd }, Pricing.isOffered(probabilities))
    }

    /// The markets of a match between two sides, with lines around what is expected.
    static func markets(of sport: Sport, expecting distribution: ScoreDistribution) -> [SimulatedMarket] {
        switch sport {
        case .football:
            [SimulatedMarket(.matchResult), SimulatedMarket(.bothTeamsToScore)]
                + totals([1.5, 2.5, 3.5, 4.5]) + handicaps(balanced(distribution, step: 0.5), step: 0.5)
        case .iceHockey:
            [SimulatedMarket(.matchResult)] + totals([4.5, 5.5, 6, 6.5])
                + handicaps(balanced(distribution, step: 0.5), step: 1)
        case .tennis:
            [SimulatedMarket(.winner)] + totals([2.5]) + [-1.5, 1.5].map { SimulatedMarket(.asianHandicap, line: $0) }
        default: pointsMarkets(distribution)
        }
    }

    private static func pointsMarkets(_ distribution: ScoreDistribution) -> [SimulatedMarket] {
        guard case .normal(let margin, let total) = distribution else { return [SimulatedMarket(.winner)] }
        let middle = total.mean.rounded() + 0.5
        let step = max(1, (total.deviation / 4).rounded())
        let handicap = -(margin.mean.rounded()) + 0.5
        return [SimulatedMarket(.winner)] + totals([-step, 0, step].map { middle + $0 })
            + handicaps(handicap, step: max(1, (margin.deviation / 5).rounded()))
    }

    private static func totals(_ lines: [Double]) -> [SimulatedMarket] {
        lines.map { SimulatedMarket(.totals, line: $0) }
    }

    private static func handicaps(_ middle: Double, step: Double) -> [SimulatedMarket] {
        [middle - step, middle, middle + step].map { SimulatedMarket(.asianHandicap, line: $0) }
    }

    /// The handicap that leaves both sides the most equal chances.
    private static func balanced(_ distribution: ScoreDistribution, step: Double) -> Double {
        let lines = stride(from: -3.0, through: 3.0, by: step)
        func imbalance(_ line: Double) -> Double {
            abs(distribution.probabilities(of: .asianHandicap, line: line)[0] - 0.5)
        }
        return lines.min { imbalance($0) < imbalance($1) } ?? 0
    }
}
