import FeedClient
import FeedModel
import Testing

/// Each test is a dialogue: what the exchange says, and what the session wants done.
@Suite struct BetfairSessionTests {
    private static let before = Timestamp(microseconds: 5)
    private static let fields = #""EX_ALL_OFFERS","EX_LTP","EX_TRADED_VOL","EX_MARKET_DEF""#

    private func bench(
        orders: Bool = false, token: String = "", lastReceivedAt: Timestamp? = before
    ) -> SessionBench<BetfairSession> {
        var bench = SessionBench(
            BetfairSession(
                applicationKey: "key", sessionToken: "token", takesOrders: orders, resumeToken: Array(token.utf8),
                lastReceivedAt: lastReceivedAt))
        _ = bench.session.opened()
        return bench
    }

    /// Connected, authenticated, and every subscription confirmed.
    private func subscribed(
        orders: Bool = false, token: String = "", lastReceivedAt: Timestamp? = before
    ) -> SessionBench<BetfairSession> {
        var bench = bench(orders: orders, token: token, lastReceivedAt: lastReceivedAt)
        _ = bench.hear(Self.greeting)
        for id in 1...(orders ? 3 : 2) { _ = bench.hear(status(id)) }
        return bench
    }

    private static let greeting = #"{"op":"connection","connectionId":"1-2"}"#

