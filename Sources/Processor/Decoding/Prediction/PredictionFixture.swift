import FeedModel

/// The fixture that prediction markets belong to, as far as their descriptions tell.
struct PredictionFixture {
    private var status = FixtureStatus.finished
    private var startTime: Timestamp?
    private var tournament: [UInt8] = []
    private var name: [UInt8] = []

    /// Takes one of its markets into account: the fixture is over when all are closed, and starts with the first.
    mutating func add(_ market: PredictionMarket) {
        if market.status != .closed { status = .scheduled }
        if let start = market.startTime { startTime = min(startTime ?? start, start) }
        if tournament.isEmpty { tournament = market.tournament }
        if name.isEmpty { name = market.fixtureName }
    }

    /// What tells one state of the fixture from another.
    func digest(seed: UInt64) -> UInt64 {
        var bytes: [UInt8] = [status.rawValue]
        bytes.appendLittleEndian(startTime?.microseconds ?? .min)
        bytes.appendLittleEndian(UInt32(tournament.count))
        bytes.append(contentsOf: tournament)
        bytes.append(contentsOf: name)
        // Not 0, which stands for a fixture that was never told.
        return bytes.withUnsafeBytes { max(1, StableHash.hash($0, seed: seed)) }
    }

    /// Gives the event that tells the fixture's whole state to `body`.
    func withEvent(id: [UInt8], _ body: (inout FixtureUpdate) -> Void) {
        let teams = TeamNames.sides(of: name)
        let texts = [id, tournament, Array(teams.home), Array(teams.away)]
        let ends = texts.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
        Array(texts.joined()).withUnsafeBytes { bytes in
            func text(_ index: Int) -> TextView { TextView(rebasing: bytes[ends[index]..<ends[index + 1]]) }
            var event = FixtureUpdate()
            event.status = status
            event.startTime = startTime
            event.fixtureID = text(0)
            event.tournamentID = text(1)
            event.homeTeam = text(2)
            event.awayTeam = text(3)
            body(&event)
        }
    }
}
