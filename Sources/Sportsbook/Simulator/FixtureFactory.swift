import FeedModel

/// Makes new fixtures: who plays whom, when, and what is offered at first.
struct FixtureFactory {
    private let configuration: SimulatorConfiguration
    /// Ids of one run begin alike, so that two runs into one database do not meet.
    private let run: String
    private var count = 0

    init(_ configuration: SimulatorConfiguration, start: Timestamp) {
        self.configuration = configuration
        run = String(max(0, start.milliseconds / 1_000 - 1_577_836_800), radix: 36)
    }

    /// `number` counts bets of this run from 1.
    func betID(_ number: Int) -> String { "bt-\(run)-\(number)" }

    /// The world's seconds that a match of this sport takes.
    func length(of sport: Sport) -> Double { sport.minutes * 60 / configuration.speed }

    /// How long before its start a fixture is first offered, such that the wanted share of fixtures is in play.
    func lead(of sport: Sport, using generator: inout SeededGenerator) -> Double {
        let share = configuration.liveShare
        return max(length(of: sport), 600 / configuration.speed) * (1 - share) / share * generator.uniform(0.5...1.5)
    }

    mutating func sport(using generator: inout SeededGenerator) -> Sport {
        configuration.sports[generator.index(weightedBy: configuration.sports.map(\.weight))]
    }

    /// `busy` are the sides that play or are about to.
    mutating func make(
        _ sport: Sport, startingAt start: Timestamp, busy: Set<String>, _ context: inout SimulationContext
    ) -> SimulatedFixture {
        count += 1
        let tournament = context.generator.element(of: sport.tournaments)
        var fixture =
            tournament.races.isEmpty
            ? match(sport, tournament, start, busy, &context) : race(sport, tournament, start, &context)
        fixture.isAbandoned = context.generator.chance(0.015)
        return fixture
    }

    private func match(
        _ sport: Sport, _ tournament: Tournament, _ start: Timestamp, _ busy: Set<String>,
        _ context: inout SimulationContext
    ) -> SimulatedFixture {
        let names = tournament.competitors
        var (home, away) = Self.pair(below: names.count, &context.generator)
        for _ in 0..<20 where busy.contains(names[home]) || busy.contains(names[away]) {
            (home, away) = Self.pair(below: names.count, &context.generator)
        }
        func strength(_ rank: Int) -> Double { 1 - 2 * Double(rank) / Double(max(names.count - 1, 1)) }
        let model = MatchModel(
            sport: sport, tournament: tournament, home: strength(home), away: strength(away),
            using: &context.generator)
        let expected = model.distribution(progress: 0, score: Score())
        return SimulatedFixture(
            id: "fx-\(run)-\(count)", sport: sport, tournamentID: tournament.id, tournament: tournament.name,
            home: names[home], away: names[away], startTime: start, model: model,
            markets: SimulatedMarket.markets(of: sport, expecting: expected))
    }

    private func race(
        _ sport: Sport, _ tournament: Tournament, _ start: Timestamp, _ context: inout SimulationContext
    ) -> SimulatedFixture {
        let isHorses = sport == .horseRacing
        let field = isHorses ? 7 + context.generator.index(below: 9) : tournament.competitors.count
        var names = tournament.competitors
        if isHorses {
            for index in 0..<field { names.swapAt(index, index + context.generator.index(below: names.count - index)) }
        }
        let race = RaceModel(runners: field, spread: isHorses ? 2.2 : 3.4, using: &context.generator)
        let id = "fx-\(run)-\(count)"
        var fixture = SimulatedFixture(
            id: id, sport: sport, tournamentID: tournament.id, tournament: tournament.name, home: tournament.name,
            away: context.generator.element(of: tournament.races), startTime: start, model: .race(race),
            markets: [SimulatedMarket(.winner, id: "\(id)-winner", options: Array(names.prefix(field)))])
        if isHorses, context.generator.chance(0.15) {
            let lead = context.generator.uniform(0.1...0.6) * length(of: sport) * 4
            fixture.withdrawal = (context.generator.index(below: field), start - .microseconds(Int64(lead * 1_000_000)))
        }
        return fixture
    }

    private static func pair(below count: Int, _ generator: inout SeededGenerator) -> (Int, Int) {
        let first = generator.index(below: count)
        let second = generator.index(below: count - 1)
        return (first, second < first ? second : second + 1)
    }
}
