import Testing

@testable import RedisStreams

struct StreamIDTests {
    @Test(
        "an id reads as it is written",
        arguments: [
            StreamID.zero, StreamID.max, StreamID(1), StreamID(9, 10), StreamID(206_000_000_000_000, 8_192),
        ])
    func roundTrip(id: StreamID) {
        #expect(StreamID(id.description) == id)
        var buffer = CommandBuffer()
        buffer.argument(id)
        let text = id.description
        #expect(String(decoding: buffer.bytes, as: UTF8.self) == "$\(text.utf8.count)\r\n\(text)\r\n")
    }

    @Test("an id may leave its sequence out")
    func withoutSequence() { #expect(StreamID("12") == StreamID(12, 0)) }

    @Test(
        "what is not an id is nil",
        arguments: ["", "-", "1-", "-1", "a", "1-2-3", "+1", "1 ", "18446744073709551616", "1-18446744073709551616"])
    func malformed(text: String) { #expect(StreamID(text) == nil) }

    @Test("ids are ordered as Redis orders them, by number and not by text")
    func order() {
        #expect(StreamID(9) < StreamID(10))
        #expect(StreamID(9, 2) < StreamID(9, 10))
        #expect(StreamID(9, .max) < StreamID(10, 0))
        #expect(StreamID(9, 1).successor == StreamID(9, 2))
        #expect(StreamID(9, .max).successor == StreamID(10, 0))
    }
}
