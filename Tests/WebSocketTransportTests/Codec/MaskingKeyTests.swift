import Testing

@testable import WebSocketTransport

@Suite struct MaskingKeyTests {
    @Test func everyPieceAtEveryOffsetIsMaskedAsByteByByte() {
        var generator = SeededGenerator(seed: 2)
        for length in 0..<70 {
            let key = MaskingKey(using: &generator)
            let keyBytes = (0..<4).map { UInt8(truncatingIfNeeded: key.littleEndianBits >> UInt32($0 * 8)) }
            let plain = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            for offset in 0..<9 {
                var masked = plain
                masked.withUnsafeMutableBytes { key.apply(to: $0, at: offset) }
                #expect(masked == plain.enumerated().map { $0.element ^ keyBytes[($0.offset + offset) % 4] })
            }
        }
    }
}
