import FeedModel
import Testing

@testable import FeedClient

@Suite struct AnswerWatchTests {
    private let question = OpenQuestion(1, "the subscription")

    /// What is said at each look, a second after the last one.
    private func looks(_ questions: [OpenQuestion?], limit: Duration = .seconds(3)) -> [String?] {
        var watch = AnswerWatch(limit: limit)
        return questions.map { watch.complaint($0, elapsed: .seconds(1)) }
    }

    @Test func whatIsNotAnsweredInTimeIsNamed() {
        let said = looks([question, question, question, question])
        #expect(said == [nil, nil, nil, "no answer to the subscription within 3 s"])
    }

    @Test func anAnswerAndAnotherQuestionBeginAnew() {
        #expect(looks([question, question, nil, question, question, question]).allSatisfy { $0 == nil })
        let again = OpenQuestion(2, question.text)
        #expect(looks([question, question, again, again, again]).allSatisfy { $0 == nil })
    }

    @Test func aFeedThatCouldNotListenBlamesNobody() {
        var watch = AnswerWatch(limit: .seconds(5))
        _ = watch.complaint(question, elapsed: .zero)
        #expect(watch.complaint(question, elapsed: .seconds(60)) == nil, "it waited for Redis")
        #expect(watch.complaint(question, elapsed: .seconds(2)) == nil)
        #expect(watch.complaint(question, elapsed: .seconds(1)) != nil)
    }

    // MARK: What each provider is asked

    @Test func theSportsbookIsAskedForItsStreams() {
        var bench = SessionBench(SportsbookSession(streams: ["odds"], resumeToken: [], lastReceivedAt: nil))
        _ = bench.session.opened()
        #expect(bench.session.openQuestion == OpenQuestion(1, "the subscription"))
        _ = bench.hear(#"{"type":"subscribed","resumed":false,"next_seq":1,"oldest_seq":1}"#)
        #expect(bench.session.openQuestion == nil)
        _ = bench.hear(#"{"type":"snapshot_complete","seq":5}"#)
        _ = bench.hear(#"{"type":"odds_change","seq":9}"#)
        #expect(bench.session.openQuestion == OpenQuestion(2, "the subscription"), "what is missing")
    }

    @Test func polymarketIsAskedForBooks() {
        var bench = SessionBench(PolymarketSession(assets: ["1", "2"], lastReceivedAt: nil))
        _ = bench.session.opened()
        #expect(bench.session.openQuestion?.number == 1)
        _ = bench.hear("PONG")
        #expect(bench.session.openQuestion != nil)
        _ = bench.hear(#"[{"event_type":"book","asset_id":"1","market":"m"}]"#)
        #expect(bench.session.openQuestion == nil)
    }

    @Test func kalshiIsAskedForEachSubscription() {
        let channels = ["orderbook_delta", "market_lifecycle_v2"]
        var bench = SessionBench(KalshiSession(channels: channels, markets: ["A"], lastReceivedAt: nil))
        _ = bench.session.opened()
        for (index, channel) in channels.enumerated() {
            #expect(bench.session.openQuestion?.text.contains("orderbook_delta, market_lifecycle_v2") == true)
            _ = bench.hear(
                #"{"type":"subscribed","id":\#(index + 1),"msg":{"channel":"\#(channel)","sid":\#(index + 1)}}"#)
        }
        #expect(bench.session.openQuestion == nil, "books that do not come have a patience of their own")
        _ = bench.hear(#"{"type":"orderbook_snapshot","sid":1,"seq":1,"msg":{"market_ticker":"A"}}"#)
        _ = bench.hear(#"{"type":"orderbook_delta","sid":1,"seq":5,"msg":{"market_ticker":"A"}}"#)
        #expect(bench.session.openQuestion == OpenQuestion(3, "the new subscription to orderbook_delta"))
    }
}
