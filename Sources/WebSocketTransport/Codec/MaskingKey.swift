/// The key that a client's frame is masked with (RFC 6455 §5.3).
struct MaskingKey: Sendable, Hashable {
    /// The four bytes as they stand on the wire, first byte lowest.
    let littleEndianBits: UInt32

    init(littleEndianBits: UInt32) { self.littleEndianBits = littleEndianBits }

    init(using generator: inout some RandomNumberGenerator) { littleEndianBits = generator.next() }

    /// Masks or unmasks `bytes`, which stand at `offset` in the payload.
    func apply(to bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        guard let base = bytes.baseAddress else { return }
        // A right rotation brings the key's byte for the first position lowest.
        let shift = UInt32(offset & 3) * 8
        let key = littleEndianBits &>> shift | littleEndianBits &<< (32 &- shift)
        let rotated = shift == 0 ? littleEndianBits : key
        let word = (UInt64(rotated) | UInt64(rotated) << 32).littleEndian
        var index = 0
        while bytes.count - index >= 8 {
            let masked = base.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ word
            base.storeBytes(of: masked, toByteOffset: index, as: UInt64.self)
            index += 8
        }
        while index < bytes.count {
            bytes[index] ^= UInt8(truncatingIfNeeded: rotated >> UInt32((index & 3) * 8))
            index += 1
        }
    }
}
