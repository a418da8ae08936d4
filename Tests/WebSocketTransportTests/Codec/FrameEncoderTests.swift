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

    @Test func closeTextIsCutAtACharacter() {
        let payload = ClosePayload.encode(.normal, String(repeating: "é", count: 100))
        #expect(payload.count == 2 + 122)
        #expect(decode(FrameBytes.make(8, payload)).violation == nil)
        #expect(ClosePayload.encode(.noStatus, "nothing") == [])
    }
}
