/// An HTTP proxy through which a client connects (CONNECT, RFC 9110 §9.3.6).
package struct HTTPProxy: Sendable, Hashable, CustomStringConvertible {
    package let host: String
    package let port: Int
    /// What `Proxy-Authorization` says; a secret.
    let authorization: String?

    private static let standardPort = 80

    /// Reads `http://[user:password@]host[:port]`; user and password may be percent-encoded.
    package init(url text: String) throws(WebSocketError) {
        func invalid(_ why: String) -> WebSocketError { .configuration("not a proxy URL: \(why)") }
        guard let separator = text.firstRange(of: "://") else { throw invalid("no scheme") }
        guard text[..<separator.lowerBound].lowercased() == "http" else { throw invalid("the scheme is not http") }
        var rest = text[separator.upperBound...]
        if rest.hasSuffix("/") { rest.removeLast() }
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw invalid("a character must be escaped") }
        guard !rest.contains(where: { "/?#".contains($0) }) else { throw invalid("nothing may follow the port") }
        let at = rest.lastIndex(of: "@")
        let authority = at.map { rest[rest.index(after: $0)...] } ?? rest
        guard let (host, portText) = EndpointURL.split(authority), !host.isEmpty else { throw invalid("no host") }
        let port = portText.map { UInt16($0) } ?? UInt16(Self.standardPort)
        guard let port, port > 0 else { throw invalid("bad port") }
        self.host = host
        self.port = Int(port)
        guard let at else {
            authorization = nil
            return
        }
        guard let credentials = Self.credentials(rest[..<at]) else {
            throw invalid("the credentials are not user:password")
        }
        authorization = "Basic " + Base64.encode(Array(credentials.utf8))
    }

    /// The URL, with the credentials hidden.
    package var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "http://\(authorization == nil ? "" : "***@")\(name):\(port)"
    }

    /// RFC 7617: the first colon ends the name.
    private static func credentials(_ text: Substring) -> String? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let user = PercentEncoding.decode(parts[0]), !user.isEmpty, !user.contains(":"),
            let password = PercentEncoding.decode(parts[1])
        else { return nil }
        return "\(user):\(password)"
    }
}
