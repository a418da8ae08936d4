/// Validates UTF-8 that arrives in pieces (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF).
///
/// Runs of ASCII, which is nearly all that feeds send, are checked 64 bytes at a time.
struct UTF8Validator: Sendable {
    /// Continuation bytes that the current character still lacks.
    private var missing: UInt8 = 0
    /// The bounds of its next byte.
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF

    /// Whether the bytes so far end with a whole character.
    var isAtBoundary: Bool { missing == 0 }

    /// Whether `bytes` is valid as a whole.
    @inline(__always)
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let ascii = asciiPrefix(of: bytes, from: 0)
        if ascii == bytes.count { return true }
        var validator = UTF8Validator()
        return validator.accepts(UnsafeRawBufferPointer(rebasing: bytes[ascii...])) && validator.isAtBoundary
    }

    /// Takes the next piece; false as soon as no continuation could make the text valid.
    mutating func accepts(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index < bytes.count {
            if missing > 0 {
                let byte = bytes[index]
                guard byte >= lowest, byte <= highest else { return false }
                (lowest, highest) = (0x80, 0xBF)
                missing -= 1
                index += 1
            } else {
                index = Self.asciiPrefix(of: bytes, from: index)
                guard index < bytes.count else { return true }
                guard begin(bytes[index]) else { return false }
                index += 1
            }
        }
        return true
    }

    /// Takes the first byte of a character of several; Unicode table 3-7 in bounds of the second byte.
    private mutating func begin(_ lead: UInt8) -> Bool {
        switch lead {
        case 0xC2...0xDF: missing = 1
        case 0xE0: (missing, lowest) = (2, 0xA0)
        case 0xED: (missing, highest) = (2, 0x9F)
        case 0xE1...0xEF: missing = 2
        case 0xF0: (missing, lowest) = (3, 0x90)
        case 0xF1...0xF3: missing = 3
        case 0xF4: (missing, highest) = (3, 0x8F)
        default: return false
        }
        return true
    }

    /// The index of the first byte at or after `start` that is not ASCII, or the count.
    @inline(__always)
    private static func asciiPrefix(of bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        let highBits: UInt64 = 0x8080_8080_8080_8080
        var index = start
        let end = bytes.count
        while end - index >= 64 {
            // Eight words in one expression: the optimiser turns them into vector loads.
            var all: SIMD8<UInt64> = base.loadUnaligned(fromByteOffset: index, as: SIMD8<UInt64>.self)
            all &= SIMD8(repeating: highBits)
            if all != SIMD8(repeating: 0) { break }
            index += 64
        }
        while end - index >= 8 {
            let word = base.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian & highBits
            if word != 0 { return index + word.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < end, bytes[index] < 0x80 { index += 1 }
        return index
    }
}
