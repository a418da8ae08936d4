/// The URL of a server taken apart, with or without TLS.
struct EndpointURL: Sendable, Hashable {
    /// What is spoken there: which schemes there are, and which port each has.
    struct Kind: Sendable {
        let name: String
        /// Without a port, the URL must name one.
        let plain: (scheme: String, port: Int?)
        let secure: (scheme: String, port: Int?)

        static let webSocket = Kind(name: "a WebSocket URL", plain: ("ws", 80), secure: ("wss", 443))
        static let http = Kind(name: "an HTTP URL", plain: ("http", 80), secure: ("https", 443))
        /// Nothing follows the port.
        static let lines = Kind(name: "an address for lines", plain: ("tcp", nil), secure: ("tls", nil))
    }

    let isSecure: Bool
    /// The port of the scheme.
    private let standardPort: Int?
    /// Without the brackets of an IPv6 address.
    let host: String
    let port: Int
    /// Path and query, as they go into the request line.
    let target: String

    init(_ text: String, _ kind: Kind) throws(WebSocketError) {
        func invalid(_ why: String) -> WebSocketError { .configuration("not \(kind.name): \(why)") }
        guard let separator = text.firstRange(of: "://") else { throw invalid("no scheme") }
        switch text[..<separator.lowerBound].lowercased() {
        case kind.plain.scheme: (isSecure, standardPort) = (false, kind.plain.port)
        case kind.secure.scheme: (isSecure, standardPort) = (true, kind.secure.port)
        default: throw invalid("the scheme is neither \(kind.plain.scheme) nor \(kind.secure.scheme)")
        }
        let rest = text[separator.upperBound...].prefix { $0 != "#" }
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw invalid("a character must be escaped") }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else { throw invalid("credentials belong in a header") }
        let path = rest[authority.endIndex...]
        target = path.hasPrefix("/") ? String(path) : "/" + path
        guard let (host, portText) = Self.split(authority), !host.isEmpty else { throw invalid("no host") }
        self.host = host
        if kind.name == Kind.lines.name, target != "/" { throw invalid("nothing may follow the port") }
        guard let portText else {
            guard let standardPort else { throw invalid("no port") }
            port = standardPort
            return
        }
        guard let port = UInt16(portText), port > 0 else { throw invalid("bad port") }
        self.port = Int(port)
    }

    /// A WebSocket's URL, or an address for lines, as its scheme says.
    static func ofTransport(_ text: String) throws(WebSocketError) -> EndpointURL {
        try EndpointURL(text, LineConnection.isSpoken(at: text) ? .lines : .webSocket)
    }

    /// The value of the `Host` field.
    var hostField: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == standardPort ? name : "\(name):\(port)"
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
