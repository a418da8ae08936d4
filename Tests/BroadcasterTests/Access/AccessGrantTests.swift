import AccessTokens
import FeedModel
import Testing
import WebSocketTransport

@testable import Broadcaster

/// What keys may see and how much of it, without sockets.
struct AccessGrantTests {
    private let feeds = ["book-a", "book-b"].compactMap { FeedName($0) }
    private let start = Moment(monotonic: .seconds(100), wall: Timestamp(microseconds: 1_766_414_833_000_000))

    private func instance() throws -> TestInstance {
        let instance = TestInstance(feeds: feeds, now: start)
        for (index, feed) in feeds.enumerated() {
            var script = EntryScript(feed: feed, receivedAt: start.wall)
            try instance.apply(
                script.entry(.fixture("fx-1", sport: "football"), .fixture("fx-2", sport: "tennis")), feed: index)
            try instance.apply(
                script.entry(
                    .odds(fixture: "fx-1", option: "home", price: "1.5"),
                    .odds(fixture: "fx-2", option: "home", price: "2.5")), feed: index)
        }
        instance.deliver()
        return instance
    }

    private func connect(
        _ instance: TestInstance, _ change: (inout AccessGrant) -> Void
    ) -> (TestConnection, BookClient) {
        var grant = AccessGrant(name: "key")
        change(&grant)
        let client = BookClient()
        client.isRecording = true
        return (instance.connect(client, grant: grant), client)
    }

    @Test func aFilterIsNarrowedToWhatTheKeyMaySee() throws {
        let instance = try instance()
        let (connection, client) = connect(instance) {
            $0.feeds = ["book-a"]
            $0.sports = ["football"]
            $0.minimumConflateMilliseconds = 200
        }
        try connection.send(#"{"t":"sub","id":1,"f":{}}"#)
        instance.deliver()
        try connection.settle()
        let confirmation = try #require(client.messages("sub_ok").first)
        #expect(confirmation["limits"] as? [String] == ["feeds", "sports", "min_conflate_ms"])
        #expect(confirmation["conflate_ms"] as? Int == 250)
        #expect((confirmation["f"] as? [String: Any])?["feeds"] as? [String] == ["book-a"])
        #expect(Array(client.lanes.keys) == ["book-a|fx-1"])
    }

    @Test func whatAKeyMayNotSeeIsRefusedInsteadOfMeaningEverything() throws {
        let instance = try instance()
        let (connection, client) = connect(instance) { $0.feeds = ["book-a"] }
        try connection.send(#"{"t":"sub","id":1,"f":{"feeds":["book-b"]}}"#)
        try connection.send(#"{"t":"sub","id":2,"f":{"feeds":["book-a","book-b"]}}"#)
        try connection.send(#"{"t":"upd","id":3,"sid":1,"add":{"feeds":["book-b"]}}"#)
        instance.deliver()
        try connection.settle()
        let refusal = try #require(client.messages("err").first)
        #expect(refusal["code"] as? String == "not_allowed" && refusal["id"] as? Int == 1)
        #expect(client.messages("sub_ok").first?["limits"] as? [String] == ["feeds"])
        #expect(client.messages("upd_ok").first?["limits"] as? [String] == ["feeds"])
        #expect(Set(client.lanes.keys) == ["book-a|fx-1", "book-a|fx-2"])
    }

    @Test func feedsThatAreNotAKeysAreNeverNamed() throws {
        let instance = try instance()
        let (connection, client) = connect(instance) { $0.feeds = ["book-a"] }
        let (everything, other) = connect(instance) { _ in }
        for connection in [connection, everything] { try connection.send(#"{"t":"sub","id":1,"ch":"feeds"}"#) }
        instance.deliver()
        instance.advance(.seconds(20))
        instance.deliver()
        for connection in [connection, everything] { try connection.settle() }
        for (client, expected) in [(client, ["book-a"]), (other, ["book-a", "book-b"])] {
            #expect(client.messages("feed").compactMap { $0["name"] as? String }.sorted().uniqued == expected)
            for message in client.messages("hello") + client.messages("hb") {
                #expect((message["feeds"] as? [String: Any])?.keys.sorted() == expected)
            }
            #expect(!client.messages("hb").isEmpty)
        }
    }

    @Test func aConnectionEndsWithItsToken() throws {
        let instance = try instance()
        let (connection, _) = connect(instance) { $0.expiresAt = start.wall + .seconds(30) }
        try connection.send(#"{"t":"sub","id":1}"#)
        instance.advance(.seconds(29))
        instance.deliver()
        #expect(connection.outlet.closeCode == nil)
        instance.advance(.seconds(2))
        instance.deliver()
        #expect(connection.outlet.closeCode == 4012)
    }

    @Test func claimsBecomeAGrant() {
        var claims = TokenClaims(subject: "partner-a", expiresAt: 1e300)
        claims.sports = ["Football"]
        claims.minimumConflateMilliseconds = -5
        claims.maximumConnections = 3
        let grant = AccessGrant(claims)
        #expect(grant.sports == ["football"] && grant.minimumConflateMilliseconds == 0)
        #expect(grant.limits(BroadcasterLimits()).connectionsPerKey == 3)
        #expect(grant.allows(feed: feeds[0]) && !grant.allowsNothing(of: feeds))
        claims.feeds = []
        #expect(AccessGrant(claims).allowsNothing(of: feeds))
        claims.feeds = ["elsewhere"]
        #expect(AccessGrant(claims).allowsNothing(of: feeds))
    }

    @Test func whatAKeyHasIsCountedOverAllItsConnections() {
        var limits = BroadcasterLimits()
        limits.connectionsPerKey = 2
        limits.commandsPerSecondOfKey = 1
        limits.requestsPerSecond = 1
        let admission = Admission(limits: limits, now: .zero)
        let (grant, other) = (AccessGrant(name: "a"), AccessGrant(name: "b"))
        #expect(admission.admit(grant, at: .zero) == .admitted && admission.identify(grant, at: .zero))
        #expect(admission.admit(grant, at: .zero) == .tooManyOfKey && !admission.identify(grant, at: .zero))
        #expect(admission.admit(other, at: .zero) == .admitted)
        admission.release(grant)
        #expect(admission.admit(grant, at: .zero) == .admitted)
        #expect((0..<3).map { _ in admission.takeCommand(grant, at: .zero) } == [true, true, false])
        #expect((0..<3).map { _ in admission.takeRequest(grant, at: .zero) } == [true, true, false])
        #expect(admission.takeCommand(other, at: .zero) && admission.takeCommand(grant, at: .seconds(1)))
        #expect((0..<9).allSatisfy { _ in admission.takeRequest(.everything, at: .zero) })
    }
}

extension Array where Element: Equatable {
    /// Without what repeats the element before.
    fileprivate var uniqued: [Element] { reduce(into: []) { if $0.last != $1 { $0.append($1) } } }
}
