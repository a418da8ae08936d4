import FeedClient
import FeedModel
import Testing

/// Each test is a dialogue: what the provider says, and what the session wants done.
@Suite struct KalshiSessionTests {
    private static let now = Timestamp(microseconds: 1_795_253_400_000_000)

    private func bench(
        _ channels: [String] = ["orderbook_delta", "trade"], markets: [String] = ["A", "B"],
        lastReceivedAt: Timestamp? = nil
    ) -> SessionBench<KalshiSession> {
        var bench = SessionBench(KalshiSession(channels: channels, markets: markets, lastReceivedAt: lastReceivedAt))
        _ = bench.session.opened()
        return bench
    }

    private func live() -> SessionBench<KalshiSession> {
        var bench = bench(lastReceivedAt: Self.now)
        _ = bench.hear(subscribed("orderbook_delta", 1))
        _ = bench.hear(subscribed("trade", 2))
        _ = bench.hear(message("orderbook_snapshot", 1, 1, "A"))
        _ = bench.hear(message("orderbook_snapshot", 1, 2, "B"))
        return bench
    }

    private func subscribed(_ channel: String, _ sid: Int, id: Int = 1) -> String {
        #"{"type":"subscribed","id":\#(id),"msg":{"channel":"\#(channel)","sid":\#(sid)}}"#
    }

    private func message(_ type: String, _ sid: Int, _ seq: Int, _ market: String = "A") -> String {
        #"{"type":"\#(type)","sid":\#(sid),"seq":\#(seq),"msg":{"market_ticker":"\#(market)"}}"#
    }

    @Test func subscribesToItsMarkets() {
        var session = KalshiSession(
            channels: ["orderbook_delta", "market_lifecycle_v2"], markets: ["A"], lastReceivedAt: nil)
        let sent = session.opened().compactMap { if case .send(let text) = $0 { text } else { nil } }
        #expect(
            sent == [
                #"{"id":1,"cmd":"subscribe","params":{"channels":["orderbook_delta"],"market_tickers":["A"]}}"#,
                #"{"id":2,"cmd":"subscribe","params":{"channels":["market_lifecycle_v2"]}}"#,
            ])
    }

    @Test func firstBooksAreASnapshot() {
        var bench = bench(lastReceivedAt: Timestamp(microseconds: 5))
        #expect(bench.hear(subscribed("orderbook_delta", 1)).isPlain)
        #expect(bench.hear(subscribed("trade", 2)).isPlain)
        let first = bench.hear(message("orderbook_snapshot", 1, 1, "A"))
        #expect(first.isStored && first.records == [.snapshotBegan] && first.states == [.snapshot])
        #expect(first.gaps.map(\.kind) == [.reconnect] && first.gaps.first?.from == 5)
        #expect(bench.hear(message("orderbook_delta", 1, 2, "A")).isPlain)
        let last = bench.hear(message("orderbook_snapshot", 1, 3, "B"))
        #expect(last.after.first == .record(.snapshotEnded) && last.states == [.live])
        #expect(bench.hear(message("orderbook_delta", 1, 4)).isPlain)
        #expect(bench.session.resumeToken.isEmpty)
    }

    @Test func aNewFeedMissesNothing() {
        var bench = bench()
        #expect(bench.hear(message("orderbook_snapshot", 1, 1, "A")).gaps.isEmpty)
    }

    @Test func withoutBooksThereIsNothingToWaitFor() {
        var bench = bench(["ticker"])
        #expect(bench.hear(subscribed("ticker", 1)).states == [.snapshot, .live])
        #expect(bench.hear(#"{"type":"ticker","sid":1,"msg":{"market_ticker":"A"}}"#).isPlain)
    }

    @Test func aHoleInTheBooksIsAGapAndANewSnapshot() {
        var bench = live()
        let jump = bench.hear(message("orderbook_delta", 1, 5))
        #expect(!jump.isStored)
        #expect(jump.gaps.map(\.kind) == [.sequence])
        #expect(jump.gaps.first?.fromSequence == 3 && jump.gaps.first?.toSequence == 4)
        #expect(
            jump.sent == [
                #"{"id":2,"cmd":"unsubscribe","params":{"sids":[1]}}"#,
                #"{"id":3,"cmd":"subscribe","params":{"channels":["orderbook_delta"],"market_tickers":["A","B"]}}"#,
            ])
        #expect(!bench.hear(message("orderbook_delta", 1, 6)).isStored, "changes of a book that is wrong")
        #expect(bench.hear(message("trade", 2, 1)).isPlain, "trades go on")
        #expect(bench.hear(subscribed("orderbook_delta", 3, id: 3)).isPlain)
        let first = bench.hear(message("orderbook_snapshot", 3, 1, "A"))
        #expect(first.records == [.snapshotBegan] && first.gaps.isEmpty, "the gap is on record already")
        #expect(bench.hear(message("orderbook_snapshot", 3, 2, "B")).states == [.live])
        #expect(bench.hear(message("orderbook_delta", 3, 3)).isPlain)
    }

    @Test func aHoleThatComesAgainStaysOnRecord() {
        var bench = live()
        _ = bench.hear(message("orderbook_delta", 1, 5))
        _ = bench.hear(subscribed("replay", 1, id: 3))
        for seq in 1...2 { _ = bench.hear(message("orderbook_snapshot", 1, seq, seq == 1 ? "A" : "B")) }
        let again = bench.hear(message("orderbook_delta", 1, 5))
        #expect(again.isStored && again.gaps.map(\.fromSequence) == [3] && again.sent.isEmpty)
        #expect(bench.hear(message("orderbook_delta", 1, 6)).isPlain)
    }

    @Test func aHoleInTheTradesIsAGap() {
        var bench = live()
        #expect(bench.hear(message("trade", 2, 10)).isPlain)
        let jump = bench.hear(message("trade", 2, 48))
        #expect(jump.isStored && jump.gaps.map(\.toSequence) == [47] && jump.sent.isEmpty)
        #expect(bench.hear(message("trade", 2, 49)).isPlain)
        #expect(bench.hear(message("trade", 2, 3)).gaps.map(\.toSequence) == [nil], "counted anew")
    }

    @Test func refusalsReconnect() {
        var bench = bench()
        let refusal = bench.hear(#"{"type":"error","id":1,"msg":{"code":9,"msg":"Authentication required"}}"#)
        #expect(refusal.isStored && refusal.reconnects == [.serverError])
        #expect(bench.hear(#"{"type":"error","msg":{"code":1}}"#).reconnects == [.serverError])
        #expect(bench.session.heartbeat() == #"{"id":2,"cmd":"list_subscriptions"}"#)
        #expect(bench.hear(#"{"type":"error","id":2,"msg":{"code":5}}"#).isPlain, "a sign of life all the same")
        #expect(bench.hear(#"{"type":"ok","id":2,"msg":[]}"#).actions.isEmpty)
    }
}
