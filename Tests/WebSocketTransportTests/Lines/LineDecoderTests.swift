import Testing

@testable import WebSocketTransport

@Suite struct LineDecoderTests {
    /// Everything that came out of some bytes, fed in pieces of a size.
    private func decode(
        _ bytes: [UInt8], pieces size: Int = .max, limit: Int = 1 << 20
    ) throws -> (lines: [String], discarded: [DiscardedMessage]) {
        var decoder = LineDecoder(maximumBytes: limit)
        var batch = MessageBatch()
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(size))
            rest = rest.dropFirst(piece.count)
            try piece.withUnsafeBytes { try decoder.decode($0, into: &batch) }
        }
        var lines: [String] = []
        batch.forEachMessage { message, isBinary in
            #expect(!isBinary)
            lines.append(String(decoding: message, as: UTF8.self))
        }
        return (lines, batch.discarded)
    }

    @Test(arguments: [1, 2, 3, 5, 7, .max]) func linesAreTheSameInWhateverPieces(size: Int) throws {
        let text = "first\r\n\r\nsecond\nç€😀\r\n\nmid\rdle\r\r\nunfinished\r"
        let (lines, discarded) = try decode(Array(text.utf8), pieces: size)
        #expect(lines == ["first", "second", "ç€😀", "mid\rdle\r"])
        #expect(discarded.isEmpty)
    }

    @Test(arguments: [1, 3, 4, 100, .max]) func aLineOverTheLimitIsCountedAndDropped(size: Int) throws {
        let long = String(repeating: "x", count: 2_000)
        let text = "a\r\n\(long)\r\nb\r\n12345678\r\n123456789\r\nc\r\n"
        let (lines, discarded) = try decode(Array(text.utf8), pieces: size, limit: 8)
        #expect(lines == ["a", "b", "12345678", "c"])
        #expect(discarded.map(\.byteCount) == [2_000, 9])
        #expect(discarded.map(\.messageIndex) == [1, 3])
        #expect(discarded.map(\.prefix.count) == [DiscardedMessage.prefixBytes, 9])
        #expect(discarded.allSatisfy { !$0.isBinary })
    }

    @Test(arguments: [1, .max]) func whatIsNoTextIsAViolation(size: Int) {
        #expect(throws: ProtocolViolation.self) { try decode([0x61, 0xC3, 0x0A], pieces: size) }
        #expect(throws: ProtocolViolation.self) { try decode([0xFF, 0x0A], pieces: size) }
    }

    @Test func anyBytesInAnyPiecesGiveTheSame() throws {
        var generator = SeededGenerator(seed: 7)
        let alphabet = Array("ab\r\n".utf8)
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            let whole = try decode(bytes, limit: 5)
            let pieces = try decode(bytes, pieces: Int.random(in: 1...9, using: &generator), limit: 5)
            #expect(whole == pieces, "\(bytes)")
        }
    }
}
