/// What can go wrong with a connection or a server; never a trap.
package enum WebSocketError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The configuration cannot work: a malformed URL, a certificate file that is absent.
    case configuration(String)
    /// Name resolution or the TCP connection failed.
    case connectFailed(String)
    /// TLS failed: a wrong certificate, an unknown authority.
    case tls(String)
    /// The proxy did not make a tunnel; without a status it hung up or does not speak HTTP.
    case proxyRefused(status: Int?)
    /// The connection was not open within the connect timeout.
    case timedOut
    /// The server answered the upgrade with another status; `body` is the start of what it said.
    case refused(status: Int, retryAfter: Duration?, body: String)
    /// The server's answer to the upgrade is not a valid one.
    case handshakeInvalid(String)
    /// The server's answer to a request cannot be taken.
    case answerInvalid(String)
    /// The connection is closed; nothing can be sent.
    case closed(CloseReason?)
    /// The address to listen on is in use or not ours.
    case bindFailed(address: String, reason: String)

    /// Whether trying again later can succeed without anybody changing the configuration.
    package var isRetriable: Bool {
        switch self {
        case .configuration, .bindFailed: false
        case .refused(let status, _, _), .proxyRefused(let status?):
            status == 408 || status == 425 || status == 429 || status >= 500
        case .connectFailed, .tls, .proxyRefused(nil), .timedOut, .handshakeInvalid, .answerInvalid, .closed: true
        }
    }

    /// Servers end what they say with a line end.
    private static func withoutEnd(_ body: String) -> Substring {
        body[..<(body.lastIndex { !$0.isWhitespace }.map(body.index(after:)) ?? body.startIndex)]
    }

    package var description: String {
        switch self {
        case .configuration(let what): what
        case .connectFailed(let why): "cannot connect: \(why)"
        case .tls(let why): "TLS failed: \(why)"
        case .proxyRefused(nil): "the proxy hung up, or is none"
        case .proxyRefused(407): "the proxy wants other credentials (status 407)"
        case .proxyRefused(let status?): "the proxy refuses the connection with status \(status)"
        case .timedOut: "no open connection within the connect timeout"
        case .refused(let status, _, let body):
            Self.withoutEnd(body).isEmpty
                ? "refused with status \(status)" : "refused with status \(status): \(Self.withoutEnd(body))"
        case .handshakeInvalid(let why): "invalid answer to the upgrade: \(why)"
        case .answerInvalid(let why): "invalid answer: \(why)"
        case .closed(let reason): reason.map { "closed: \($0)" } ?? "closed"
        case .bindFailed(let address, let reason): "cannot listen on \(address): \(reason)"
        }
    }
}
