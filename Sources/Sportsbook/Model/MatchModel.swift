import FeedModel

/// What a stretch of play brought.
enum Incident {
    case nothing
    /// The score moved, but betting goes on: a basket, a game of tennis.
    case score
    /// Betting stops until prices are made anew: a goal, a set.
    case goal
}

/// The hidden truth of a match: how strong the sides are, from which prices are made and play is drawn.
enum MatchModel {
    case goals(GoalModel)
    case points(PointsModel)
    case sets(SetModel)
    case race(RaceModel)

    /// `strength` runs from 1 (best) to −1 and decides the expectation; home advantage is added here.
    init(
        sport: Sport, tournament: Tournament, home: Double, away: Double, using generator: inout SeededGenerator
    ) {
        let edge = home - away + generator.normal() * 0.15
        self =
            switch sport {
            case .football: .goals(GoalModel(total: 2.75, edge: edge + 0.25, spread: 0.42, using: &generator))
            case .iceHockey: .goals(GoalModel(total: 6.0, edge: edge + 0.2, spread: 0.2, using: &generator))
            case .basketball:
                .points(
                    PointsModel(
                        total: tournament.id == "nba" ? 226 : 166, margin: edge * 6 + 2.5, deviations: (12, 17),
                        unit: 2.25))
            case .americanFootball:
                .points(PointsModel(total: 46, margin: edge * 6.5 + 1.5, deviations: (13, 13), unit: 5.5))
            case .cricket:
                .points(
                    PointsModel(
                        total: 330, margin: edge * 14 + 4, deviations: (24, 34), unit: 1.6, isByInnings: true))
            default: .sets(SetModel(homeGame: 0.5 + edge * 0.05))
            }
    }

    /// Moves the opinion about the sides a little, as a day of bets and news does.
    mutating func drift(by size: Double, using generator: inout SeededGenerator) {
        switch self {
        case .goals(var model):
            model.drift(by: size, using: &generator)
            self = .goals(model)
        case .points(var model):
            model.drift(by: size, using: &generator)
            self = .points(model)
        case .sets(var model):
            model.drift(by: size, using: &generator)
            self = .sets(model)
        case .race(var model):
            model.drift(by: size, using: &generator)
            self = .race(model)
        }
    }

    /// Plays from one share of the match to another.
    mutating func play(
        from start: Double, to end: Double, score: inout Score, using generator: inout SeededGenerator
    ) -> Incident {
        switch self {
        case .goals(let model): return model.play(from: start, to: end, score: &score, using: &generator)
        case .points(let model): return model.play(from: start, to: end, score: &score, using: &generator)
        case .sets(var model):
            defer { self = .sets(model) }
            return model.play(from: start, to: end, score: &score, using: &generator)
        case .race(var model):
            model.drift(by: 8 * (end - start).squareRoot(), using: &generator)
            self = .race(model)
            return .score
        }
    }

    /// Where the match may end, from `progress` (0 ... 1) and the score so far.
    func distribution(progress: Double, score: Score) -> ScoreDistribution {
        switch self {
        case .goals(let model): model.distribution(progress: progress, score: score)
        case .points(let model): model.distribution(progress: progress, score: score)
        case .sets(let model): .table(model.distribution(score: score))
        case .race(let model): .race(model.chances)
        }
    }

    /// Whether the score ends the match before its time.
    func isDecided(progress: Double, score: Score) -> Bool {
        switch self {
        case .sets: max(score.home, score.away) >= SetModel.setsToWin
        case .points(let model): model.isDecided(progress: progress, score: score)
        case .goals, .race: false
        }
    }

    /// Makes sure that a match of a sport without draws has a winner.
    mutating func conclude(score: inout Score, using generator: inout SeededGenerator) {
        switch self {
        case .goals, .race: return
        case .points where score.home == score.away: score.add(generator.chance(0.5) ? 1 : 0, 2)
        case .points: return
        case .sets(var model):
            while max(score.home, score.away) < SetModel.setsToWin {
                _ = model.playGame(score: &score, using: &generator)
            }
            self = .sets(model)
        }
    }
}

/// Home and away, in whatever the sport counts.
struct Score: Equatable {
    var home = 0
    var away = 0

    /// `side` 0 is away, 1 home.
    mutating func add(_ side: Int, _ points: Int) {
        if side == 1 { home += points } else { away += points }
    }
}
