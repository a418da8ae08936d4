import FeedModel
import Foundation
import NIOCore
import Testing
import WebSocketTransport

@testable import Broadcaster

/// permessage-deflate for those who offer it, where it is switched on.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct CompressionTests {
    private static let subscribe = #"{"t":"sub","id":1,"ch":"odds","f":{}}"#

    private static func upgrade(_ offer: String) -> [UInt8] {
        Array(
            """
            GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
            Sec-WebSocket-Extensions: \(offer)\r\n\r\n
            """.utf8)
    }

    /// The head of the answer, and what comes behind it.
    private static func split(_ answer: [UInt8]) -> (head: String, frames: ByteBuffer)? {
        guard let end = answer.indices.first(where: { answer[$0...].starts(with: Array("\r\n\r\n".utf8)) }) else {
            return nil
        }
        return (String(decoding: answer[..<end], as: UTF8.self).lowercased(), ByteBuffer(bytes: answer[(end + 4)...]))
    }

    private func answer(_ live: LiveBroadcaster, _ offer: String) async throws -> (head: String, frames: ByteBuffer) {
        let bytes = try await live.exchange([Self.upgrade(offer)]) { received in
            Self.split(received).map { WebSocketFrame.payload(of: $0.frames) != nil } ?? false
        }
        return try #require(Self.split(bytes))
    }

    @Test func itIsOffUnlessItIsSwitchedOn() async throws {
        try await LiveBroadcaster.with { live in
            let (head, frames) = try await answer(live, "permessage-deflate")
            #expect(head.hasPrefix("http/1.1 101") && !head.contains("sec-websocket-extensions"))
            #expect(frames.getInteger(at: 0) == UInt8(0x81))
        }
    }

    @Test func framesAreCompressedOneByOne() async throws {
        try await LiveBroadcaster.with({ $0.acceptsCompression = true }) { live in
            let (head, frames) = try await answer(live, "permessage-deflate; client_max_window_bits")
            #expect(
                head.contains(
                    "sec-websocket-extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover"
                ))
            #expect(frames.getInteger(at: 0) == UInt8(0xC1), "RSV1 is set")
            var reader = WireReader()
            let texts = reader.texts(frames, .compressedFrames(CompressedFrames()))
            let hello = try JSONText(parsing: try #require(texts.first))
            #expect(hello["t"]?.string == "hello")
            // A window that nobody else has cannot share frames.
            let (declined, plain) = try await answer(live, "permessage-deflate; server_max_window_bits=10")
            #expect(!declined.contains("sec-websocket-extensions") && plain.getInteger(at: 0) == UInt8(0x81))
        }
    }

    @Test func whoeverSpeaksWhatKeepsTheSameBook() async throws {
        try await LiveBroadcaster.with({ $0.acceptsCompression = true }) { live in
            var script = EntryScript(feed: live.feed.feed)
            func change(_ price: String) async throws {
                try await live.feed.append(
                    script.entry((0..<50).map { [.odds(fixture: "fx-\($0)", option: "home", price: price)] }))
            }
            try await change("1.5")
            let connections = [
                try await live.connect { $0.compression = CompressionOffer() }, try await live.connect(),
            ]
            let stream = Array("GET /v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
            async let events = live.exchange([stream]) { Self.isComplete(Self.book(ofStream: $0)) }
            for connection in connections { try await connection.send(text: Self.subscribe) }
            try await change("1.6")
            try await change("1.7")
            let books = [
                try await Self.book(of: connections[0]), try await Self.book(of: connections[1]),
                Self.book(ofStream: try await events),
            ]
            for book in books { #expect(differences(book, books[0]) == [] && Self.isComplete(book)) }
            for connection in connections { await connection.close() }
        }
    }

    // MARK: Books

    private static func isComplete(_ book: [String: BookClient.LaneBook]) -> Bool {
        book.count == 50 && book.values.allSatisfy { $0.rows.values.map { $0["p"] } == ["[1.7]"] }
    }

    private static func book(of connection: WebSocketConnection) async throws -> [String: BookClient.LaneBook] {
        let client = BookClient()
        while !isComplete(client.lanes), let batch = try await connection.next() {
            var texts: [String] = []
            batch.forEachMessage { message, _ in texts.append(String(decoding: message, as: UTF8.self)) }
            for text in texts { try client.take(text) }
        }
        return client.lanes
    }

    /// Of the whole events in what has come so far.
    private static func book(ofStream answer: [UInt8]) -> [String: BookClient.LaneBook] {
        guard let events = split(answer)?.frames,
            let end = String(buffer: events).range(of: "\n\n", options: .backwards)
        else { return [:] }
        let client = BookClient()
        let text = String(String(buffer: events)[..<end.upperBound])
        for event in WireReader.events(ByteBuffer(string: text)) { try? client.take(event.data) }
        return client.lanes
    }
}
