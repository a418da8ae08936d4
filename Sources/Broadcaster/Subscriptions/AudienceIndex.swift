/// Finds the audiences that a lane may concern, so that thousands of filters are not tried one by one.
///
/// An audience is filed under each value of one field of its filter, of those it has the one that selects most.
struct AudienceIndex {
    private enum Key: Hashable {
        /// A fixture's identifier, or a lane's name.
        case fixture(String)
        case tournament(String)
        case sport(String)
        case feed(Int)
        case anything
    }

    private var filed: [Key: [Audience]] = [:]
    /// Those who do not name fixtures, and of whom a member may have lanes from an instance that was ahead.
    private var resumed: [ObjectIdentifier: Audience] = [:]
    private let feedCount: Int

    init(feedCount: Int) { self.feedCount = feedCount }

    mutating func insert(_ audience: Audience) {
        for key in keys(of: audience) { filed[key, default: []].append(audience) }
    }

    mutating func remove(_ audience: Audience) {
        resumed[ObjectIdentifier(audience)] = nil
        for key in keys(of: audience) {
            filed[key]?.removeAll { $0 === audience }
            if filed[key]?.isEmpty == true { filed[key] = nil }
        }
    }

    /// A member came with what it had from elsewhere: lanes that do not match concern the audience, too.
    mutating func noteResumed(_ audience: Audience) {
        guard audience.key.channel != .feeds, audience.key.filter.fixtures.isEmpty else { return }
        resumed[ObjectIdentifier(audience)] = audience
    }

    /// Everyone whose filter may match, or who may have the lane although it does not.
    func candidates(for facts: LaneFacts, name: String) -> [ObjectIdentifier: Audience] {
        var found = holders(ofFixture: facts.fixtureID, name: name)
        for tournament in facts.tournaments { add(.tournament(tournament), to: &found) }
        for sport in facts.sports { add(.sport(sport), to: &found) }
        add(.feed(facts.feed), to: &found)
        add(.anything, to: &found)
        return found
    }

    /// Everyone who may have a lane that this instance did not give them: their filters name it, or were resumed.
    func holders(ofFixture fixtureID: String, name: String) -> [ObjectIdentifier: Audience] {
        var found = resumed
        add(.fixture(fixtureID), to: &found)
        add(.fixture(name), to: &found)
        return found
    }

    private func add(_ key: Key, to found: inout [ObjectIdentifier: Audience]) {
        for audience in filed[key] ?? [] { found[ObjectIdentifier(audience)] = audience }
    }

    private func keys(of audience: Audience) -> [Key] {
        let filter = audience.key.filter
        if !filter.fixtures.isEmpty { return filter.fixtures.map { .fixture($0) } }
        if !filter.tournaments.isEmpty { return filter.tournaments.map { .tournament($0) } }
        if !filter.sports.isEmpty { return filter.sports.map { .sport($0) } }
        guard !filter.feeds.isEmpty else { return [.anything] }
        return (0..<feedCount).filter { audience.matcher.allows(feed: $0) }.map { .feed($0) }
    }
}
