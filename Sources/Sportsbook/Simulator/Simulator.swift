package import FeedModel

/// A world of sports with a sportsbook in it: a pure value that gives one message after another.
///
/// The same configuration and the same sequence of times give the same messages, byte for byte. Goals, starts and ends
/// happen by the world's clock; what is left of the message rate is filled with price moves and bets. When messages leave
/// more slowly than the world makes them, the world slows down rather than that its queue grows.
package struct Simulator: Sendable {
    private let configuration: SimulatorConfiguration
    private var factory: FixtureFactory
    private var context: SimulationContext
    private(set) var fixtures: [SimulatedFixture] = []
    /// Time that passed but was not played yet.
    private var unplayed = Duration.zero
    private var bets = 0

    private static let tick = Duration.milliseconds(100)
    /// The world stands still while more messages than this wait.
    private static let backlog = 64

    /// `start` is used where the configuration names none.
    package init(_ configuration: SimulatorConfiguration, start: Timestamp) {
        self.configuration = configuration
        let start = configuration.start ?? start
        factory = FixtureFactory(configuration, start: start)
        context = SimulationContext(
            generator: SeededGenerator(seed: configuration.seed), now: start, world: start, speed: configuration.speed)
        fixtures.reserveCapacity(configuration.fixtures)
        for _ in 0..<configuration.fixtures { fixtures.append(initialFixture()) }
        context.queue.removeAll()
    }

    /// The next message, stamped with `time` (never earlier than the last one's).
    package mutating func next(at time: Timestamp) -> SportsbookMessage {
        let elapsed = max(.zero, time.since(context.now))
        context.now = max(context.now, time)
        play(elapsed)
        var attempts = 0
        while context.queue.count == 0 {
            attempts += 1
            attempts < 12 ? makeNoise(size: Double(attempts)) : repeatPrice()
        }
        return context.queue.removeFirst() ?? .fixtureUpdate(fixtures[0], at: context.now)
    }

    /// Whether the messages given so far tell the whole state: no change is half told.
    package var isSettled: Bool { context.queue.count == 0 }

    /// The state as messages. They tell what is true now, including what waits to be sent.
    package func snapshot(of streams: StreamSet) -> [SportsbookMessage] {
        var messages: [SportsbookMessage] = []
        for fixture in fixtures { fixture.snapshot(at: context.now, into: &messages) }
        return messages.filter { streams.contains(StreamSet($0.stream)) }
    }
}

extension Simulator {
    private mutating func play(_ elapsed: Duration) {
        // After a long pause the world does not catch up in one burst.
        unplayed = min(unplayed + elapsed, .seconds(5))
        while unplayed >= Self.tick, context.queue.count < Self.backlog {
            unplayed -= Self.tick
            context.world = context.world + Self.tick
            for index in fixtures.indices {
                fixtures[index].advance(by: Self.tick.seconds, &context)
                if fixtures[index].isOver { replaceFixture(at: index) }
            }
        }
        if unplayed > Self.tick { unplayed = Self.tick }
    }

    private mutating func replaceFixture(at index: Int) {
        let sport = factory.sport(using: &context.generator)
        let lead = factory.lead(of: sport, using: &context.generator)
        let start = context.world + .microseconds(Int64(lead * 1_000_000))
        var fixture = factory.make(sport, startingAt: start, busy: busy, &context)
        context.queue.append(.fixtureUpdate(fixture, at: context.now))
        fixture.openMarkets(&context)
        fixtures[index] = fixture
    }

    private var busy: Set<String> { Set(fixtures.flatMap { [$0.home, $0.away] }) }

    /// A fixture of the first moment: some are in play already, and their past is played here unseen.
    private mutating func initialFixture() -> SimulatedFixture {
        let world = context.world
        defer { context.world = world }
        let sport = factory.sport(using: &context.generator)
        let isLive = context.generator.chance(configuration.liveShare)
        while true {
            let length = factory.length(of: sport)
            let offset =
                isLive
                ? -length * context.generator.uniform(0...0.9)
                : factory.lead(of: sport, using: &context.generator) * context.generator.uniform(0.05...1)
            let start = world + .microseconds(Int64(offset * 1_000_000))
            var fixture = factory.make(sport, startingAt: start, busy: busy, &context)
            fixture.openMarkets(&context)
            let steps = isLive ? 60 : 0
            for step in 0..<steps where !fixture.isOver {
                context.world = start + .microseconds(Int64(-offset * 1_000_000 * Double(step + 1) / 60))
                fixture.advance(by: -offset / 60, &context)
            }
            if !fixture.isOver { return fixture }
        }
    }

    /// A price move or a bet somewhere.
    private mutating func makeNoise(size: Double) {
        let index = context.generator.index(below: fixtures.count)
        // A bet makes three messages in its life.
        if context.generator.chance(configuration.betShare / 3), openBets < configuration.maximumOpenBets {
            placeBet(at: index)
            return
        }
        // Prices move more often in play.
        guard fixtures[index].status == .live || context.generator.chance(0.35) else { return }
        fixtures[index].model.drift(by: size, using: &context.generator)
        fixtures[index].reprice(&context)
    }

    private var openBets: Int { fixtures.reduce(0) { $0 + $1.bets.count } }

    private mutating func placeBet(at index: Int) {
        // A few users place most of the bets.
        let user = Int(Double(configuration.users) * context.generator.unit() * context.generator.unit())
        let currency = ["EUR", "EUR", "GBP", "USD", "EUR"][user % 5]
        if fixtures[index].placeBet(id: factory.betID(bets + 1), user: ("u-\(user + 1)", currency), &context) {
            bets += 1
        }
    }

    /// Books repeat prices; here so that there is always something to say.
    private mutating func repeatPrice() {
        let fixture = context.generator.element(of: fixtures)
        if let market = fixture.markets.first(where: { !$0.isSettled }) {
            context.queue.append(.oddsChange(market, of: fixture.id, at: context.now))
        } else {
            context.queue.append(.fixtureUpdate(fixture, at: context.now))
        }
    }
}
