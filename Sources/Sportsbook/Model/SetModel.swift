import Foundation

/// Tennis: games make sets, two sets make a match. The score shown is sets.
struct SetModel {
    static let setsToWin = 2
    private static let games = 36.0

    private var homeGame: Double
    private var homeGames = 0
    private var awayGames = 0

    /// `homeGame` is the chance that home wins a game, serves averaged.
    init(homeGame: Double) { self.homeGame = min(max(homeGame, 0.36), 0.64) }

    mutating func drift(by size: Double, using generator: inout SeededGenerator) {
        homeGame = min(max(homeGame + generator.normal() * size * 0.002, 0.36), 0.64)
    }

    mutating func play(
        from start: Double, to end: Double, score: inout Score, using generator: inout SeededGenerator
    ) -> Incident {
        var incident = Incident.nothing
        for _ in 0..<generator.poisson((end - start) * Self.games) where max(score.home, score.away) < Self.setsToWin {
            if playGame(score: &score, using: &generator) { return .goal }
            incident = .score
        }
        return incident
    }

    /// True when the game ended a set.
    mutating func playGame(score: inout Score, using generator: inout SeededGenerator) -> Bool {
        if generator.chance(homeGame) { homeGames += 1 } else { awayGames += 1 }
        let lead = homeGames - awayGames
        guard max(homeGames, awayGames) >= 6, abs(lead) >= 2 || max(homeGames, awayGames) == 7 else { return false }
        score.add(lead > 0 ? 1 : 0, 1)
        homeGames = 0
        awayGames = 0
        return true
    }

    func distribution(score: Score) -> [ScoreDistribution.Cell] {
        var cells: [ScoreDistribution.Cell] = []
        let next = Self.set(homeGame, homeGames, awayGames)
        Self.walk(score, 1, current: next, fresh: Self.set(homeGame, 0, 0), into: &cells)
        return cells
    }

    private static func walk(
        _ score: Score, _ probability: Double, current: Double, fresh: Double,
        into cells: inout [ScoreDistribution.Cell]
    ) {
        if max(score.home, score.away) >= setsToWin {
            cells.append(.init(home: score.home, away: score.away, probability: probability))
            return
        }
        var (won, lost) = (score, score)
        won.home += 1
        lost.away += 1
        walk(won, probability * current, current: fresh, fresh: fresh, into: &cells)
        walk(lost, probability * (1 - current), current: fresh, fresh: fresh, into: &cells)
    }

    /// The chance that home wins a set from this score in games.
    private static func set(_ game: Double, _ home: Int, _ away: Int) -> Double {
        // chances[h][a], filled from the end backwards; 7 decides.
        var chances = [[Double]](repeating: [Double](repeating: 0, count: 8), count: 8)
        for homeGames in stride(from: 7, through: 0, by: -1) {
            for awayGames in stride(from: 7, through: 0, by: -1) {
                if homeGames == 7 || (homeGames == 6 && awayGames < 5) {
                    chances[homeGames][awayGames] = 1
                } else if awayGames == 7 || (awayGames == 6 && homeGames < 5) {
                    chances[homeGames][awayGames] = 0
                } else {
                    chances[homeGames][awayGames] =
                        game * chances[homeGames + 1][awayGames] + (1 - game) * chances[homeGames][awayGames + 1]
                }
            }
        }
        return chances[min(home, 7)][min(away, 7)]
    }
}
