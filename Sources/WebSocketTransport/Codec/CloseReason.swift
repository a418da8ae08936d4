/// Why a WebSocket ended: the code and text of the close frame, or 1006 without one.
package struct CloseReason: Sendable, Hashable, CustomStringConvertible {
    package let code: CloseCode
    package let text: String
    /// Whether the other side said so, rather than this one.
    package let isFromPeer: Bool

    package init(code: CloseCode, text: String = "", isFromPeer: Bool = false) {
        self.code = code
        self.text = text
        self.isFromPeer = isFromPeer
    }

    package var description: String { text.isEmpty ? "\(code)" : "\(code) (\(text))" }
}

/// A close code of RFC 6455 §7.4 or of the application.
package struct CloseCode: Sendable, Hashable, RawRepresentable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }
    package init(integerLiteral value: UInt16) { rawValue = value }

    package static let normal: CloseCode = 1000
    package static let goingAway: CloseCode = 1001
    package static let protocolError: CloseCode = 1002
    /// Never on the wire: the close frame had no code.
    package static let noStatus: CloseCode = 1005
    /// Never on the wire: the connection ended without a close frame.
    package static let abnormal: CloseCode = 1006
    package static let invalidPayload: CloseCode = 1007
    package static let policyViolation: CloseCode = 1008
    package static let messageTooBig: CloseCode = 1009
    package static let internalError: CloseCode = 1011
    package static let serviceRestart: CloseCode = 1012
    package static let tryAgainLater: CloseCode = 1013

    /// Whether a close frame may carry the code.
    package var mayBeSent: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    package var description: String { "\(rawValue)" }
}
