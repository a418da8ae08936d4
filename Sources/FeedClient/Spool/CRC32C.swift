/// CRC-32C (Castagnoli), as RFC 3720 §12.1 has it: tells a torn or rotten record from a good one.
enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }

    /// The checksum of the pieces, one after the other.
    static func of(_ pieces: UnsafeRawBufferPointer...) -> UInt32 {
        var value = UInt32.max
        table.withUnsafeBufferPointer { table in
            for piece in pieces {
                for byte in piece { value = table[Int((value ^ UInt32(byte)) & 0xFF)] ^ value >> 8 }
            }
        }
        return ~value
    }
}
