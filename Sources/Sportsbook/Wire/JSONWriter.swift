import FeedModel

/// Appends JSON by hand: the simulator's messages are flat and their shape is known, so no encoder is needed.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []

    init(reserving capacity: Int = 512) { bytes.reserveCapacity(capacity) }

    /// JSON text as it stands.
    mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// ASCII that needs no escape.
    mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func byte(_ byte: UInt8) { bytes.append(byte) }

    /// A quoted, escaped string.
    mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20: raw(Self.escapes[Int(byte)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static let escapes = (0..<32).map { code in
        let digits = String(code, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
    }

    mutating func integer(_ value: some BinaryInteger) { raw(String(value)) }

    /// The shortest exact decimal.
    mutating func decimal(_ value: FixedDecimal) { raw(value.description) }

    /// Quoted RFC 3339 with milliseconds.
    mutating func time(_ value: Timestamp) {
        bytes.append(UInt8(ascii: "\""))
        TimestampText(value).withDigits { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
    }
}
