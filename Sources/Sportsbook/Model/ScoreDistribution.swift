import Foundation

/// How a match may end: what every market's probabilities are read from, so that its prices agree with one another.
enum ScoreDistribution {
    /// Every final score that counts, with its probability.
    case table([Cell])
    /// Home − away and home + away, each normal with mean and standard deviation: sports of many points, which have no draw.
    case normal(margin: Normal, total: Normal)
    /// The chance of each runner.
    case race([Double])

    struct Cell {
        let home: Int
        let away: Int
        let probability: Double
    }

    struct Normal {
        let mean: Double
        let deviation: Double

        func above(_ value: Double) -> Double { 0.5 * erfc((value - mean) / (max(deviation, 0.01) * 2.0.squareRoot())) }
    }

    /// Probabilities of a market's options in their order. An even total or margin on a whole line gives the stake back, so
    /// the rest is scaled to 1.
    func probabilities(of kind: MarketKind, line: Double?) -> [Double] {
        switch (self, kind) {
        case (.race(let chances), _): chances
        case (.normal(let margin, _), .winner), (.normal(let margin, _), .matchResult): Self.pair(margin.above(0))
        case (.normal(_, let total), .totals): Self.pair(total.above(line ?? 0))
        case (.normal(let margin, _), .asianHandicap): Self.pair(margin.above(-(line ?? 0)))
        case (.normal, .bothTeamsToScore): Self.pair(1)
        case (.table(let cells), .matchResult):
            [
                Self.sum(cells) { $0.home > $0.away }, Self.sum(cells) { $0.home == $0.away },
                Self.sum(cells) { $0.home < $0.away },
            ]
        case (.table(let cells), .winner): Self.contest(cells) { Double($0.home - $0.away) }
        case (.table(let cells), .totals): Self.contest(cells) { Double($0.home + $0.away) - (line ?? 0) }
        case (.table(let cells), .asianHandicap): Self.contest(cells) { Double($0.home - $0.away) + (line ?? 0) }
        case (.table(let cells), .bothTeamsToScore): Self.pair(Self.sum(cells) { $0.home > 0 && $0.away > 0 })
        }
    }

    private static func pair(_ first: Double) -> [Double] { [first, 1 - first] }

    private static func sum(_ cells: [Cell], _ isCounted: (Cell) -> Bool) -> Double {
        var total = 0.0
        for cell in cells where isCounted(cell) { total += cell.probability }
        return total
    }

    /// First option where `difference` is positive, second where it is negative.
    private static func contest(_ cells: [Cell], _ difference: (Cell) -> Double) -> [Double] {
        var first = 0.0
        var second = 0.0
        for cell in cells {
            let value = difference(cell)
            if value > 0 { first += cell.probability } else if value < 0 { second += cell.probability }
        }
        return first + second > 1e-9 ? pair(first / (first + second)) : pair(0.5)
    }
}
