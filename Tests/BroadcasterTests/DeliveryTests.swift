import FeedModel
import NIOCore
import Testing

@testable import Broadcaster

/// What connections are given that do not take everything at once, or that see a lane twice.
struct DeliveryTests {
    private static let start = Moment(monotonic: .seconds(100), wall: Timestamp(microseconds: 1_766_414_833_000_000))
    private static let plain = AudienceKey(
        channel: .odds, filter: SubscriptionFilter(), format: .decimal, conflation: .none)
    private let feeds = ["book-a", "book-b"].compactMap { FeedName($0) }

    private func instance() -> TestInstance { TestInstance(feeds: feeds, now: Self.start) }

    private func settle(_ connection: TestConnection) throws {
        connection.instance.deliver()
        try connection.settle()
        connection.instance.hub.writabilityChanged(connection.subscriber, now: connection.instance.now)
        try connection.settle()
    }

    // MARK: Feed states

    @Test func aClientDoesNotEndOnAStateThatWasOvertaken() throws {
        let instance = instance()
        let connection = instance.connect()
        try settle(connection)
        var script = EntryScript(feed: feeds[0])
        // Nothing arrives: that the feed is up is still under way when it is down again.
        try instance.apply(script.entry(.odds(fixture: "fx", option: "home", price: "1.5")), feed: 0)
        instance.deliver()
        try instance.apply(script.entry(.control(.stateChanged(state: .backoff, why: "hung up"))), feed: 0)
        instance.deliver()
        #expect(connection.outlet.inFlight.first?.contains(#""state":"down""#) == true)
        try connection.settle()
        #expect(connection.client.feedStates["book-a"] == "down")
    }

    // MARK: Bursts

