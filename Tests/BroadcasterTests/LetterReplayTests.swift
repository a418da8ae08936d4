import FeedModel
import Testing

@testable import Broadcaster

/// A replayed letter is history: no subscriber sees it as live.
struct LetterReplayTests {
    @Test func aReplayedPriceIsNotShown() throws {
        let feed = try #require(FeedName("book-a"))
        let instance = TestInstance(
            feeds: [feed], now: Moment(monotonic: .seconds(100), wall: Timestamp(microseconds: 1_766_414_833_000_000)))
        var script = EntryScript(feed: feed, firstFrame: 5_000)
        let client = BookClient()
        client.isRecording = true
        let connection = instance.connect(client)
        try connection.send(#"{"t":"sub","id":1,"ch":"odds","f":{}}"#)
        let entries = [
            script.entry(.odds(fixture: "fx", option: "home", price: "1.5"), .fixture("fx", status: .live)),
            // Of a selection that has a newer price, of one that nobody knows, and of a fixture.
            script.replayed(.odds(fixture: "fx", option: "home", price: "9"), age: 1),
            script.replayed(.odds(fixture: "fx", option: "away", price: "9"), age: 1),
            script.replayed(.odds(fixture: "fx-2", option: "home", price: "9"), age: 4),
            script.replayed(.fixture("fx", status: .scheduled, home: "Old"), age: 2),
            script.entry(.odds(fixture: "fx", option: "draw", price: "3")),
        ]
        let links = try entries.map { try instance.apply($0, feed: 0) }
        #expect(links.dropFirst().allSatisfy { $0 == .continues })
        instance.deliver()
        try connection.settle()
        #expect(client.lanes.count == 1)
        #expect(client.lanes.values.first?.rows.count == 2)
        let shown = instance.distributor.books[0].lanes["fx"].map { lane in lane.withState { ($0.rows, $0.fixture) } }
        #expect(shown?.0.map(\.prices.price) == [FixedDecimal("1.5"), FixedDecimal("3")])
        #expect(shown?.1?.status == .live)
    }
}
