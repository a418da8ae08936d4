import FeedModel

/// Which lanes and rows a subscription asks for: AND between fields, OR inside one, empty means everything.
package struct SubscriptionFilter: Sendable, Hashable {
    package var feeds: [String]
    /// Identifiers or names, in lower case.
    package var sports: [String]
    package var tournaments: [String]
    /// Fixture identifiers, or `<feed>|<fixture>`.
    package var fixtures: [String]
    /// Market types.
    package var markets: [String]
    /// Only fixtures in play, only others, or both.
    package var isLive: Bool?

    package init(
        feeds: [String] = [], sports: [String] = [], tournaments: [String] = [], fixtures: [String] = [],
        markets: [String] = [], isLive: Bool? = nil
    ) {
        self.feeds = Self.sorted(feeds)
        self.sports = Self.sorted(sports.map { $0.lowercased() })
        self.tournaments = Self.sorted(tournaments.map { $0.lowercased() })
        self.fixtures = Self.sorted(fixtures)
        self.markets = Self.sorted(markets)
        self.isLive = isLive
    }

    private static func sorted(_ values: [String]) -> [String] { Set(values).sorted() }

    /// The names and values of the fields that hold lists, in a fixed order.
    var lists: [(name: String, values: [String])] {
        [
            ("feeds", feeds), ("sports", sports), ("tournaments", tournaments), ("fixtures", fixtures),
            ("markets", markets),
        ]
    }

    /// Everything of this filter and of `other`; `live` is the other's if it says so.
    func adding(_ other: SubscriptionFilter) -> SubscriptionFilter {
        SubscriptionFilter(
            feeds: feeds + other.feeds, sports: sports + other.sports, tournaments: tournaments + other.tournaments,
            fixtures: fixtures + other.fixtures, markets: markets + other.markets, isLive: other.isLive ?? isLive)
    }

    /// Without the values of `other`.
    func removing(_ other: SubscriptionFilter) -> SubscriptionFilter {
        func rest(_ mine: [String], _ theirs: [String]) -> [String] { mine.filter { !theirs.contains($0) } }
        return SubscriptionFilter(
            feeds: rest(feeds, other.feeds), sports: rest(sports, other.sports),
            tournaments: rest(tournaments, other.tournaments), fixtures: rest(fixtures, other.fixtures),
            markets: rest(markets, other.markets), isLive: other.isLive == isLive ? nil : isLive)
    }

    /// Whether taking values away emptied a field: it would suddenly mean everything.
    func isWidened(from former: SubscriptionFilter) -> Bool {
        zip(lists, former.lists).contains { $0.values.isEmpty && !$1.values.isEmpty }
    }

    /// The rows that the filter shows of a lane it matches.
    var rows: Projection.Rows { markets.isEmpty ? .all : .markets(markets) }

    /// Names the filter in cursors.
    func hash(format: OddsFormat, channel: Channel) -> UInt64 {
        var text = "\(channel.rawValue)\u{1}\(format.rawValue)\u{1}\(isLive.map { $0 ? "live" : "idle" } ?? "")"
        for list in lists { text += "\u{1}" + list.values.joined(separator: "\u{0}") }
        return text.withUTF8 { StableHash.hash(UnsafeRawBufferPointer($0), seed: 0) }
    }
}

/// What a subscription is about.
package enum Channel: String, Sendable, CaseIterable {
    /// Fixtures with their prices.
    case odds
    /// Fixtures without prices.
    case fixtures
    /// The states of feeds, which every connection hears of anyway.
    case feeds
}

/// A filter made ready for matching lanes.
struct LaneMatcher: Sendable {
    private let filter: SubscriptionFilter
    /// By index of the feed in the configuration.
    private let allowsFeed: [Bool]

    init(_ filter: SubscriptionFilter, feeds: [FeedName]) {
        self.filter = filter
        allowsFeed = feeds.map { filter.feeds.isEmpty || filter.feeds.contains($0.text) }
    }

    func allows(feed: Int) -> Bool { allowsFeed[feed] }

    func matches(_ facts: LaneFacts, name: String) -> Bool {
        matchesName(facts.feed, facts.fixtureID, name: name) && matchesFixture(facts)
    }

    /// The part that never changes for a lane.
    func matchesName(_ feed: Int, _ fixtureID: String, name: String) -> Bool {
        allowsFeed[feed]
            && (filter.fixtures.isEmpty || filter.fixtures.contains(fixtureID) || filter.fixtures.contains(name))
    }

    private func matchesFixture(_ facts: LaneFacts) -> Bool {
        if let isLive = filter.isLive, isLive != facts.isLive { return false }
        return (filter.sports.isEmpty || facts.sports.contains { filter.sports.contains($0) })
            && (filter.tournaments.isEmpty || facts.tournaments.contains { filter.tournaments.contains($0) })
    }
}