    @Test func aBurstClosesNobodyWhoKeepsUp() throws {
        let instance = instance()
        let connection = instance.connect()
        connection.outlet.watermark = 64 * 1024
        try connection.send(#"{"t":"sub","id":1,"ch":"odds","f":{}}"#)
        try settle(connection)
        var script = EntryScript(feed: feeds[0])
        func change(_ round: Int) throws {
            for fixture in 0..<500 {
                try instance.apply(
                    script.entry(.odds(fixture: "fx-\(fixture)", option: "home", price: "\(round + 2).5")), feed: 0)
            }
        }
        try change(0)
        try settle(connection)
        // Redis stood still, and then everything comes in one turn.
        for round in 1...20 { try change(round) }
        let batch = instance.deliver()
        #expect(batch.frames.reduce(0) { $0 + $1.buffer.readableBytes } > instance.hub.limits.unwrittenBytes)
        #expect(connection.outlet.unwrittenBytes < 2 * 64 * 1024)
        try change(21)
        instance.deliver()
        #expect(connection.outlet.closeCode == nil)
        try settle(connection)
        #expect(differences(connection.client.lanes, try instance.expected(Self.plain)).isEmpty)
    }

    // MARK: Lanes seen twice

    @Test func whatAnotherClassCoversIsNotGone() throws {
        let instance = instance()
        let connection = instance.connect()
        var script = EntryScript(feed: feeds[0])
        func change(_ price: String) throws {
            try instance.apply(script.entry(.odds(fixture: "fx", option: "home", price: price)), feed: 0)
            try settle(connection)
        }
        try change("1.5")
        try connection.send(#"{"t":"sub","id":1,"ch":"odds","f":{}}"#)
        try connection.send(#"{"t":"sub","id":2,"ch":"odds","f":{},"conflate_ms":1000}"#)
        try settle(connection)
        try connection.send(#"{"t":"unsub","sid":1}"#)
        try settle(connection)
        #expect(differences(connection.client.lanes, try instance.expected(Self.plain)).isEmpty)
        try change("1.6")
        instance.advance(.seconds(1))
        try settle(connection)
        #expect(differences(connection.client.lanes, try instance.expected(Self.plain)).isEmpty)
    }

    @Test func whatLeavesOneFilterIsNotGoneFromAnother() throws {
        let instance = instance()
        let connection = instance.connect()
        var script = EntryScript(feed: feeds[0])
        try instance.apply(
            script.entry(.fixture("fx"), .odds(fixture: "fx", option: "home", price: "1.5")), feed: 0)
        try connection.send(#"{"t":"sub","id":1,"ch":"odds","f":{"live":false}}"#)
        try connection.send(#"{"t":"sub","id":2,"ch":"odds","f":{},"conflate_ms":1000}"#)
        try settle(connection)
        try instance.apply(script.entry(.fixture("fx", status: .live)), feed: 0)
        try settle(connection)
        instance.advance(.seconds(1))
        try settle(connection)
        #expect(differences(connection.client.lanes, try instance.expected(Self.plain)).isEmpty)
    }

    @Test func aLaneThatLeavesAndComesBackWhileNothingIsTaken() throws {
        let instance = instance()
        var script = EntryScript(feed: feeds[0])
        try instance.apply(
            script.entry(.fixture("fx"), .odds(fixture: "fx", option: "home", price: "1.5")), feed: 0)
        // Another one keeps the form alive that both see.
        let other = instance.connect()
        try other.send(#"{"t":"sub","id":1,"ch":"odds","f":{}}"#)
        try settle(other)
        let connection = instance.connect()
        try connection.send(#"{"t":"sub","id":1,"ch":"odds","f":{"live":false}}"#)
        try settle(connection)
        connection.outlet.watermark = 1
        for price in ["1.6", "1.7"] {
            try instance.apply(script.entry(.odds(fixture: "fx", option: "home", price: price)), feed: 0)
            instance.deliver()
        }
        for status in [FixtureStatus.live, .scheduled] {
            try instance.apply(script.entry(.fixture("fx", status: status)), feed: 0)
            instance.deliver()
        }
        try settle(connection)
        #expect(differences(connection.client.lanes, try instance.expected(Self.plain)).isEmpty)
    }

    @Test func aLaneThatMatchedAndEndedBetweenTwoLooks() throws {
        let (ahead, behind) = (instance(), instance())
        var script = EntryScript(feed: feeds[0])
        let first = script.entry(.fixture("fx", sport: "tennis"))
        try ahead.apply(first, feed: 0)
        try behind.apply(first, feed: 0)
        let second = script.entry(.fixture("fx", status: .finished, sport: "football"))
        try ahead.apply(second, feed: 0)
        let client = BookClient()
        let connection = ahead.connect(client)
        let subscribe = #"{"t":"sub","id":1,"ch":"odds","f":{"sports":["football"]}"#
        try connection.send(subscribe + "}")
        try settle(connection)
        #expect(client.lanes.count == 1)
        connection.cut()

        behind.deliver()
        let resumed = behind.connect(client)
        try resumed.send(subscribe + ",\"resume\":\"\(try #require(client.cursors["1"]))\"}")
        try settle(resumed)
        try behind.apply(second, feed: 0)
        script.receivedAt = script.receivedAt + .seconds(700)
        try behind.apply(script.entry(.odds(fixture: "other", option: "home", price: "2")), feed: 0)
        try settle(resumed)
        #expect(client.lanes.isEmpty)
    }

    // MARK: Heartbeats

    @Test func aFeedThatIsBehindSilencesOnlyWhoSeesIt() throws {
        let instance = instance()
        let clients = ["\"feeds\":[\"book-b\"]", ""].map { _ in BookClient() }
        let connections = clients.map { instance.connect($0) }
        for (connection, filter) in zip(connections, ["\"feeds\":[\"book-b\"]", ""]) {
            connection.client.isRecording = true
            try connection.send("{\"t\":\"sub\",\"id\":1,\"ch\":\"odds\",\"f\":{\(filter)}}")
            try settle(connection)
        }
        instance.advance(.seconds(6))
        instance.deliver(ReadingReach(isCurrent: [false, true], hasCaughtUp: true))
        for connection in connections { try connection.settle() }
        #expect(clients.map { $0.messages("hb").count } == [1, 0])
        instance.advance(.seconds(1))
        // Nothing could be read: nobody is told that all is well.
        instance.deliver(ReadingReach.none)
        for connection in connections { try connection.settle() }
        #expect(clients.map { $0.messages("hb").count } == [1, 0])
        instance.advance(.milliseconds(200))
        instance.deliver()
        for connection in connections { try connection.settle() }
        #expect(clients.map { $0.messages("hb").count } == [1, 1])
    }

    // MARK: Documents

    @Test func whoHasTheDocumentCausesNoRendering() throws {
        let instance = instance()
        var script = EntryScript(feed: feeds[0])
        try instance.apply(script.entry(.odds(fixture: "fx", option: "home", price: "1.5")), feed: 0)
        instance.deliver()
        let asked = AccessGrant.Narrowed(key: Self.plain, limits: [])
        func document(_ known: [String]) -> (body: ByteBuffer?, tag: String) {
            instance.hub.document(asked, .everything, at: instance.now).rendered(unless: known)
        }
        let lane = try #require(instance.hub.lanes.values.first?.lane)
        let first = document([])
        #expect(first.body != nil)
        lane.withState { $0.renderings.removeAll() }
        let second = document(["\"other\"", first.tag])
        #expect(second.body == nil && second.tag == first.tag)
        #expect(lane.withState { $0.renderings.isEmpty })
        try instance.apply(script.entry(.odds(fixture: "fx", option: "home", price: "1.6")), feed: 0)
        instance.deliver()
        let third = document([first.tag])
        #expect(third.body != nil && third.tag != first.tag)
    }

    // MARK: Memory

    @Test func marketsThatComeAndGoAreForgotten() throws {
        let instance = instance()
        let connection = instance.connect()
        connection.outlet.watermark = 1 << 20
        try connection.send(#"{"t":"sub","id":1,"ch":"odds","f":{"markets":["m-0","m-2999"]}}"#)
        var script = EntryScript(feed: feeds[0])
        for step in 0..<600 {
            var events: [EntryScript.Event] = [.odds(fixture: "fx", market: "m-0", option: "yes", price: "\(step + 2)")]
            for market in step * 5..<step * 5 + 5 where market > 0 {
                events.append(.odds(fixture: "fx", market: "m-\(market)", option: "yes", price: "1.5"))
                if market > 5 {
                    events.append(.settled(fixture: "fx", market: "m-\(market - 5)", option: "yes", result: .won))
                }
            }
            try instance.apply(script.entry([events]), feed: 0)
            try settle(connection)
            script.receivedAt = script.receivedAt + .seconds(10)
            instance.advance(.seconds(10))
        }
        let lane = try #require(instance.distributor.books[0].lanes["fx"])
        #expect(lane.withState { $0.markets.count } < 500)
        #expect(instance.distributor.books[0].laneOfKey.count < 2_200)
        var key = Self.plain
        key = AudienceKey(
            channel: .odds, filter: SubscriptionFilter(markets: ["m-0", "m-2999"]), format: .decimal,
            conflation: key.conflation)
        let expected = try instance.expected(key)
        #expect(expected.values.first?.rows.count == 2)
        #expect(differences(connection.client.lanes, expected).isEmpty)
    }
}
