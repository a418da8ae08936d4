import FeedModel
import WebSocketTransport

/// Who may subscribe.
package enum SubscriberAuthentication: Sendable, Hashable {
    /// Everybody who can reach the port; refused on an address that others can reach.
    case none
    /// Whoever presents one of these.
    case tokens([String])

    package var isRequired: Bool { self != .none }
}

/// What a request's credentials are worth.
enum Verdict: Sendable, Equatable {
    /// Nothing is required, or a known key was presented: its number.
    case allowed(key: Int?)
    /// None were presented: a WebSocket may still send them in its first message.
    case missing
    case refused
}

extension SubscriberAuthentication {
    /// Looks for credentials where clients can put them, in this order: `Authorization: Bearer`, `X-API-Key`,
    /// the subprotocol `bearer.<token>`, `?token=`.
    func judge(_ request: HTTPRequest) -> Verdict {
        guard isRequired else { return .allowed(key: nil) }
        guard let token = Self.token(of: request) else { return .missing }
        return judge(token: token)
    }

    func judge(token: String) -> Verdict {
        guard case .tokens(let tokens) = self else { return .allowed(key: nil) }
        var match: Int?
        for (index, known) in tokens.enumerated() where Self.isEqual(token, known) { match = index }
        return match.map { .allowed(key: $0) } ?? .refused
    }

    private static func token(of request: HTTPRequest) -> String? {
        if let value = request.headers["authorization"] {
            let parts = value.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else { return "" }
            return String(parts[1])
        }
        if let value = request.headers["x-api-key"] { return value }
        if let value = subprotocol(of: request) { return String(value.dropFirst(subprotocolPrefix.count)) }
        return request.queryValue("token")
    }

    private static let subprotocolPrefix = "bearer."

    /// The subprotocol that carries a token; it must be agreed to.
    static func subprotocol(of request: HTTPRequest) -> String? {
        request.headers.list("sec-websocket-protocol").first { $0.hasPrefix(subprotocolPrefix) }
    }

    /// Compares in a time that depends on the lengths only.
    private static func isEqual(_ left: String, _ right: String) -> Bool {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        guard left.count == right.count, !right.isEmpty else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}
