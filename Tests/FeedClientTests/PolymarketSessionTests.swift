import FeedClient
import FeedModel
import Testing

/// Each test is a dialogue: what the provider says, and what the session wants done.
@Suite struct PolymarketSessionTests {
    private static let now = Timestamp(microseconds: 1_795_253_400_000_000)

    private func bench(_ assets: [String] = ["1", "2"], lastReceivedAt: Timestamp? = nil) -> SessionBench<
        PolymarketSession
    > {
        var bench = SessionBench(PolymarketSession(assets: assets, lastReceivedAt: lastReceivedAt))
        _ = bench.session.opened()
        return bench
    }

    private func book(_ asset: String) -> String {
        #"{"asks":[{"price":"0.6","size":"1"}],"asset_id":"\#(asset)","bids":[],"event_type":"book","market":"0x1"}"#
    }

    private let change = #"{"market":"0x1","price_changes":[],"event_type":"price_change","timestamp":"1"}"#

    @Test func subscribesToItsTokens() {
        var session = PolymarketSession(assets: ["1", "2\""], lastReceivedAt: nil)
        #expect(
            session.opened().contains(
                .send(#"{"assets_ids":["1","2\""],"type":"market","custom_feature_enabled":true}"#)))
    }

    @Test func firstBooksAreASnapshot() {
        var bench = bench()
        let first = bench.hear("[\(book("1"))]")
        #expect(first.isStored && first.records == [.snapshotBegan] && first.states == [.snapshot])
        #expect(first.gaps.isEmpty, "a new feed misses nothing")
        #expect(bench.hear(change).isPlain)
        #expect(bench.hear(book("1")).isPlain, "the same book again")
        let last = bench.hear(book("2"))
        #expect(last.before.isEmpty && last.after.first == .record(.snapshotEnded) && last.states == [.live])
        #expect(bench.hear(book("2")).isPlain, "books also come after trades")
        #expect(bench.session.resumeToken.isEmpty)
    }

    @Test func aReconnectIsAGapAndASnapshot() {
        let before = Timestamp(microseconds: 5)
        var bench = bench(lastReceivedAt: before)
        let first = bench.hear("[\(book("1")),\(book("2"))]")
        #expect(first.gaps.map(\.kind) == [.reconnect])
        #expect(first.gaps.first?.from == 5 && first.gaps.first?.to == Self.now.microseconds)
        #expect(first.records == [.snapshotBegan, .snapshotEnded] && first.states == [.snapshot, .live])
        #expect(first.before.last == .enter(.snapshot, why: "first books"), "the frame is inside its snapshot")
    }

    @Test func booksThatDoNotComeAreNotWaitedForLong() {
        var bench = bench()
        _ = bench.hear(book("1"))
        #expect(bench.hear("PONG", at: Self.now + .seconds(10)).after.isEmpty)
        let late = bench.hear("PONG", at: Self.now + .seconds(11))
        #expect(late.records == [.snapshotEnded])
        #expect(late.after.last == .enter(.live, why: "1 of 2 books did not come, such as 2"))
    }

    @Test func aRecordingIsLiveWithItsFirstFrame() {
        var bench = bench([])
        #expect(bench.hear("[]").isPlain, "an empty list says nothing")
        #expect(bench.hear(change).states == [.snapshot, .live])
    }

    @Test func heartbeats() {
        var bench = bench()
        #expect(bench.session.heartbeat() == "PING")
        #expect(bench.session.heartbeatInterval.map { $0 < .seconds(10) } == true)
        let pong = bench.hear("PONG")
        #expect(!pong.isStored && pong.actions.isEmpty)
        let ping = bench.hear("PING")
        #expect(!ping.isStored && ping.sent == ["PONG"])
        #expect(bench.hear("NO NEW ASSETS").isPlain, "what cannot be read is for the decoder to refuse")
    }
}
