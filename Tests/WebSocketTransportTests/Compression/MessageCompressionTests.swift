import NIOCore
import Testing

@testable import WebSocketTransport

@Suite struct MessageCompressionTests {
    private static let texts = ["", "a", "Hello", String(repeating: "odds ", count: 50_000), "Hello"]

    @Test(arguments: [9, 12, 15], [true, false])
    func messagesSurviveTheRoundTrip(bits: Int, keepsWindow: Bool) throws {
        let deflater = MessageDeflater(windowBits: bits, keepsWindow: keepsWindow)
        let inflater = MessageInflater(windowBits: bits, keepsWindow: keepsWindow)
        for text in Self.texts {
            let compressed = try #require(Array(text.utf8).withUnsafeBytes { deflater.deflate($0) })
            #expect(try inflater.inflate(compressed, limit: 1 << 20) == Array(text.utf8))
        }
    }

    @Test func randomMessagesSurviveTheRoundTrip() throws {
        var generator = SeededGenerator(seed: 5)
        let deflater = MessageDeflater(windowBits: 15, keepsWindow: true)
        let inflater = MessageInflater(windowBits: 15, keepsWindow: true)
        for length in [1, 10, 1000, 70_000, 300_000] {
            let message = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let compressed = try #require(message.withUnsafeBytes { deflater.deflate($0) })
            #expect(try inflater.inflate(compressed, limit: length) == message)
        }
    }

    @Test func examplesOfTheStandardAreRead() throws {
        // RFC 7692 §7.2.3: one block, with a window, without compression, as the last block, in two blocks.
        let inflater = MessageInflater(windowBits: 15, keepsWindow: true)
        let examples: [[UInt8]] = [
            [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], [0xF2, 0x00, 0x11, 0x00, 0x00],
            [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
            [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00],
            [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
        ]
        for example in examples {
            #expect(try inflater.inflate(example, limit: 100) == Array("Hello".utf8))
        }
    }

    @Test func aBombIsRefusedAtTheLimit() throws {
        let deflater = MessageDeflater(windowBits: 15, keepsWindow: false)
        let zeros = [UInt8](repeating: 0, count: 20_000_000)
        let bomb = try #require(zeros.withUnsafeBytes { deflater.deflate($0) })
        let inflater = MessageInflater(windowBits: 15, keepsWindow: false)
        #expect(bomb.count < 100_000)
        #expect(throws: ProtocolViolation.tooBig) { try inflater.inflate(bomb, limit: 100_000) }
        let frame = FrameBytes.make(2, bomb, reserved: 4)
        #expect(decode(frame, limit: 100_000, inflater: inflater).violation?.code == .messageTooBig)
    }

    @Test func garbageIsRefused() {
        let inflater = MessageInflater(windowBits: 15, keepsWindow: false)
        let result = decode(FrameBytes.make(1, [0xFF, 0xFF, 0xFF], reserved: 4), inflater: inflater)
        #expect(result.violation?.code == .invalidPayload)
    }

    @Test func compressedMessagesMayBeFragmentedAndMustBeValidText() throws {
        let inflater = MessageInflater(windowBits: 15, keepsWindow: true)
        let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
        let frames =
            FrameBytes.make(1, Array(hello[..<3]), isFinal: false, reserved: 4) + FrameBytes.make(9)
            + FrameBytes.make(0, Array(hello[3...])) + FrameBytes.make(1, Array("plain".utf8))
        #expect(decode(frames, inflater: inflater).texts == ["Hello", "plain"])
        let onContinuation =
            FrameBytes.make(1, [0x61], isFinal: false) + FrameBytes.make(0, hello, reserved: 4)
        #expect(decode(onContinuation, inflater: inflater).violation?.code == .protocolError)
        let deflater = MessageDeflater(windowBits: 15, keepsWindow: false)
        let invalid = try #require([UInt8](arrayLiteral: 0xC0, 0x80).withUnsafeBytes { deflater.deflate($0) })
        let fresh = MessageInflater(windowBits: 15, keepsWindow: false)
        #expect(decode(FrameBytes.make(1, invalid, reserved: 4), inflater: fresh).violation?.code == .invalidPayload)
    }

    @Test func sharedFramesDoNotLeanOnEachOther() {
        let frames = CompressedFrames()
        let texts = (0..<3).map { Array(String(repeating: "price \($0) ", count: 100).utf8) }
        let compressed = texts.map { text in Array(text.withUnsafeBytes { frames.text($0) }.readableBytesView) }
        for (text, frame) in zip(texts, compressed).reversed() {
            let inflater = MessageInflater(windowBits: 15, keepsWindow: false)
            #expect(decode(frame, inflater: inflater).messages == [text])
        }
        #expect(Array(texts[0].withUnsafeBytes { frames.text($0) }.readableBytesView) == compressed[0])
    }

    @Test func sharedFramesAreCompressedOnlyWhenThatIsShorter() {
        let frames = CompressedFrames()
        let long = Array(String(repeating: "price ", count: 100).utf8)
        let compressed = Array(long.withUnsafeBytes { frames.text($0) }.readableBytesView)
        #expect(compressed[0] == 0xC1 && compressed.count < 100)
        let inflater = MessageInflater(windowBits: 15, keepsWindow: false)
        #expect(decode(compressed + compressed, inflater: inflater).messages == [long, long])
        let short = Array(Array("x".utf8).withUnsafeBytes { frames.text($0) }.readableBytesView)
        #expect(short[0] == 0x81)
    }
}
