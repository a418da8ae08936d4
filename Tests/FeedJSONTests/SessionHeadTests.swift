import FeedJSON
import Testing

@Suite struct SessionHeadTests {
    private let scanner = JSONScanner()

    private func head(_ text: String) -> SessionHead { withFrame(text) { scanner.session($0) } }

    @Test(arguments: [
        ("odds_change", SessionHead.Kind.data), ("fixture_update", .data), ("settlement", .data),
        ("bet_placement", .data),
        ("heartbeat", .heartbeat), ("subscribed", .subscribed), ("snapshot_complete", .snapshotComplete),
        ("error", .error),
        ("pong", .unknown), ("odds_changes", .unknown), ("", .unknown),
    ])
    func knowsTheTypes(_ name: String, _ kind: SessionHead.Kind) {
        #expect(head(#"{"type":"\#(name)","seq":5}"#).kind == kind)
        #expect(head(#"{"seq":5,"x":{"type":"error"},"type":"\#(name)"}"#).kind == kind)
    }

    @Test func readsTheSequence() {
        let late = head(#"{ "a" : "x\"}y" , "b" : [ { } , "]" ] , "type" : "odds_change" , "seq" : 900719925474099 } "#)
        #expect(late.kind == .data)
        #expect(late.sequenceCount == 1)
        #expect(late.firstSequence == 900_719_925_474_099)
        #expect(head(#"{"type":"odds_change","snapshot":true}"#).sequenceCount == 0)
        #expect(head(#"{"type":"odds_change","seq":"7"}"#).sequenceCount == 0)
        #expect(head(#"{"type":"odds_change","seq":7.5}"#).sequenceCount == 0)
    }

    @Test func readsArrays() {
        let mixed = head(
            #"[{"type":"odds_change","seq":8},{"seq":9,"type":"heartbeat"},{"type":"settlement","seq":7}]"#)
        #expect(mixed.kind == .heartbeat)
        #expect((mixed.firstSequence, mixed.lastSequence, mixed.sequenceCount) == (7, 9, 3))
        #expect(head(#" [ {"type":"odds_change","seq":8} , {"type":"odds_change"} ] "#).kind == .data)
    }

    @Test(arguments: ["42", "null", "\"x\"", "[{}]", "true"])
    func anElementThatIsNoObjectDoesNotHideTheOthers(_ element: String) {
        let list = head(#"[{"type":"odds_change","seq":8},\#(element),{"type":"odds_change","seq":9}]"#)
        #expect(list.kind == .unknown)
        #expect((list.firstSequence, list.lastSequence, list.sequenceCount) == (8, 9, 2))
        #expect(head("[\(element)]").kind == .unknown)
    }

    @Test(arguments: [
        "", " ", "42", "[", "[]", "[1", "[1 2]", "[1,]", "{", "{\"type\"", "{\"type\":",
        "[{\"type\":\"odds_change\",\"seq\":1}",
        "PING",
    ])
    func unreadable(_ text: String) { #expect(head(text).kind == .unreadable) }

    @Test func neverReadsPastTheEnd() {
        let text = #"[{"type":"odds_change","seq":12,"s":"a\\\"b","n":{"x":[1,2]}},{"type":"odds_change","seq":13}]"#
        for end in 0..<text.utf8.count { #expect(head(String(text.prefix(end))).kind == .unreadable, "\(end)") }
    }

    @Test func readsFlagsAndIntegers() {
        let text = #"{"type":"subscribed","resumed":false,"next_seq":-12,"oldest_seq":"x"}"#
        withFrame(text) {
            #expect(scanner.flag("resumed", of: $0) == false)
            #expect(scanner.flag("type", of: $0) == nil)
            #expect(scanner.flag("missing", of: $0) == nil)
            #expect(scanner.integer("next_seq", of: $0) == -12)
            #expect(scanner.integer("oldest_seq", of: $0) == nil)
        }
    }
}

@Suite struct BetfairHeadTests {
    private let scanner = JSONScanner()

    private func text(_ bytes: UnsafeRawBufferPointer?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    @Test func readsAnImage() {
        let frame = #"""
            {"op":"mcm","id":2,"initialClk":"yRm/","clk":"AAA=","conflateMs":0,"heartbeatMs":5000,"pt":1617253902641,
            "ct":"SUB_IMAGE","mc":[{"id":"1.1","rc":[{"atb":[[1.5,2]]}]}],"segmentType":"SEG_START"}
            """#
        withFrame(frame) {
            let head = scanner.betfairHead($0)
            #expect(head.operation == .marketChange)
            #expect(head.change == .image)
            #expect(head.segment == .start)
            #expect(head.id == 2)
            #expect(text(head.initialToken) == "yRm/")
            #expect(text(head.token) == "AAA=")
            #expect(head.publishTime == 1_617_253_902_641)
            #expect(head.status == nil)
        }
    }

    @Test func readsTheRest() {
        withFrame(#"{"op":"mcm","id":2,"clk":null,"pt":1,"ct":"HEARTBEAT","status":503}"#) {
            let head = scanner.betfairHead($0)
            #expect(head.change == .heartbeat)
            #expect(head.token == nil)
            #expect(head.status == 503)
        }
        withFrame(#"{"op":"status","statusCode":"FAILURE","errorCode":"INVALID_CLOCK","connectionClosed":true}"#) {
            let head = scanner.betfairHead($0)
            #expect(head.operation == .status)
            #expect(!head.isSuccess)
            #expect(head.isConnectionClosed)
            #expect(text(head.errorCode) == "INVALID_CLOCK")
        }
        #expect(withFrame(#"{"x":1}"#) { scanner.betfairHead($0).operation } == .unknown)
        #expect(withFrame("nonsense") { scanner.betfairHead($0).operation } == .unreadable)
    }
}
