package import FeedModel

/// What world the simulator plays. The same configuration and the same times give the same messages, byte for byte.
package struct SimulatorConfiguration: Sendable {
    /// Everything random follows from this.
    package var seed: UInt64
    /// When the world begins; nil is the moment the server starts. Fixed in tests.
    package var start: Timestamp?
    /// How many fixtures are on offer at any time: a finished one is replaced.
    package var fixtures: Int
    /// Messages a second; nil is as fast as the subscribers take them.
    package var rate: Double?
    /// How much faster than real a match is played: at 10 a football match takes 10.5 minutes.
    package var speed: Double
    /// The share of fixtures in play.
    package var liveShare: Double
    /// The share of messages that are about bets.
    package var betShare: Double
    /// How many users bet.
    package var users: Int
    /// No new bets are placed above this many open ones.
    package var maximumOpenBets: Int
    /// Which sports are played.
    package var sports: [Sport]

    package init(
        seed: UInt64 = 1, fixtures: Int = 60, rate: Double? = 200, speed: Double = 10, liveShare: Double = 0.4,
        betShare: Double = 0.15, start: Timestamp? = nil
    ) {
        self.seed = seed
        self.fixtures = fixtures
        self.rate = rate
        self.speed = speed
        self.liveShare = liveShare
        self.betShare = betShare
        self.start = start
        users = 500
        maximumOpenBets = 2_000
        sports = Sport.allCases
    }

    /// One sentence for each setting that makes no sense.
    package var problems: [String] {
        var problems: [String] = []
        if !(1...100_000).contains(fixtures) { problems.append("fixtures must be 1 to 100000, not \(fixtures)") }
        if let rate, !LoadConfiguration.rates.contains(rate) {
            problems.append("rate must be in \(LoadConfiguration.rates), not \(rate)")
        }
        if !(speed > 0 && speed <= 10_000) { problems.append("speed must be above 0 and at most 10000, not \(speed)") }
        if !(0.01...0.99).contains(liveShare) { problems.append("live share must be 0.01 to 0.99, not \(liveShare)") }
        if !(0...0.9).contains(betShare) { problems.append("bet share must be 0 to 0.9, not \(betShare)") }
        if users < 1 { problems.append("users must be at least 1") }
        if sports.isEmpty { problems.append("at least one sport must be played") }
        return problems
    }
}
