/// The payload of a close frame (RFC 6455 §5.5.1): nothing, or a code and a text.
enum ClosePayload {
    /// The text is cut so that the frame stays a control frame.
    static let maximumTextBytes = 123

    /// Nil when there is no code.
    static func decode(_ payload: [UInt8]) throws(ProtocolViolation) -> CloseReason? {
        guard !payload.isEmpty else { return nil }
        guard payload.count >= 2 else { throw ProtocolViolation("close code cut short") }
        let code = CloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
        guard code.mayBeSent else { throw ProtocolViolation("invalid close code") }
        guard let text = String(validating: payload.dropFirst(2), as: UTF8.self) else { throw .invalidText }
        return CloseReason(code: code, text: text, isFromPeer: true)
    }

    /// Empty for a code that may not be sent.
    static func encode(_ code: CloseCode, _ text: String) -> [UInt8] {
        guard code.mayBeSent else { return [] }
        var bytes = [UInt8(code.rawValue >> 8), UInt8(truncatingIfNeeded: code.rawValue)]
        for character in text {
            guard bytes.count - 2 + character.utf8.count <= maximumTextBytes else { break }
            bytes.append(contentsOf: character.utf8)
        }
        return bytes
    }
}
