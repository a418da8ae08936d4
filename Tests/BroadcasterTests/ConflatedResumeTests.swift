import FeedModel
import Testing

@testable import Broadcaster

/// What a conflation class holds back when a connection breaks.
struct ConflatedResumeTests {
    private static let start = Moment(monotonic: .seconds(100), wall: Timestamp(microseconds: 1_766_414_833_000_000))

    /// A change that is held back, a heartbeat, a cut, and no later change: the cursor must not claim what was not sent.
    @Test(arguments: [0, 1]) func aChangeThatIsHeldBackIsNotLost(resumingOn index: Int) throws {
        let feed = try #require(FeedName("book-a"))
        let instances = (0..<2).map { _ in TestInstance(feeds: [feed], now: Self.start) }
        var script = EntryScript(feed: feed)
        func change(to price: String) throws {
            let entry = script.entry(.odds(fixture: "fx", option: "home", price: price))
            for instance in instances {
                try instance.apply(entry, feed: 0)
                instance.deliver()
            }
        }
        try change(to: "1.5")
        let client = BookClient()
        client.isRecording = true
        let connection = instances[0].connect(client)
        let subscribe = #"{"t":"sub","id":1,"ch":"odds","f":{},"conflate_ms":5000"#
        try connection.send(#"{"t":"hb","hb_ms":1000}"#)
        try connection.send(subscribe + "}")
        try connection.settle()
        // The first change goes out at once, the second waits.
        try change(to: "1.6")
        try change(to: "1.7")
        instances[0].advance(.milliseconds(1_500))
        instances[0].deliver()
        try connection.settle()
        #expect(client.lanes.values.first?.rows.values.first?["p"] == "[1.6]")
        #expect(!client.messages("hb").isEmpty)
        connection.cut()

        let cursor = try #require(client.cursors["1"])
        let resumed = instances[index].connect(client)
        try resumed.send(subscribe + ",\"resume\":\"\(cursor)\"}")
        instances[index].deliver()
        try resumed.settle()
        #expect(client.messages("snap_end").last?["resumed"] as? Bool == true)
        #expect(client.lanes.values.first?.rows.values.first?["p"] == "[1.7]")
    }

    @Test func whatIsHeldBackHoldsBackItsClassOnly() throws {
        var held = HeldFrames()
        #expect(held.reached(9, in: .milliseconds1000) == 9)
        held.note(7, in: .milliseconds1000)
        held.note(5, in: .milliseconds1000)
        #expect(held.reached(9, in: .milliseconds1000) == 4)
        #expect(held.reached(9, in: .none) == 9 && held.reached(9, in: .milliseconds5000) == 9)
    }
}