    private func status(_ id: Int?, error: String? = nil) -> String {
        let id = id.map { #""id":\#($0),"# } ?? ""
        guard let error else { return #"{"op":"status",\#(id)"statusCode":"SUCCESS","connectionClosed":false}"# }
        return #"{"op":"status",\#(id)"statusCode":"FAILURE","errorCode":"\#(error)","connectionClosed":true}"#
    }

    private func change(
        _ ct: String? = nil, op: String = "mcm", initial: String? = nil, clock: String? = nil, segment: String? = nil,
        status: Int? = nil
    ) -> String {
        var fields = [#""op":"\#(op)""#, #""pt":1"#]
        if let ct { fields.append(#""ct":"\#(ct)""#) }
        if let initial { fields.append(#""initialClk":"\#(initial)""#) }
        if let clock { fields.append(#""clk":"\#(clock)""#) }
        if let segment { fields.append(#""segmentType":"\#(segment)""#) }
        if let status { fields.append(#""status":\#(status)"#) }
        return "{\(fields.joined(separator: ",")),\"mc\":[]}"
    }

    private func token(_ bench: SessionBench<BetfairSession>) -> String {
        String(decoding: bench.session.resumeToken, as: UTF8.self)
    }

    // MARK: Opening

    @Test func authenticatesThenSubscribes() {
        var bench = bench()
        #expect(
            bench.hear(Self.greeting).sent == [#"{"op":"authentication","id":1,"appKey":"key","session":"token"}"#])
        let subscribing = bench.hear(status(1))
        #expect(subscribing.states == [.subscribing])
        #expect(
            subscribing.sent == [
                #"{"op":"marketSubscription","id":2,"segmentationEnabled":true,"heartbeatMs":5000,"#
                    + #""marketFilter":{},"marketDataFilter":{"fields":[\#(Self.fields)]}}"#
            ])
        #expect(bench.hear(status(2)).isPlain)
    }

    @Test func bothStreamsResumeFromTheirOwnTokens() {
        var bench = bench(orders: true, token: "mi#mc#oi#oc")
        _ = bench.hear(Self.greeting)
        let sent = bench.hear(status(1)).sent
        #expect(sent.count == 2)
        #expect(sent.first?.contains(#""heartbeatMs":5000,"initialClk":"mi","clk":"mc","marketFilter""#) == true)
        #expect(
            sent.last == #"{"op":"orderSubscription","id":3,"segmentationEnabled":true,"heartbeatMs":5000,"#
                + #""initialClk":"oi","clk":"oc"}"#)
    }

    @Test func theOldFormOfTheTokenStillCounts() {
        var bench = bench(orders: true, token: "mi#mc")
        _ = bench.hear(Self.greeting)
        let sent = bench.hear(status(1)).sent
        #expect(sent.first?.contains(#""initialClk":"mi","clk":"mc""#) == true)
        #expect(sent.last?.contains("Clk") == false)
        #expect(token(bench) == "mi#mc")
        // And markets alone are resumed from a token of both.
        var alone = self.bench(token: "mi#mc#oi#oc")
        _ = alone.hear(Self.greeting)
        #expect(alone.hear(status(1)).sent.map { $0.contains(#""initialClk":"mi","clk":"mc""#) } == [true])
        #expect(token(alone) == "mi#mc")
    }

    @Test func whatIsNotAnsweredHasAName() {
        var bench = bench(orders: true)
        #expect(bench.session.openQuestion?.text == "the connection: no greeting")
        _ = bench.hear(Self.greeting)
        #expect(bench.session.openQuestion == OpenQuestion(1, "the authentication"))
        _ = bench.hear(status(1))
        #expect(bench.session.openQuestion == OpenQuestion(2, "the market subscription"))
        _ = bench.session.heartbeat()
        _ = bench.hear(status(4))
        #expect(bench.session.openQuestion == OpenQuestion(2, "the market subscription"), "the heartbeat's answer")
        _ = bench.hear(status(nil))
        #expect(bench.session.openQuestion == OpenQuestion(3, "the order subscription"))
        _ = bench.hear(change("SUB_IMAGE", initial: "i", clock: "c"))
        #expect(bench.session.openQuestion == OpenQuestion(3, "the order subscription"))
        _ = bench.hear(status(3))
        #expect(bench.session.openQuestion == nil)
    }

    // MARK: Images and resumption

    @Test func anImageInSegmentsIsOneSnapshot() {
        var bench = subscribed()
        let first = bench.hear(change("SUB_IMAGE", initial: "i", clock: "c1", segment: "SEG_START"))
        #expect(first.gaps.map(\.kind) == [.reconnect] && first.records == [.snapshotBegan])
        #expect(first.states == [.snapshot] && token(bench).isEmpty)
        #expect(bench.hear(change("SUB_IMAGE", segment: "SEG")).isPlain)
        #expect(bench.hear(change("HEARTBEAT", clock: "c1")).isPlain, "the image goes on")
        #expect(bench.hear(change(op: "ocm")).isPlain)
        #expect(token(bench).isEmpty, "never on half a snapshot")
        let last = bench.hear(change("SUB_IMAGE", clock: "c2", segment: "SEG_END"))
        #expect(last.after == [.record(.snapshotEnded), .enter(.live, why: "image complete")])
        #expect(token(bench) == "i#c2")
    }

    @Test func aDeltaInSegmentsMovesTheTokenAtItsEnd() {
        var bench = subscribed(token: "i#c1")
        let first = bench.hear(change("RESUB_DELTA", clock: "c2", segment: "SEG_START"))
        #expect(first.gaps.isEmpty && first.records == [.resumed(fromSequence: nil)] && first.states == [.live])
        #expect(token(bench) == "i#c1")
        #expect(bench.hear(change("RESUB_DELTA", segment: "SEG")).isPlain)
        #expect(token(bench) == "i#c1", "a disconnect here has to ask for all of it again")
        #expect(bench.hear(change("RESUB_DELTA", clock: "c3", segment: "SEG_END")).isPlain)
        #expect(token(bench) == "i#c3")
    }

    @Test func aQuietExchangeResumesWithAHeartbeat() {
        var bench = subscribed(token: "i#c1")
        let beat = bench.hear(change("HEARTBEAT", clock: "c1"))
        #expect(beat.records == [.resumed(fromSequence: nil)] && beat.states == [.live] && beat.gaps.isEmpty)
        var fresh = subscribed()
        #expect(fresh.hear(change("HEARTBEAT", clock: "c1")).isPlain, "the image is still to come")
        #expect(fresh.hear(change("SUB_IMAGE", initial: "i", clock: "c2")).records == [.snapshotBegan, .snapshotEnded])
    }

    @Test func anImageInsteadOfAResumeIsAGap() {
        var bench = subscribed(token: "i#c1")
        let image = bench.hear(change("SUB_IMAGE", initial: "i2", clock: "c2"))
        #expect(image.gaps.map(\.from) == [5] && image.states == [.snapshot, .live])
        #expect(token(bench) == "i2#c2")
    }

    @Test(arguments: [2, 3]) func anInvalidClockForgetsWhereBothStreamsStood(request: Int) {
        var bench = bench(orders: true, token: "mi#mc#oi#oc")
        _ = bench.hear(Self.greeting)
        _ = bench.hear(status(1))
        let refusal = bench.hear(status(request, error: "INVALID_CLOCK"))
        #expect(refusal.reconnects == [.serverError] && token(bench).isEmpty)
        guard case .reconnect(_, let why)? = refusal.after.last else {
            Issue.record("no reconnect")
            return
        }
        #expect(why == "provider refused the \(request == 2 ? "market" : "order") subscription: INVALID_CLOCK")
        var next = subscribed(orders: true)
        #expect(next.hear(change("SUB_IMAGE", initial: "i", clock: "c")).gaps.map(\.kind) == [.reconnect])
    }

    @Test(arguments: [
        ("INVALID_SESSION_INFORMATION", ReconnectCause.refused), ("NO_APP_KEY", .refused),
        ("UNEXPECTED_ERROR", .serverError), ("MAX_CONNECTION_LIMIT_EXCEEDED", .serverError),
    ])
    func otherRefusalsKeepTheTokens(code: String, cause: ReconnectCause) {
        var bench = bench(token: "i#c")
        _ = bench.hear(Self.greeting)
        let refusal = bench.hear(status(1, error: code))
        #expect(refusal.isStored && refusal.reconnects == [cause])
        #expect(token(bench) == "i#c")
    }

    // MARK: Orders

    @Test func ordersAreNoSnapshotAndNoLife() {
        var bench = subscribed(orders: true, lastReceivedAt: nil)
        #expect(bench.hear(change("SUB_IMAGE", op: "ocm", initial: "oi", clock: "oc1")).isPlain)
        #expect(token(bench).isEmpty, "the markets are not known yet")
        let image = bench.hear(change("SUB_IMAGE", initial: "mi", clock: "mc1"))
        #expect(image.records == [.snapshotBegan, .snapshotEnded] && image.states == [.snapshot, .live])
        #expect(token(bench) == "mi#mc1#oi#oc1")
        #expect(bench.hear(change(op: "ocm", clock: "oc2")).isPlain)
        #expect(bench.hear(change(clock: "mc2")).isPlain)
        #expect(token(bench) == "mi#mc2#oi#oc2")
        #expect(bench.session.seen == [.odds, .bets])
    }

    @Test func ordersThatCouldNotBeResumedAreAGap() {
        var bench = subscribed(orders: true, token: "mi#mc#oi#oc")
        #expect(bench.hear(change("RESUB_DELTA", clock: "mc2")).gaps.isEmpty)
        let image = bench.hear(change("SUB_IMAGE", op: "ocm", initial: "oi2", clock: "oc2"))
        #expect(image.gaps.map(\.cause) == ["orders subscribed anew with an image"])
        #expect(bench.hear(change("SUB_IMAGE", op: "ocm", clock: "oc3")).isPlain)
        var resumed = subscribed(orders: true, token: "mi#mc#oi#oc")
        #expect(resumed.hear(change("RESUB_DELTA", op: "ocm", clock: "oc2")).isPlain)
        #expect(token(resumed) == "mi#mc#oi#oc2")
    }

    @Test func oneReconnectIsOneGap() {
        var bench = subscribed(orders: true, token: "mi#mc#oi#oc")
        #expect(bench.hear(change("SUB_IMAGE", op: "ocm", initial: "oi2", clock: "oc2")).gaps.count == 1)
        #expect(bench.hear(change("SUB_IMAGE", initial: "mi2", clock: "mc2")).gaps.isEmpty)
    }

    @Test func aRecordingOfOrdersAloneIsLive() {
        var bench = subscribed()
        #expect(bench.hear(change("SUB_IMAGE", op: "ocm", initial: "oi", clock: "oc")).states == [.live])
        #expect(token(bench) == "oi#oc")
    }

    // MARK: Upstream delays

    @Test func anUpstreamDelayIsStaleUntilItIsOver() {
        var bench = subscribed(orders: true, token: "mi#mc#oi#oc")
        _ = bench.hear(change("RESUB_DELTA", clock: "mc2"))
        let late = bench.hear(change(clock: "mc3", status: 503))
        #expect(late.isStored && late.states == [.stale])
        #expect(bench.hear(change("HEARTBEAT", clock: "mc3", status: 503)).isPlain)
        #expect(token(bench) == "mi#mc3#oi#oc", "what is late is stored all the same")
        #expect(bench.hear(change(op: "ocm", clock: "oc2", status: 503)).isPlain, "stale already")
        #expect(bench.hear(change(clock: "mc4")).isPlain, "the orders are still late")
        let over = bench.hear(change("HEARTBEAT", op: "ocm", clock: "oc2"))
        #expect(over.before == [.enter(.live, why: "upstream delay is over")])
    }

    @Test func anImageThatIsLateIsAnImage() {
        var bench = subscribed()
        let image = bench.hear(change("SUB_IMAGE", initial: "i", clock: "c1", status: 503))
        #expect(image.gaps.count == 1 && image.records == [.snapshotBegan, .snapshotEnded])
        #expect(image.states == [.snapshot, .live, .stale])
        #expect(bench.hear(change(clock: "c2")).states == [.live])
    }
}
