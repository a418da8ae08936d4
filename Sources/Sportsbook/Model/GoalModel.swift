import Foundation

/// Two independent Poisson processes: football and ice hockey.
struct GoalModel {
    private var home: Double
    private var away: Double

    private static let mostGoals = 14

    /// `total` goals are expected in a whole match; an edge of 1 multiplies and divides the sides' rates by e^spread.
    init(total: Double, edge: Double, spread: Double, using generator: inout SeededGenerator) {
        let total = total * exp(generator.normal() * 0.1)
        home = total / 2 * exp(edge * spread)
        away = total / 2 * exp(-edge * spread)
    }

    mutating func drift(by size: Double, using generator: inout SeededGenerator) {
        home = min(max(home * exp(generator.normal() * size * 0.02), 0.3), 6)
        away = min(max(away * exp(generator.normal() * size * 0.02), 0.3), 6)
    }

    func play(
        from start: Double, to end: Double, score: inout Score, using generator: inout SeededGenerator
    ) -> Incident {
        let goals = (generator.poisson(home * (end - start)), generator.poisson(away * (end - start)))
        score.home += goals.0
        score.away += goals.1
        return goals.0 + goals.1 > 0 ? .goal : .nothing
    }

    func distribution(progress: Double, score: Score) -> ScoreDistribution {
        let rest = max(0, 1 - progress)
        let home = Self.poisson(self.home * rest)
        let away = Self.poisson(self.away * rest)
        var cells: [ScoreDistribution.Cell] = []
        cells.reserveCapacity(home.count * away.count)
        for (homeGoals, homeChance) in home.enumerated() {
            for (awayGoals, awayChance) in away.enumerated() {
                cells.append(
                    .init(
                        home: score.home + homeGoals, away: score.away + awayGoals,
                        probability: homeChance * awayChance))
            }
        }
        return .table(cells)
    }

    /// Chances of 0, 1, 2 … goals, cut where they no longer matter and scaled to 1.
    private static func poisson(_ expectation: Double) -> [Double] {
        var chances = [exp(-expectation)]
        var sum = chances[0]
        while chances.count <= mostGoals, sum < 0.999_9 {
            chances.append(chances[chances.count - 1] * expectation / Double(chances.count))
            sum += chances[chances.count - 1]
        }
        return chances.map { $0 / sum }
    }
}
