import Foundation

/// Many points, so that margin and total are close to normal: basketball, American football, cricket.
struct PointsModel {
    private var total: Double
    private var margin: Double
    private let marginDeviation: Double
    private let totalDeviation: Double
    /// Points of an average scoring.
    private let unit: Double
    /// Home plays the first half, away the second and chases.
    private let isByInnings: Bool

    init(
        total: Double, margin: Double, deviations: (margin: Double, total: Double), unit: Double,
        isByInnings: Bool = false
    ) {
        self.total = total
        self.margin = margin
        marginDeviation = deviations.margin
        totalDeviation = deviations.total
        self.unit = unit
        self.isByInnings = isByInnings
    }

    /// The shares of the two sides' own playing time that have passed.
    private func played(_ progress: Double) -> (home: Double, away: Double) {
        isByInnings ? (min(1, 2 * progress), max(0, 2 * progress - 1)) : (progress, progress)
    }

    /// The chase ends with the run that passes the other side.
    func isDecided(progress: Double, score: Score) -> Bool {
        isByInnings && progress > 0.5 && score.away > score.home
    }

    mutating func drift(by size: Double, using generator: inout SeededGenerator) {
        margin += generator.normal() * size * marginDeviation * 0.015
        margin = min(max(margin, -2 * marginDeviation), 2 * marginDeviation)
        total *= exp(generator.normal() * size * 0.002)
    }

    func play(
        from start: Double, to end: Double, score: inout Score, using generator: inout SeededGenerator
    ) -> Incident {
        let before = score
        let (first, last) = (played(start), played(end))
        let sides = [
            (1, (total + margin) / 2, last.home - first.home),
            (0, (total - margin) / 2, last.away - first.away),
        ]
        for (side, expected, share) in sides {
            let times = generator.poisson(max(expected, 0) * share / unit)
            for _ in 0..<times where !isDecided(progress: end, score: score) {
                score.add(side, points(using: &generator))
            }
        }
        if score == before { return .nothing }
        return unit > 4 ? .goal : .score
    }

    private func points(using generator: inout SeededGenerator) -> Int {
        switch unit {
        case 4...: generator.chance(0.62) ? 7 : 3
        case 2...: [2, 2, 2, 3, 2, 3, 1][generator.index(below: 7)]
        default: [1, 1, 1, 1, 1, 2, 2, 4, 1, 2][generator.index(below: 10)]
        }
    }

    func distribution(progress: Double, score: Score) -> ScoreDistribution {
        let rest = max(0, 1 - progress)
        let (home, away) = played(progress)
        let homeRest = (total + margin) / 2 * max(0, 1 - home)
        let awayRest = (total - margin) / 2 * max(0, 1 - away)
        // Half a point of uncertainty remains to the end: overtime, or a last throw.
        return .normal(
            margin: .init(
                mean: Double(score.home - score.away) + homeRest - awayRest,
                deviation: marginDeviation * rest.squareRoot() + 0.5),
            total: .init(
                mean: Double(score.home + score.away) + homeRest + awayRest,
                deviation: totalDeviation * rest.squareRoot() + 0.5))
    }
}
