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
        if allowed.contains(origin) || allowed.contains("*") { return true }
        guard let host = request.headers["host"] else { return false }
        return origin == "http://\(host)" || origin == "https://\(host)"
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
