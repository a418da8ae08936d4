import FeedModel
import Testing

@testable import Broadcaster

/// Which cursors are resumed from, and which are reset.
struct ResumeTests {
    private let feed = FeedName("book-a")

    /// An instance that has applied a new log of one price, whose first frame is `first`.
    private func instance(firstFrame first: FrameNumber, option: String) throws -> TestInstance {
        let feed = try #require(feed)
        let instance = TestInstance(
            feeds: [feed], now: Moment(monotonic: .seconds(100), wall: Timestamp(microseconds: 1_766_414_833_000_000)))
        var script = EntryScript(feed: feed, firstFrame: first)
        try instance.apply(script.entry(.odds(fixture: "fx", option: option, price: "1.5")), feed: 0)
        instance.deliver()
        return instance
    }

    private func subscribe(to instance: TestInstance, resume: String? = nil) throws -> BookClient {
        let client = BookClient()
        client.isRecording = true
        let connection = instance.connect(client)
        let cursor = resume.map { ",\"resume\":\"\($0)\"" } ?? ""
        try connection.send("{\"t\":\"sub\",\"id\":1,\"ch\":\"odds\",\"f\":{}\(cursor)}")
        instance.deliver()
        try connection.settle()
        return client
    }

    private func cursor(of client: BookClient) throws -> String {
        try #require(client.messages("snap_end").last?["cur"] as? String)
    }

    @Test func aCursorOfTheSameLogIsResumed() throws {
        let before = try subscribe(to: try instance(firstFrame: 5_000, option: "home"))
        let after = try subscribe(
            to: try instance(firstFrame: 5_000, option: "home"), resume: try cursor(of: before))
        #expect(after.messages("reset").isEmpty)
        #expect(after.messages("snap_end").last?["resumed"] as? Bool == true)
    }

    @Test func aCursorFromBeforeTheLogBeganIsReset() throws {
        let before = try subscribe(to: try instance(firstFrame: 5_000, option: "home"))
        let after = try subscribe(to: try instance(firstFrame: 9_000, option: "away"), resume: try cursor(of: before))
        #expect(after.messages("reset").first?["why"] as? String == "log_restarted")
        #expect(after.messages("snap_end").last?["resumed"] as? Bool == false)
        #expect(after.lanes.values.first?.rows.count == 1)
    }

    @Test func whoComesFromAnotherInstanceWithAFilterNeedsNoResync() throws {
        let feed = try #require(feed)
        let now = Moment(monotonic: .seconds(100), wall: Timestamp(microseconds: 1_766_414_833_000_000))
        let (first, second) = (TestInstance(feeds: [feed], now: now), TestInstance(feeds: [feed], now: now))
        var script = EntryScript(feed: feed)
        var entries = [
            script.entry(.odds(fixture: "fx", market: "1X2", option: "home", price: "1.5")),
            script.entry(.odds(fixture: "fx", market: "totals", option: "over", price: "1.9")),
        ]
        for entry in entries { try first.apply(entry, feed: 0) }
        first.deliver()
        let filter = #"{"t":"sub","id":1,"ch":"odds","f":{"markets":["1X2"]}"#
        let client = BookClient()
        let connection = first.connect(client)
        try connection.send(filter + "}")
        first.deliver()
        try connection.settle()
        let cursor = try #require(client.cursors["1"])

        // A change that the filter does not show comes while nobody uses the filter on the second instance.
        entries.append(script.entry(.odds(fixture: "fx", market: "totals", option: "over", price: "1.8")))
        for entry in entries { try second.apply(entry, feed: 0) }
        second.deliver()
        let hopped = second.connect(client)
        try hopped.send(filter + ",\"resume\":\"\(cursor)\"}")
        second.deliver()
        try hopped.settle()
        try second.apply(script.entry(.odds(fixture: "fx", market: "1X2", option: "home", price: "1.6")), feed: 0)
        second.deliver()
        while try hopped.outlet.drain() {}
        #expect(client.resyncs.isEmpty)
        #expect(client.lanes.values.first?.rows.values.first?["p"] == "[1.6]")
    }

    /// Its first lanes came after its last cursor, and left the filter while it was away.
    @Test func whatCameAfterACursorWithoutFeedsIsTakenBack() throws {
        let feed = try #require(feed)
        let now = Moment(monotonic: .seconds(100), wall: Timestamp(microseconds: 1_766_414_833_000_000))
        let instance = TestInstance(feeds: [feed], now: now)
        let client = BookClient()
        let subscribe = #"{"t":"sub","id":1,"ch":"odds","f":{"sports":["football"]}"#
        let connection = instance.connect(client)
        try connection.send(subscribe + "}")
        try connection.settle()
        var script = EntryScript(feed: feed)
        for sport in ["football", "tennis"] {
            try instance.apply(script.entry(.fixture("fx", sport: sport)), feed: 0)
            instance.deliver()
            if sport == "football" {
                try connection.settle()
                #expect(client.lanes.count == 1)
                connection.cut()
            }
        }
        let resumed = instance.connect(client)
        try resumed.send(subscribe + ",\"resume\":\"\(try #require(client.cursors["1"]))\"}")
        try resumed.settle()
        #expect(client.lanes.isEmpty)
    }

    @Test func aCursorFromBeforeTheFirstPriceIsResumed() throws {
        let feed = try #require(feed)
        let empty = TestInstance(
            feeds: [feed], now: Moment(monotonic: .seconds(100), wall: Timestamp(microseconds: 1_766_414_833_000_000)))
        let before = try subscribe(to: empty)
        let after = try subscribe(to: try instance(firstFrame: 9_000, option: "away"), resume: try cursor(of: before))
        #expect(after.messages("reset").isEmpty)
        #expect(after.lanes.values.first?.rows.count == 1)
    }
}
