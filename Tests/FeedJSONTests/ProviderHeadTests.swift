import FeedJSON
import Testing

@Suite struct ProviderHeadTests {
    private let scanner = JSONScanner()

    private func polymarket(_ text: String) -> PolymarketHead { withFrame(text) { scanner.polymarketHead($0) } }
    private func kalshi(_ text: String) -> KalshiHead { withFrame(text) { scanner.kalshiHead($0) } }

    @Test func polymarketBooksAreFound() {
        let list = polymarket(
            #"[{"asks":[{"price":"1"}],"asset_id":"7","event_type":"book"},{"event_type":"x","asset_id":"8"}]"#)
        #expect(list.hasMessages && list.books == ["7"])
        #expect(polymarket(#"{"event_type":"book","asset_id":"9"}"#).books == ["9"])
        #expect(polymarket(#"{"event_type":"price_change"}"#) == polymarket("{}"))
        #expect(polymarket("{}").hasMessages)
        #expect(polymarket(#"[7,{"event_type":"book","asset_id":"9"},null]"#).books == ["9"])
    }

    @Test(arguments: ["", "[]", "PONG", "[1]", "[{}", "{", "7"])
    func polymarketFramesWithoutMessages(_ text: String) { #expect(!polymarket(text).hasMessages) }

    @Test func kalshiHeads() {
        let delta = kalshi(#"{"type":"orderbook_delta","sid":3,"seq":9,"msg":{"sid":1}}"#)
        #expect(delta.kind == .delta && delta.subscription == 3 && delta.sequence == 9)
        #expect(kalshi(#"{"msg":{"seq":1},"type":"orderbook_snapshot"}"#).kind == .snapshot)
        let error = kalshi(#"{"type":"error","id":4,"msg":{}}"#)
        #expect(error.kind == .error && error.id == 4 && error.sequence == nil)
        #expect(kalshi(#"{"type":"ok","id":4}"#).kind == .answer)
        #expect(kalshi(#"{"type":"unsubscribed","sid":4}"#).kind == .answer)
        #expect(kalshi(#"{"type":"ticker","sid":1}"#).kind == .other)
        #expect(kalshi("{}").kind == .other)
        #expect(kalshi("[]").kind == .unreadable && kalshi("").kind == .unreadable)
    }

    @Test func kalshiDetails() {
        let text = #"{"type":"subscribed","sid":8,"msg":{"channel":"trade","sid":2}}"#
        let details = withFrame(text) { scanner.kalshiDetails($0) }
        #expect(details.channel == "trade" && details.subscription == 2 && details.market == nil)
        let snapshot = withFrame(#"{"msg":{"market_ticker":"A","yes":[]}}"#) { scanner.kalshiDetails($0) }
        #expect(snapshot.market == "A")
        for text in ["", "{}", #"{"msg":7}"#, #"{"msg":{"channel":"#] {
            #expect(withFrame(text) { scanner.kalshiDetails($0) } == KalshiHead.Details())
        }
    }
}
