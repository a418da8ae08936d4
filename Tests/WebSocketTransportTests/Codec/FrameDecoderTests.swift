import Testing

@testable import WebSocketTransport

@Suite struct FrameDecoderTests {
    private static let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

    @Test(arguments: [0, 1, 2, 124, 125, 126, 127, 128, 300, 65534, 65535, 65536, 65537, 200_000])
    func everyLengthFormIsRead(length: Int) {
        let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0) & 0x7F }
        for (opcode, isBinary) in [(UInt8(1), false), (2, true)] {
            for key in [nil, Self.key] {
                let frames = FrameBytes.make(opcode, payload, key: key) + FrameBytes.make(opcode, [0x61], key: key)
                let result = decode(frames, expectsMask: key != nil)
                #expect(result.messages == [payload, [0x61]])
                #expect(result.binaryFlags == [isBinary, isBinary])
                #expect(result.signals.isEmpty)
            }
        }
    }

    @Test func splittingAnywhereChangesNothing() {
        for key in [nil, Self.key] {
            let frames =
                FrameBytes.make(1, Array("héllo".utf8), key: key)
                + FrameBytes.make(1, Array("ab".utf8), isFinal: false, key: key)
                + FrameBytes.make(9, [1, 2, 3], key: key)
                + FrameBytes.make(0, Array("ç".utf8), key: key)
                + FrameBytes.make(2, [UInt8](repeating: 9, count: 130), key: key)
                + FrameBytes.make(8, [0x03, 0xE8], key: key)
            let whole = decode(frames, expectsMask: key != nil)
            #expect(whole.texts.prefix(2) == ["héllo", "abç"])
            #expect(whole.signals == [.ping([1, 2, 3]), .close(CloseReason(code: .normal, isFromPeer: true))])
            for split in 1..<frames.count {
                #expect(decode(frames, pieces: [split], expectsMask: key != nil) == whole)
            }
            #expect(decode(frames, pieces: [1], expectsMask: key != nil) == whole)
        }
    }

    @Test func randomConversationsSurviveRandomSplits() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<30 {
            var frames: [UInt8] = []
            var expected: [[UInt8]] = []
            for _ in 0..<Int.random(in: 1...20, using: &generator) {
                let length = [0, 5, 125, 126, 127, 500, 3000].randomElement(using: &generator) ?? 0
                let message = (0..<length).map { _ in UInt8.random(in: 0x20...0x7E, using: &generator) }
                expected.append(message)
                let cut = Int.random(in: 0...length, using: &generator)
                if Bool.random(using: &generator) {
                    frames += FrameBytes.make(1, Array(message[..<cut]), isFinal: false)
                    if Bool.random(using: &generator) { frames += FrameBytes.make(10, [7]) }
                    frames += FrameBytes.make(0, Array(message[cut...]))
                } else {
                    frames += FrameBytes.make(1, message)
                }
            }
            let pieces = (0..<20).map { _ in Int.random(in: 1...4000, using: &generator) }
            let result = decode(frames, pieces: pieces)
            #expect(result.messages == expected)
            #expect(result.violation == nil)
        }
    }

    @Test(arguments: [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as [UInt8])
    func reservedOpcodesFail(opcode: UInt8) {
        let result = decode(FrameBytes.make(1, [0x61]) + FrameBytes.make(opcode) + FrameBytes.make(1, [0x62]))
        #expect(result.texts == ["a"])
        #expect(result.violation?.code == .protocolError)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7] as [UInt8])
    func reservedBitsFail(bits: UInt8) {
        for opcode in [1, 2, 8, 9, 10] as [UInt8] {
            #expect(decode(FrameBytes.make(opcode, reserved: bits)).violation?.code == .protocolError)
        }
    }

    @Test func maskMustBeAsTheRoleWants() {
        #expect(decode(FrameBytes.make(1, [0x61], key: Self.key)).violation?.code == .protocolError)
        #expect(decode(FrameBytes.make(1, [0x61]), expectsMask: true).violation?.code == .protocolError)
    }

    @Test func controlFramesMayBeNeitherLongNorFragmented() {
        for opcode in [8, 9, 10] as [UInt8] {
            #expect(decode(FrameBytes.make(opcode, [UInt8](repeating: 0x61, count: 126))).violation != nil)
            #expect(decode(FrameBytes.make(opcode, isFinal: false)).violation != nil)
        }
        let longest = [UInt8](repeating: 0x61, count: 125)
        #expect(decode(FrameBytes.make(9, longest)).signals == [.ping(longest)])
    }

    @Test func fragmentsMustFollowEachOther() {
        #expect(decode(FrameBytes.make(0, [0x61])).violation?.code == .protocolError)
        #expect(decode(FrameBytes.make(0, [0x61], isFinal: false)).violation?.code == .protocolError)
        for opcode in [1, 2] as [UInt8] {
            let nested = FrameBytes.make(1, [0x61], isFinal: false) + FrameBytes.make(opcode, [0x62])
            #expect(decode(nested).violation?.code == .protocolError)
        }
    }

    @Test func lengthsMustBeMinimalAndPositive() {
        let short = [0x81, 126, 0, 125] + [UInt8](repeating: 0x61, count: 125)
        #expect(decode(short).violation?.code == .protocolError)
        let medium = [0x81, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] + [UInt8](repeating: 0x61, count: 65535)
        #expect(decode(medium).violation?.code == .protocolError)
        #expect(decode([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]).violation?.code == .protocolError)
    }

    @Test func invalidTextFailsAsSoonAsItIsSeen() {
        #expect(decode(FrameBytes.make(1, [0xC0, 0x80])).violation?.code == .invalidPayload)
        #expect(decode(FrameBytes.make(1, [0xE2, 0x82])).violation?.code == .invalidPayload)
        #expect(decode(FrameBytes.make(2, [0xC0, 0x80])).violation == nil)
        // The rest of the first fragment never arrives.
        let begun = FrameBytes.make(1, [0x61, 0xFF, 0x61, 0x61], isFinal: false).dropLast(2)
        #expect(decode(Array(begun)).violation?.code == .invalidPayload)
        let character = Array("€".utf8)
        let split =
            FrameBytes.make(1, Array(character[..<1]), isFinal: false) + FrameBytes.make(0, Array(character[1...]))
        #expect(decode(split).texts == ["€"])
        let cut = FrameBytes.make(1, Array(character[..<1]), isFinal: false) + FrameBytes.make(0)
        #expect(decode(cut).violation?.code == .invalidPayload)
    }

    @Test(arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])
    func closeCodesThatMayBeSentAreRead(code: Int) {
        let frame = FrameBytes.make(8, FrameBytes.bigEndian(code, bytes: 2) + Array("bye".utf8))
        let reason = CloseReason(code: CloseCode(rawValue: UInt16(code)), text: "bye", isFromPeer: true)
        #expect(decode(frame).signals == [.close(reason)])
    }

    @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
    func otherCloseCodesFail(code: Int) {
        let frame = FrameBytes.make(8, FrameBytes.bigEndian(code, bytes: 2))
        #expect(decode(frame).violation?.code == .protocolError)
    }

    @Test func closePayloadsAreChecked() {
        #expect(decode(FrameBytes.make(8)).signals == [.close(nil)])
        #expect(decode(FrameBytes.make(8, [0x03])).violation?.code == .protocolError)
        #expect(decode(FrameBytes.make(8, [0x03, 0xE8, 0xFF])).violation?.code == .invalidPayload)
        #expect(decode(FrameBytes.make(8) + FrameBytes.make(1, [0x61])).messages.isEmpty)
    }

    @Test func messagesOverTheLimitClose() {
        #expect(decode(FrameBytes.make(1, [1, 2, 3, 4]), limit: 4).violation == nil)
        #expect(decode(FrameBytes.make(1, [1, 2, 3, 4, 5]), limit: 4).violation?.code == .messageTooBig)
        let fragments = FrameBytes.make(1, [1, 2, 3], isFinal: false) + FrameBytes.make(0, [4, 5])
        #expect(decode(fragments, limit: 4).violation?.code == .messageTooBig)
        // The length alone is enough.
        #expect(decode([0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]).violation?.code == .messageTooBig)
    }

    @Test func messagesOverTheLimitCanBeDiscarded() {
        let long = [UInt8](repeating: 0x78, count: 3000)
        let frames =
            FrameBytes.make(1, [0x61]) + FrameBytes.make(1, long)
            + FrameBytes.make(2, Array(long[..<10]), isFinal: false) + FrameBytes.make(9)
            + FrameBytes.make(0, Array(long[10...])) + FrameBytes.make(1, [0x62])
        for pieces in [[Int.max], [1], [100], [1999]] {
            let result = decode(frames, pieces: pieces, limit: 2000, oversized: .discard)
            #expect(result.texts == ["a", "b"])
            #expect(result.discarded.map(\.byteCount) == [3000, 3000])
            #expect(result.discarded.map(\.messageIndex) == [1, 1])
            #expect(result.discarded.map(\.isBinary) == [false, true])
            #expect(result.discarded.allSatisfy { $0.prefix == Array(long.prefix(1024)) })
            #expect(result.signals == [.ping([])])
        }
    }

    @Test func garbageNeverTraps() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 1...60, using: &generator)).map { _ in
                UInt8.random(in: .min ... .max, using: &generator)
            }
            let size = Int.random(in: 1...60, using: &generator)
            for expectsMask in [true, false] { _ = decode(bytes, pieces: [size], expectsMask: expectsMask) }
        }
    }
}
