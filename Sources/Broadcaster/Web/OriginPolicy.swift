import NIOCore
import WebSocketTransport

/// Which pages of browsers may connect: otherwise any page that someone opens could read a board on their own machine.
struct OriginPolicy: Sendable {
    let allowed: [String]
    /// Whether credentials are required.
    let isAuthenticated: Bool

    /// A browser says which page connects. Only pages of this server, or those that are allowed by name, may.
    func isAllowed(_ request: HTTPRequest) -> Bool {
        guard let origin = request.headers["origin"] else { return true }
        if isNamed(origin) { return true }
        guard let host = request.headers["host"] else { return false }
        return origin == "http://\(host)" || origin == "https://\(host)"
    }

    private func isNamed(_ origin: String) -> Bool { allowed.contains(origin) || allowed.contains("*") }

    /// What lets pages of other origins read an answer (WHATWG Fetch, "CORS protocol"): nothing unless theirs is allowed.
    /// Without it a page could subscribe over WebSocket and not over Server-Sent Events.
    func sharing(with request: HTTPRequest) -> HTTPFields {
        guard !allowed.isEmpty else { return [:] }
        var fields: HTTPFields = ["vary": "origin"]
        guard let origin = request.headers["origin"], isNamed(origin) else {
            return fields
        }
        fields.append("access-control-allow-origin", origin)
        fields.append("access-control-expose-headers", "etag, retry-after")
        return fields
    }

    /// A browser asks before it sends credentials in a header from a page of another origin.
    func preflight(_ request: HTTPRequest) -> HTTPResponse {
        guard request.headers["access-control-request-method"] != nil else { return .notAllowed() }
        guard isHostTrusted(request) else { return .otherHost }
        guard isAllowed(request) else { return .otherOrigin }
        let fields: HTTPFields = [
            "access-control-allow-methods": "GET",
            "access-control-allow-headers": "authorization, x-api-key, last-event-id, if-none-match",
            "access-control-max-age": "600",
        ]
        return HTTPResponse(status: 204, headers: fields, body: .bytes(ByteBuffer()))
    }

    /// Whether the name under which this server is asked may be its own. Without credentials a foreign name that leads here
    /// (DNS rebinding) would make the page of its owner a page of this server.
    func isHostTrusted(_ request: HTTPRequest) -> Bool {
        guard !isAuthenticated, let host = request.headers["host"] else { return true }
        if allowed.contains("*") || allowed.contains("http://\(host)") || allowed.contains("https://\(host)") {
            return true
        }
        let name = Self.name(host)
        return name == "localhost" || name.hasSuffix(".localhost")
            || (try? SocketAddress(ipAddress: name, port: 0)) != nil
    }

    /// Without the port, and without the brackets of an IPv6 address.
    private static func name(_ host: String) -> String {
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            return String(host[host.index(after: host.startIndex)..<end])
        }
        return host.split(separator: ":").first.map { $0.lowercased() } ?? ""
    }
}
