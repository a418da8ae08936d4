/// The opcodes of RFC 6455 §5.2; the others are reserved.
enum Opcode: UInt8, Sendable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    var isControl: Bool { rawValue & 0x8 != 0 }
}

/// A breach of the protocol, with the close code that answers it.
struct ProtocolViolation: Error, Sendable, Hashable {
    let code: CloseCode
    let text: String

    init(_ text: String, code: CloseCode = .protocolError) {
        self.code = code
        self.text = text
    }
}

/// What stands before a frame's payload.
struct FrameHeader: Sendable {
    let isFinal: Bool
    /// RSV1: the message is compressed (RFC 7692 §6).
    let isCompressed: Bool
    let opcode: Opcode
    let mask: MaskingKey?
    let payloadLength: Int

    /// Two bytes, eight of length, four of mask.
    static let maximumSize = 14

    /// How long a header is that begins with these two bytes.
    static func size(second: UInt8) -> Int {
        let extended = second & 0x7F
        return 2 + (extended == 126 ? 2 : extended == 127 ? 8 : 0) + (second & 0x80 != 0 ? 4 : 0)
    }

    /// Reads a header of `size(second:)` bytes and checks what can be checked without knowing the frames before it.
    init(_ bytes: UnsafeRawBufferPointer) throws(ProtocolViolation) {
        let first = bytes[0]
        let second = bytes[1]
        guard let opcode = Opcode(rawValue: first & 0x0F) else { throw ProtocolViolation("reserved opcode") }
        guard first & 0x30 == 0 else { throw ProtocolViolation("reserved bit set") }
        self.opcode = opcode
        isFinal = first & 0x80 != 0
        isCompressed = first & 0x40 != 0
        payloadLength = try Self.payloadLength(bytes, second & 0x7F)
        if second & 0x80 != 0 {
            let keyOffset = Self.size(second: second) - 4
            let bits = bytes.loadUnaligned(fromByteOffset: keyOffset, as: UInt32.self)
            mask = MaskingKey(littleEndianBits: UInt32(littleEndian: bits))
        } else {
            mask = nil
        }
        guard opcode.isControl else { return }
        guard isFinal else { throw ProtocolViolation("fragmented control frame") }
        guard payloadLength <= 125 else { throw ProtocolViolation("control frame too long") }
        guard !isCompressed else { throw ProtocolViolation("compressed control frame") }
    }

    /// The length must use the fewest bytes that hold it (RFC 6455 §5.2).
    private static func payloadLength(
        _ bytes: UnsafeRawBufferPointer, _ short: UInt8
    ) throws(ProtocolViolation) -> Int {
        switch short {
        case 126:
            let length = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
            guard length > 125 else { throw ProtocolViolation("length not minimal") }
            return Int(length)
        case 127:
            let length = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
            guard length > 0xFFFF else { throw ProtocolViolation("length not minimal") }
            guard length <= UInt64(Int64.max) else { throw ProtocolViolation("length over 63 bits") }
            return Int(length)
        default: return Int(short)
        }
    }
}
