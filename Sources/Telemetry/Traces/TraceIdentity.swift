/// Names a trace: 16 bytes, never all zero.
package struct TraceID: Sendable, Hashable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    private init?(high: UInt64, low: UInt64) {
        guard high | low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    /// A new one.
    package init(using generator: inout some RandomNumberGenerator) {
        high = generator.next()
        low = UInt64.random(in: 1...UInt64.max, using: &generator)
    }

    /// Nil unless `digits` are 32 in lower case and not all zero.
    init?(hexDigits digits: UnsafeRawBufferPointer) {
        guard digits.count == 32, let high = UInt64(hexDigits: UnsafeRawBufferPointer(rebasing: digits[..<16])),
            let low = UInt64(hexDigits: UnsafeRawBufferPointer(rebasing: digits[16...]))
        else { return nil }
        self.init(high: high, low: low)
    }

    /// 32 hexadecimal digits in lower case.
    package var description: String { high.hexDigits + low.hexDigits }
}

/// Names a span within its trace: 8 bytes, never all zero.
package struct SpanID: Sendable, Hashable, CustomStringConvertible {
    private let value: UInt64

    /// A new one.
    package init(using generator: inout some RandomNumberGenerator) {
        value = UInt64.random(in: 1...UInt64.max, using: &generator)
    }

    /// Nil unless `digits` are 16 in lower case and not all zero.
    init?(hexDigits digits: UnsafeRawBufferPointer) {
        guard digits.count == 16, let value = UInt64(hexDigits: digits), value != 0 else { return nil }
        self.value = value
    }

    /// 16 hexadecimal digits in lower case.
    package var description: String { value.hexDigits }
}

extension UInt64 {
    /// Sixteen digits in lower case.
    var hexDigits: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// Nil for anything but digits in lower case, sixteen at most.
    init?(hexDigits digits: UnsafeRawBufferPointer) {
        guard digits.count <= 16 else { return nil }
        self = 0
        for byte in digits {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): self = self << 4 | UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): self = self << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
    }
}
