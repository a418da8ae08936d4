import FeedModel
import Testing

@testable import Broadcaster

/// Trying a few filters comes to the same as trying all.
struct AudienceIndexTests {
    private static let start = Moment(monotonic: .seconds(100), wall: Timestamp(microseconds: 1_766_414_833_000_000))
    private static let feeds = ["book-a", "book-b"].compactMap { FeedName($0) }

    private static func randomFilter(_ random: inout SplitMix) -> SubscriptionFilter {
        func some(_ values: [String], _ random: inout SplitMix) -> [String] {
            guard Int.random(in: 0..<3, using: &random) == 0 else { return [] }
            return Array(values.shuffled(using: &random).prefix(Int.random(in: 1...2, using: &random)))
        }
        return SubscriptionFilter(
            feeds: some(["book-a", "book-b", "book-x"], &random),
            sports: some(["football", "Tennis", "golf"], &random),
            tournaments: some(["cup", "league", "open"], &random),
            fixtures: some(["fx-1", "fx-2", "fx-3", "book-a|fx-1", "book-b|fx-4"], &random),
            isLive: [nil, nil, true, false].randomElement(using: &random) ?? nil)
    }

    private static func randomEvent(_ random: inout SplitMix) -> EntryScript.Event {
        let fixture = "fx-\(Int.random(in: 1...5, using: &random))"
        guard Int.random(in: 0..<4, using: &random) > 0 else {
            return .odds(fixture: fixture, option: "home", price: "2")
        }
        return .fixture(
            fixture, status: [.scheduled, .live, .finished].randomElement(using: &random) ?? .live,
            sport: ["Football", "Tennis"].randomElement(using: &random) ?? "Tennis",
            tournament: ["Cup", "League", ""].randomElement(using: &random) ?? "Cup")
    }

    @Test(arguments: 0..<20) func theSameAsTryingEveryFilter(seed: Int) throws {
        var random = SplitMix(seed: UInt64(seed))
        let instance = TestInstance(feeds: Self.feeds, now: Self.start)
        var scripts = Self.feeds.map { EntryScript(feed: $0) }
        let filters = (0..<30).map { _ in Self.randomFilter(&random) }
        let watchers = try filters.map { filter in
            try Watcher(filter, instance, resumes: Bool.random(using: &random))
        }
        for _ in 0..<30 {
            let feed = Int.random(in: 0..<2, using: &random)
            if Int.random(in: 0..<8, using: &random) == 0 {
                scripts[feed].receivedAt = scripts[feed].receivedAt + .seconds(700)
            }
            try instance.apply(
                scripts[feed].entry((0..<3).map { _ in [Self.randomEvent(&random)] }), feed: feed)
            let former = watchers.map(\.lanes)
            let batch = instance.deliver()
            for (watcher, former) in zip(watchers, former) {
                #expect(watcher.lanes == watcher.matching, "\(watcher.filter)")
                #expect(try watcher.gone() == watcher.expectedGone(batch, former), "\(watcher.filter)")
            }
        }
    }

    @Test func filtersThatNameOtherFixturesAreNotTried() throws {
        let instance = TestInstance(feeds: Self.feeds, now: Self.start)
        for number in 0..<2_000 {
            _ = instance.hub.audience(
                Watcher.key(SubscriptionFilter(fixtures: ["fx-\(number)", "book-b|fx-\(number + 1)"])))
            _ = instance.hub.audience(
                Watcher.key(SubscriptionFilter(sports: ["football"], tournaments: ["cup-\(number)"])))
        }
        var fixture = FixtureInfo()
        fixture.sport = "Football"
        fixture.tournament = "Cup-7"
        func candidates(_ feed: Int, _ id: String) -> Int {
            instance.hub.index.candidates(
                for: LaneFacts(feed: feed, fixtureID: id, fixture: fixture), name: "\(Self.feeds[feed])|\(id)"
            ).count
        }
        #expect(candidates(0, "fx-5") == 2, "one by its fixture, one by its tournament")
        #expect(candidates(1, "fx-5") == 3)
        #expect(candidates(1, "fx-5000") == 1)
    }
}

extension AudienceIndexTests {
    @Test func whoHearsOfFeedsOnlyIsGivenNoLanesNotEvenAfterAResume() throws {
        let instance = TestInstance(feeds: Self.feeds, now: Self.start)
        let audience = instance.hub.audience(
            AudienceKey(channel: .feeds, filter: SubscriptionFilter(), format: .decimal, conflation: .none))
        instance.hub.index.noteResumed(audience)
        var script = EntryScript(feed: Self.feeds[0])
        try instance.apply(script.entry(.odds(fixture: "fx", option: "home", price: "1.5")), feed: 0)
        instance.deliver()
        #expect(instance.hub.lanes.count == 1 && audience.lanes.isEmpty)
    }
}

/// A connection with one subscription.
private final class Watcher {
    let filter: SubscriptionFilter
    private let instance: TestInstance
    private let matcher: LaneMatcher
    private let connection: TestConnection
    private let isResumed: Bool
    private var seen = 0

    static func key(_ filter: SubscriptionFilter) -> AudienceKey {
        AudienceKey(channel: .odds, filter: filter, format: .decimal, conflation: .none)
    }

    init(_ filter: SubscriptionFilter, _ instance: TestInstance, resumes: Bool) throws {
        self.filter = filter
        self.instance = instance
        matcher = LaneMatcher(filter, feeds: instance.feeds)
        isResumed = resumes
        var connection = instance.connect()
        try connection.send(World.command(Self.key(filter), resume: nil))
        try connection.settle()
        if resumes {
            let cursor = try #require(connection.client.cursors["1"])
            connection.cut()
            connection = instance.connect(connection.client)
            try connection.send(World.command(Self.key(filter), resume: cursor))
            try connection.settle()
        }
        connection.client.isRecording = true
        self.connection = connection
    }

    /// What its audience is attached to.
    var lanes: Set<String> {
        let ids = instance.hub.audiences[Self.key(filter)]?.lanes.keys.map { $0 } ?? []
        return Set(ids.compactMap { instance.hub.lanes[$0]?.lane.name })
    }

    /// What its filter matches, of all that there is.
    var matching: Set<String> {
        Set(
            instance.hub.lanes.values.filter { matcher.matches($0.facts, name: $0.lane.name) }.map { $0.lane.name })
    }

    /// The lanes that it was told are gone since it was asked last.
    func gone() throws -> Set<String> {
        try connection.settle()
        let messages = connection.client.messages("snap")
        defer { seen = messages.count }
        let lanes = messages[seen...].flatMap { $0["lanes"] as? [[String: Any]] ?? [] }
        return Set(lanes.filter { $0["gone"] as? Bool == true }.compactMap { $0["ln"] as? String })
    }

    /// By trying all: lanes that it saw and no longer sees, and, because it may have them from elsewhere, those that do not match
    /// for another reason than their name.
    func expectedGone(_ batch: FanOutBatch, _ former: Set<String>) -> Set<String> {
        let now = matching
        let told = batch.described.map(\.lane) + batch.vanished.map(\.lane)
        return Set(
            told.filter { lane in
                guard !now.contains(lane.name) else { return false }
                let mayHave = isResumed && matcher.matchesName(lane.feed, lane.fixtureID, name: lane.name)
                return former.contains(lane.name) || mayHave
            }.map(\.name))
    }
}
