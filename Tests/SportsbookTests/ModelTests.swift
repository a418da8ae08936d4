import FeedModel
import Testing

@testable import Sportsbook

@Suite struct ModelTests {
    private var generator = SeededGenerator(seed: 3)

    @Test func pricesBearTheMargin() {
        for probabilities in [[0.5, 0.5], [0.45, 0.28, 0.27], [0.95, 0.03, 0.02], [0.96, 0.04]] {
            let prices = Pricing.prices(of: probabilities, margin: 0.05)
            let sum = prices.reduce(0) { $0 + 10_000 / Double($1.scaled) }
            #expect((1.03...1.08).contains(sum), "\(probabilities): \(prices)")
        }
    }

    @Test func pricesStandOnTheLadder() {
        #expect(Pricing.rounded(1.234).description == "1.23")
        #expect(Pricing.rounded(5.07).description == "5.05")
        #expect(Pricing.rounded(12.34).description == "12.3")
        #expect(Pricing.rounded(0.5).description == "1.01")
        #expect(Pricing.rounded(9_999).description == "501")
        #expect(!Pricing.isOffered([0.99, 0.01]))
    }

    @Test func goalsAgreeAcrossMarkets() {
        var generator = generator
        let model = GoalModel(total: 2.75, edge: 0.5, spread: 0.42, using: &generator)
        let distribution = model.distribution(progress: 0, score: Score())
        let result = distribution.probabilities(of: .matchResult, line: nil)
        #expect(abs(result.reduce(0, +) - 1) < 1e-3)
        #expect(result[0] > result[2], "the stronger side is the favourite")
        // Home by at least one goal is the same event in both markets.
        #expect(abs(distribution.probabilities(of: .asianHandicap, line: -0.5)[0] - result[0]) < 1e-3)
        let over = [0.5, 1.5, 2.5, 3.5].map { distribution.probabilities(of: .totals, line: $0)[0] }
        #expect(over == over.sorted(by: >))
    }

    @Test func playEndsWhatItBegan() {
        var generator = generator
        let model = GoalModel(total: 2.75, edge: 0, spread: 0.42, using: &generator)
        let end = model.distribution(progress: 1, score: Score(home: 2, away: 1))
        #expect(end.probabilities(of: .matchResult, line: nil) == [1, 0, 0])
        #expect(end.probabilities(of: .totals, line: 2.5) == [1, 0])
    }

    @Test func tennisEndsWithTwoSets() {
        var generator = generator
        var model = MatchModel.sets(SetModel(homeGame: 0.55))
        let before = model.distribution(progress: 0, score: Score()).probabilities(of: .winner, line: nil)
        #expect(before[0] > 0.6)
        var score = Score()
        model.conclude(score: &score, using: &generator)
        #expect(max(score.home, score.away) == 2 && min(score.home, score.away) < 2)
    }

    @Test func chaseEndsWithTheWinningRun() {
        var generator = generator
        let model = PointsModel(total: 330, margin: -60, deviations: (24, 34), unit: 1.6, isByInnings: true)
        var score = Score()
        _ = model.play(from: 0, to: 0.5, score: &score, using: &generator)
        #expect(score.home > 0 && score.away == 0)
        _ = model.play(from: 0.5, to: 1, score: &score, using: &generator)
        #expect(model.isDecided(progress: 1, score: score))
        #expect(score.away - score.home <= 4, "play stops with the run that wins")
    }

    @Test func raceSharesTheChances() {
        var generator = generator
        var model = RaceModel(runners: 12, spread: 2.2, using: &generator)
        #expect(abs(model.chances.reduce(0, +) - 1) < 1e-9)
        model.remove(0)
        #expect(model.chances[0] == 0 && abs(model.chances.reduce(0, +) - 1) < 1e-9)
        for _ in 0..<200 { #expect(model.winner(using: &generator) != 0) }
    }

    @Test func resultsOfLines() {
        let half = FixedDecimal(scaled: -5_000)
        let whole = FixedDecimal(scaled: 20_000)
        #expect(MarketKind.asianHandicap.results(home: 1, away: 0, line: half) == [.won, .lost])
        #expect(MarketKind.asianHandicap.results(home: 0, away: 0, line: half) == [.lost, .won])
        #expect(MarketKind.totals.results(home: 1, away: 1, line: whole) == [.void, .void])
        #expect(MarketKind.totals.earlyResults(home: 2, away: 1, line: whole) == [.won, .lost])
        #expect(MarketKind.totals.earlyResults(home: 1, away: 1, line: whole) == nil)
        #expect(MarketKind.matchResult.results(home: 0, away: 0, line: nil) == [.lost, .won, .lost])
    }

    @Test func potentialWinIsRoundedToTheCent() {
        func win(_ amount: Int64, _ odd: Int64) -> String {
            SimulatedBet(
                id: "b", user: "u", currency: "EUR", market: 0, option: 0, amount: FixedDecimal(scaled: amount),
                odd: FixedDecimal(scaled: odd), due: nil
            ).potentialWin.description
        }
        #expect(win(100_000, 19_500) == "19.5")
        #expect(win(123_300, 10_100) == "12.45", "12.4533")
        #expect(win(5_000, 10_100) == "0.5", "0.505 to even")
        #expect(win(15_000, 10_100) == "1.52", "1.515 to even")
    }

    @Test func timeInText() {
        let time = Timestamp(milliseconds: 1_790_000_000_125)
        let text = TimestampText(time).withDigits { String(decoding: $0, as: UTF8.self) }
        #expect(text == time.description)
    }

    @Test func textIsEscaped() {
        var json = JSONWriter()
        json.string("a\"b\\c\u{1}\nK\u{F6}ln")
        #expect(String(decoding: json.bytes, as: UTF8.self) == "\"a\\\"b\\\\c\\u0001\\u000a\u{4B}\u{F6}ln\"")
    }
}
