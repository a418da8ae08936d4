// SPDX-License-Identifier: Apache-2.0

/// Where a Redis is and how to log in, as one URL says it.
///
/// `redis://[user:password@]host[:port][/database]` or `unix:///path/to/socket[?db=n]`; user and password may also be
/// query items. Everything may be percent-encoded. The description hides the password.
package struct RedisEndpoint: Sendable, Hashable, CustomStringConvertible {
    package enum Address: Sendable, Hashable {
        case tcp(host: String, port: Int)
        case unixSocket(path: String)
    }

    package let address: Address
    package let user: String?
    package let password: String?
    package let database: Int

    package init(address: Address, user: String? = nil, password: String? = nil, database: Int = 0) {
        self.address = address
        self.user = user
        self.password = password
        self.database = database
    }

    package init(url: String) throws(RedisError) {
        guard let schemeEnd = url.firstRange(of: "://") else {
            throw .invalidURL("it must begin with redis:// or unix://")
        }
        let parts = try URLParts(url[schemeEnd.upperBound...])
        let databaseText: Substring
        switch url[..<schemeEnd.lowerBound] {
        case "redis":
            address = try parts.tcpAddress()
            databaseText = parts.query["db"].map { $0[...] } ?? parts.path.dropFirst()
        case "unix":
            guard parts.path.count > 1 else { throw .invalidURL("unix:// needs the absolute path of a socket") }
            guard parts.host.isEmpty else { throw .invalidURL("unix:// needs three slashes before the path") }
            address = .unixSocket(path: parts.path)
            databaseText = parts.query["db"].map { $0[...] } ?? ""
        case "rediss":
            throw .invalidURL("TLS (rediss://) is not supported: use redis:// through a local tunnel")
        default:
            throw .invalidURL("it must begin with redis:// or unix://")
        }
        guard databaseText.isEmpty || Int(databaseText).map({ (0...9_999).contains($0) }) == true else {
            throw .invalidURL("what stands behind the address is not a database number")
        }
        database = Int(databaseText) ?? 0
        user = parts.query["user"] ?? parts.user
        password = parts.query["password"] ?? parts.password
    }

    package var description: String {
        let login = password == nil ? "" : "\(user ?? ""):***@"
        switch address {
        case .tcp(let host, let port):
            let shownHost = host.contains(":") ? "[\(host)]" : host
            return "redis://\(login)\(shownHost):\(port)/\(database)"
        case .unixSocket(let path):
            return "unix://\(login)\(path)" + (database == 0 ? "" : "?db=\(database)")
        }
    }
}

/// The parts of a URL behind its scheme, decoded.
private struct URLParts {
    var user: String?
    var password: String?
    var host: Substring
    var path: String
    var query: [String: String] = [:]

    init(_ rest: Substring) throws(RedisError) {
        var rest = rest
        if let mark = rest.firstIndex(of: "?") {
            for item in rest[rest.index(after: mark)...].split(separator: "&") {
                let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let name = String(pair[0])
                guard ["db", "user", "password"].contains(name) else {
                    throw .invalidURL("it has an unknown query item; known are db, user and password")
                }
                query[name] = try Self.decoded(pair.count > 1 ? pair[1] : "")
            }
            rest = rest[..<mark]
        }
        let pathStart = rest.firstIndex(of: "/") ?? rest.endIndex
        path = try Self.decoded(rest[pathStart...])
        host = rest[..<pathStart]
        if let at = host.lastIndex(of: "@") {
            let login = host[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = login[0].isEmpty ? nil : try Self.decoded(login[0])
            password = login.count > 1 ? try Self.decoded(login[1]) : nil
            host = host[host.index(after: at)...]
        }
    }

    func tcpAddress() throws(RedisError) -> RedisEndpoint.Address {
        var name = host
        var portText: Substring = ""
        if host.first == "[", let end = host.firstIndex(of: "]") {
            name = host[host.index(after: host.startIndex)..<end]
            portText = host[host.index(after: end)...].drop { $0 == ":" }
        } else if let colon = host.lastIndex(of: ":") {
            name = host[..<colon]
            portText = host[host.index(after: colon)...]
        }
        guard let port = portText.isEmpty ? 6379 : Int(portText), (1...65_535).contains(port) else {
            // Not quoted: a password whose "/" or "@" is not percent-encoded ends up here.
            throw .invalidURL("what stands behind the host is not a port (is the password percent-encoded?)")
        }
        return .tcp(host: name.isEmpty ? "127.0.0.1" : try Self.decoded(name), port: port)
    }

    private static func decoded(_ text: some StringProtocol) throws(RedisError) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var source = text.utf8.makeIterator()
        while let byte = source.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = source.next().flatMap(hexDigit), let low = source.next().flatMap(hexDigit) else {
                throw .invalidURL("a % is not followed by two hexadecimal digits")
            }
            bytes.append(high << 4 | low)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}
