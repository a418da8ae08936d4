import FeedModel
import NIOCore
import Testing
import WebSocketTransport

@testable import Broadcaster

/// What an audience shares is made once in each form, and written by reference.
struct SharedFramesTests {
    private static let start = Moment(monotonic: .seconds(100), wall: Timestamp(microseconds: 1_766_414_833_000_000))
    private let feeds = ["book-a"].compactMap { FeedName($0) }

    /// Where the bytes lie: the same address is the same memory, because both are held.
    private func address(_ buffer: ByteBuffer?) -> UnsafeRawPointer? {
        buffer?.withUnsafeReadableBytes { $0.baseAddress }
    }

    private func subscribed(_ instance: TestInstance, count: Int = 2) throws -> [[TestConnection]] {
        try instance.forms.map { form in
            try (0..<count).map { _ in
                let connection = instance.connect(form: form)
                try connection.send(#"{"t":"sub","id":1,"ch":"odds","f":{}}"#)
                try connection.settle()
                return connection
            }
        }
    }

    @Test func aFormIsMadeOnce() {
        let texts = ["one", String(repeating: "two", count: 50)]
        for form in TestInstance(feeds: feeds, now: Self.start).forms {
            let frames = texts.map { SharedFrames(WebSocketFrame.text($0)) }
            let joined = SharedFrames(joining: frames)
            for shared in frames + [joined] {
                let (first, second) = (shared.bytes(form), shared.bytes(form))
                #expect(address(first) == address(second), "\(form)")
            }
            var reader = WireReader()
            #expect(reader.texts(joined.bytes(form), form) == texts, "\(form)")
        }
    }

    @Test func whatCompressionDoesNotShortenIsTheFrameItself() {
        let compressed = WireForm.compressedFrames(CompressedFrames())
        let (short, long) = (
            SharedFrames(WebSocketFrame.text("x")), WebSocketFrame.text(String(repeating: "x", count: 99))
        )
        #expect(address(short.bytes(.frames)) == address(short.bytes(compressed)))
        let bytes = SharedFrames(long).bytes(compressed)
        #expect(bytes.getInteger(at: bytes.readerIndex) == UInt8(0xC1) && bytes.readableBytes < 50)
    }

    @Test(arguments: [0, 125, 126, 65_535, 65_536]) func anEventHoldsWhatTheFrameHolds(length: Int) {
        let text = String(repeating: "é", count: length / 2) + String(repeating: "x", count: length % 2)
        let events = WireReader.events(SharedFrames(WebSocketFrame.text(text), cursor: "c").bytes(.events))
        #expect(events.map(\.data) == [text] && events.map(\.id) == ["c"])
    }

    @Test func aTurnsChangesAreTheSameBytesForAllOfAForm() throws {
        let instance = TestInstance(feeds: feeds, now: Self.start)
        var script = EntryScript(feed: feeds[0])
        func change(_ price: String) throws {
            for fixture in ["fx-1", "fx-2"] {
                try instance.apply(
                    script.entry(.odds(fixture: fixture, option: "home", price: price)), feed: 0)
            }
        }
        try change("1.5")
        instance.deliver()
        let connections = try subscribed(instance)
        try change("1.6")
        instance.deliver()
        for ofForm in connections {
            #expect(ofForm[0].outlet.inFlight.count { $0.contains("\"t\":\"d\"") } == 2)
            #expect(ofForm[0].outlet.inFlight == connections[0][0].outlet.inFlight)
            #expect(address(ofForm[0].outlet.writes.last) == address(ofForm[1].outlet.writes.last))
        }
    }

    /// Different filters that see one lane differ in nothing that it says.
    @Test func aFrameIsSharedByAllWhoSeeIt() throws {
        let instance = TestInstance(feeds: feeds, now: Self.start)
        var script = EntryScript(feed: feeds[0])
        try instance.apply(script.entry(.odds(fixture: "fx-1", option: "home", price: "1.5")), feed: 0)
        instance.deliver()
        for form in instance.forms {
            let connections = try ["", #""fixtures":["fx-1"]"#, #""feeds":["book-a"]"#].map { filter in
                let connection = instance.connect(form: form)
                try connection.send("{\"t\":\"sub\",\"id\":1,\"ch\":\"odds\",\"f\":{\(filter)}}")
                try connection.settle()
                return connection
            }
            try instance.apply(script.entry(.odds(fixture: "fx-1", option: "away", price: "3.5")), feed: 0)
            instance.deliver()
            #expect(Set(connections.map { address($0.outlet.writes.last) }).count == 1)
        }
    }

    @Test func statesAndHeartbeatsAreShared() throws {
        let instance = TestInstance(feeds: feeds, now: Self.start)
        let connections = try subscribed(instance)
        func expectSharedWrite(_ type: String) {
            for ofForm in connections {
                #expect(ofForm[0].outlet.inFlight.last?.contains("\"t\":\"\(type)\"") == true)
                #expect(address(ofForm[0].outlet.writes.last) == address(ofForm[1].outlet.writes.last))
            }
        }
        var script = EntryScript(feed: feeds[0])
        try instance.apply(script.entry(.control(.stateChanged(state: .backoff, why: "hung up"))), feed: 0)
        instance.deliver()
        expectSharedWrite("feed")
        for connection in connections.joined() { try connection.settle() }
        instance.advance(.seconds(5))
        instance.deliver()
        expectSharedWrite("hb")
        let stream = try #require(connections.last?.first)
        let written = try #require(stream.outlet.writes.last)
        let event = try #require(WireReader.events(written).last)
        try stream.settle()
        #expect(event.id == stream.client.cursors["1"])
        _ = instance.hub.drain(.announce(within: .seconds(1)))
        expectSharedWrite("bye")
    }

    /// What a heartbeat says of another subscription, or of feeds, is not for everybody.
    @Test func aHeartbeatIsSharedOnlyByThoseItIsTrueFor() throws {
        let instance = TestInstance(
            feeds: ["book-a", "book-b"].compactMap { FeedName($0) }, now: Self.start)
        var narrow = AccessGrant(name: "key:partner")
        narrow.feeds = ["book-a"]
        let connections = [AccessGrant.everything, .everything, narrow].map { instance.connect(grant: $0) }
        for connection in connections {
            try connection.send(#"{"t":"sub","id":1,"ch":"odds","f":{"feeds":["book-a"]}}"#)
        }
        try connections[1].send(#"{"t":"unsub","sid":1}"#)
        try connections[1].send(#"{"t":"sub","id":2,"ch":"odds","f":{"feeds":["book-a"]}}"#)
        for connection in connections {
            try connection.settle()
            connection.client.isRecording = true
        }
        instance.advance(.seconds(5))
        instance.deliver()
        for connection in connections { try connection.settle() }
        let beats = connections.compactMap { $0.client.messages("hb").last }
        #expect(beats.compactMap { ($0["cur"] as? [String: String])?.keys.sorted() } == [["1"], ["2"], ["1"]])
        #expect(beats.compactMap { ($0["feeds"] as? [String: Any])?.count } == [2, 2, 1])
    }
}
