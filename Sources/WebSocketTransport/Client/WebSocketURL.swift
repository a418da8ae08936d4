/// A `ws` or `wss` URL taken apart.
struct WebSocketURL: Sendable, Hashable {
    let isSecure: Bool
    /// Without the brackets of an IPv6 address.
    let host: String
    let port: Int
    /// Path and query, as they go into the request line.
    let target: String

    init(_ text: String) throws(WebSocketError) {
        func invalid(_ why: String) -> WebSocketError { .configuration("not a WebSocket URL: \(why)") }
        guard let separator = text.firstRange(of: "://") else { throw invalid("no scheme") }
        switch text[..<separator.lowerBound].lowercased() {
        case "ws": isSecure = false
        case "wss": isSecure = true
        default: throw invalid("the scheme is neither ws nor wss")
        }
        let rest = text[separator.upperBound...].prefix { $0 != "#" }
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw invalid("a character must be escaped") }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else { throw invalid("credentials belong in a header") }
        let path = rest[authority.endIndex...]
        target = path.hasPrefix("/") ? String(path) : "/" + path
        guard let (host, portText) = Self.split(authority), !host.isEmpty else { throw invalid("no host") }
        self.host = host
        guard let portText else {
            port = isSecure ? 443 : 80
            return
        }
        guard let port = UInt16(portText), port > 0 else { throw invalid("bad port") }
        self.port = Int(port)
    }

    /// The value of the `Host` field.
    var hostField: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// Host and port of an authority without credentials.
    static func split(_ authority: Substring) -> (host: String, port: Substring?)? {
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            let after = authority[authority.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else { return nil }
            return (String(authority[..<end].dropFirst()), after.isEmpty ? nil : after.dropFirst())
        }
        let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count > 1 ? parts[1] : nil)
    }
}
