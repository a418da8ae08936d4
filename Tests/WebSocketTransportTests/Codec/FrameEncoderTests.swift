import NIOCore
import Testing

@testable import WebSocketTransport

@Suite struct FrameEncoderTests {
    @Test(arguments: [0, 1, 125, 126, 127, 65535, 65536, 100_000])
    func framesAreThoseOfTheStandard(length: Int) {
        let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0) & 0x7F }
        #expect(Array(FrameEncoder.frame(.text, payload).readableBytesView) == FrameBytes.make(1, payload))
        #expect(Array(FrameEncoder.frame(.binary, payload).readableBytesView) == FrameBytes.make(2, payload))
        let mask = MaskingKey(littleEndianBits: 0x0403_0201)
        let masked = FrameEncoder.frame(.binary, payload, isCompressed: true, mask: mask)
        #expect(Array(masked.readableBytesView) == FrameBytes.make(2, payload, reserved: 4, key: [1, 2, 3, 4]))
    }

    @Test func sharedFramesFollowEachOther() {
        var buffer = WebSocketFrame.text("one")
        Array("two".utf8).withUnsafeBytes { WebSocketFrame.appendText($0, to: &buffer) }
        #expect(decode(Array(buffer.readableBytesView)).texts == ["one", "two"])
    }

    @Test(arguments: [0, 1, 125, 126, 65535, 65536]) func aFrameOfPiecesIsThatOfTheWhole(length: Int) {
        let text = String(repeating: "x", count: length)
        let pieces = [text.prefix(length / 3), text.dropFirst(length / 3)].map { ByteBuffer(substring: $0) }
        let frame = WebSocketFrame.text(joining: pieces)
        #expect(frame == WebSocketFrame.text(text))
        #expect(WebSocketFrame.payload(of: frame) == ByteBuffer(string: text))
    }

    @Test func whatIsNoWholeFrameHasNoPayload() {
        let frame = WebSocketFrame.text("text")
        #expect(frame.getSlice(at: 0, length: 5).flatMap { WebSocketFrame.payload(of: $0) } == nil)
        #expect(WebSocketFrame.payload(of: ByteBuffer(bytes: [0x81])) == nil)
        #expect(WebSocketFrame.payload(of: ByteBuffer(bytes: FrameBytes.make(1, [1], key: [1, 2, 3, 4]))) == nil)
    }

    @Test func closeTextIsCutAtACharacter() {
        let payload = ClosePayload.encode(.normal, String(repeating: "é", count: 100))
        #expect(payload.count == 2 + 122)
        #expect(decode(FrameBytes.make(8, payload)).violation == nil)
        #expect(ClosePayload.encode(.noStatus, "nothing") == [])
    }
}
