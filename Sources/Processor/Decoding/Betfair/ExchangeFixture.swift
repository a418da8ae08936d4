import FeedModel

/// The fixture that exchange markets belong to, as far as their definitions tell.
struct ExchangeFixture {
    private(set) var status = FixtureStatus.finished
    private(set) var startTime: Timestamp?
    private(set) var eventTypeID: [UInt8] = []
    private(set) var eventName: [UInt8] = []

    /// Takes one of its markets into account: the fixture is live while any is in play, over when all are closed, and
    /// starts with the first.
    mutating func add(_ market: borrowing MarketState) {
        if market.status != .closed {
            if market.isInPlay { status = .live } else if status == .finished { status = .scheduled }
        }
        if let start = market.startTime { startTime = min(startTime ?? start, start) }
        if eventTypeID.isEmpty { eventTypeID = market.eventTypeID }
        if eventName.isEmpty { eventName = market.eventName }
    }

    /// What tells one state of the fixture from another.
    func digest(seed: UInt64) -> UInt64 {
        var bytes: [UInt8] = [status.rawValue]
        bytes.appendLittleEndian(startTime?.microseconds ?? .min)
        bytes.appendLittleEndian(UInt32(eventTypeID.count))
        bytes.append(contentsOf: eventTypeID)
        bytes.append(contentsOf: eventName)
        // Not 0, which stands for a fixture that was never told.
        return bytes.withUnsafeBytes { max(1, StableHash.hash($0, seed: seed)) }
    }

    /// Gives the event that tells the fixture's whole state to `body`.
    func withEvent(id: [UInt8], _ body: (inout FixtureUpdate) -> Void) {
        let sport = BetfairNames.sport(String(decoding: eventTypeID, as: UTF8.self))
        let teams = TeamNames.sides(of: eventName)
        let texts = [id, Array(sport.id.utf8), Array(sport.name.utf8), Array(teams.home), Array(teams.away)]
        let ends = texts.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
        Array(texts.joined()).withUnsafeBytes { bytes in
            func text(_ index: Int) -> TextView { TextView(rebasing: bytes[ends[index]..<ends[index + 1]]) }
            var event = FixtureUpdate()
            event.status = status
            event.startTime = startTime
            event.fixtureID = text(0)
            event.sportID = text(1)
            event.sport = text(2)
            event.homeTeam = text(3)
            event.awayTeam = text(4)
            body(&event)
        }
    }
}
