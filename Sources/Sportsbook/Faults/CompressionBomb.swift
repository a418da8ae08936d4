import NIOCore

/// A small compressed text frame that inflates to a large one, made by hand so that no compressor is needed.
enum CompressionBomb {
    /// One literal space, then matches of 258 bytes at distance 1, in a block with fixed codes (RFC 1951 section 3.2.6).
    static func frame(inflatedBytes: Int) -> ByteBuffer {
        var bits = BitWriter()
        bits.append(0b010, count: 3)  // not the last block, fixed codes
        bits.appendCode(0x30 + 0x20, count: 8)  // literal 0x20
        for _ in 0..<max(1, (inflatedBytes - 1) / 258) {
            bits.appendCode(0b1100_0101, count: 8)  // length 258
            bits.appendCode(0, count: 5)  // distance 1
        }
        bits.appendCode(0, count: 7)  // end of block
        // An empty stored block; its length words are what RFC 7692 section 7.2.1 leaves away.
        bits.append(0, count: 3)
        let payload = bits.finished()
        var buffer = ByteBuffer()
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: FrameHeader.longest) { target in
            guard let start = target.baseAddress else { return 0 }
            let end = FrameHeader.write(payload.count, to: start)
            start.storeBytes(of: 0xC1, as: UInt8.self)  // FIN, RSV1, text
            return end - start
        }
        buffer.writeBytes(payload)
        return buffer
    }

    /// Bits from the least significant of each byte on; Huffman codes go with their first bit first.
    private struct BitWriter {
        private var bytes: [UInt8] = []
        private var pending: UInt64 = 0
        private var count = 0

        mutating func append(_ value: UInt64, count: Int) {
            pending |= value << UInt64(self.count)
            self.count += count
            while self.count >= 8 {
                bytes.append(UInt8(truncatingIfNeeded: pending))
                pending >>= 8
                self.count -= 8
            }
        }

        mutating func appendCode(_ code: UInt64, count: Int) {
            for bit in stride(from: count - 1, through: 0, by: -1) { append(code >> UInt64(bit) & 1, count: 1) }
        }

        mutating func finished() -> [UInt8] {
            if count > 0 { append(0, count: 8 - count) }
            return bytes
        }
    }
}
