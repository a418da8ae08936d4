import Foundation

/// One winner out of many: horses and drivers. The price of a runner is its share of the sum of all powers.
struct RaceModel {
    /// Logarithms; removed runners are at minus infinity.
    private var powers: [Double]

    init(runners: Int, spread: Double, using generator: inout SeededGenerator) {
        powers = (0..<runners).map { rank in
            -spread * Double(rank) / Double(max(runners - 1, 1)) + generator.normal() * 0.35
        }
    }

    mutating func drift(by size: Double, using generator: inout SeededGenerator) {
        for index in powers.indices { powers[index] += generator.normal() * size * 0.04 }
    }

    mutating func remove(_ runner: Int) { powers[runner] = -.infinity }

    /// Kept away from certainty so that the race stays priced until the line.
    var chances: [Double] {
        let best = powers.max() ?? 0
        let shares = powers.map { exp(max($0 - best, -7)) * ($0.isFinite ? 1 : 0) }
        let sum = shares.reduce(0, +)
        return shares.map { $0 / sum }
    }

    func winner(using generator: inout SeededGenerator) -> Int { generator.index(weightedBy: chances) }
}
