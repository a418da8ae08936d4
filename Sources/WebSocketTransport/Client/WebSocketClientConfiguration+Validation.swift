extension WebSocketClientConfiguration {
    /// Checks everything that can be checked without a socket.
    func validated() throws(WebSocketError) -> EndpointURL {
        let url = try EndpointURL(url, .webSocket)
        for header in headers {
            if let why = Self.problem(ofHeader: header.name, header.value) { throw .configuration(why) }
        }
        let target = DialTarget(url: url, tls: tls, proxy: proxy, timeout: connectTimeout)
        if let problem = target.problem { throw problem }
        guard subprotocols.allSatisfy(Self.isToken) else { throw .configuration("a subprotocol is not a token") }
        guard (1..<1 << 30).contains(maximumMessageBytes) else {
            throw .configuration("the largest message must be between 1 byte and 1 GiB")
        }
        guard inboxBytes > 0, readBytes >= 1024 else { throw .configuration("a buffer size is too small") }
        let durations = [connectTimeout, pingInterval, pongTimeout, closeTimeout]
        guard durations.allSatisfy({ $0 > .zero }) else {
            throw .configuration("a timeout or interval is not positive")
        }
        if let compression {
            let bits = [compression.clientMaximumWindowBits, compression.serverMaximumWindowBits]
            guard bits.allSatisfy((9...15).contains) else { throw .configuration("window bits must be 9 to 15") }
        }
        return url
    }

    /// Fields that the connection itself sends: a second one would contradict it.
    private static func isReserved(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["host", "upgrade", "connection", "content-length", "transfer-encoding"].contains(name)
            || name.hasPrefix("sec-websocket-")
    }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ text: String) -> Bool {
        let marks = Set("!#$%&'*+-.^_`|~".utf8)
        return !text.isEmpty
            && text.utf8.allSatisfy { byte in
                marks.contains(byte) || byte.hexadecimalValue != nil
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte.asciiLowercased)
            }
    }

    /// No control characters: a line break would smuggle in another field.
    private static func isFieldValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
}

// MARK: - For whoever reads a configuration

extension WebSocketClientConfiguration {
    /// Why `url` cannot be connected to; nil if it can be tried.
    package static func problem(ofURL url: String) -> String? {
        do {
            _ = try EndpointURL(url, .webSocket)
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Whether `url`, of a WebSocket or of lines, asks for no TLS; false if it is no URL.
    package static func isPlain(_ url: String) -> Bool {
        (try? EndpointURL.ofTransport(url)).map { !$0.isSecure } ?? false
    }

    /// The path of `url` without its query; nil if it is no URL.
    package static func path(ofURL url: String) -> String? {
        (try? EndpointURL(url, .webSocket)).map { String($0.target.prefix { $0 != "?" }) }
    }

    /// The host of `url`, of a WebSocket or of lines; nil if it is no URL.
    package static func host(ofURL url: String) -> String? { (try? EndpointURL.ofTransport(url))?.host }

    /// Whether a connection through a proxy has no name to verify: an address in the certificate would be held against
    /// the one that the socket is connected to, which is the proxy's.
    package static func needsServerName(url: String, _ tls: ClientTLSConfiguration) -> Bool {
        guard let url = try? EndpointURL.ofTransport(url), url.isSecure else { return false }
        return ClientTLS.serverName(tls, url: url) == nil
    }

    /// Why a header cannot be sent; names no value, because values may be secrets.
    package static func problem(ofHeader name: String, _ value: String) -> String? {
        guard isToken(name) else { return "a header's name has characters that HTTP does not allow" }
        guard isFieldValue(value) else { return "the value of header \(name) has characters that HTTP does not allow" }
        return isReserved(name) ? "header \(name) is set by the connection itself" : nil
    }

    /// Why the files cannot be used, once they have been read; nil when they can.
    package static func problem(ofTLS tls: ClientTLSConfiguration) -> String? {
        do {
            _ = try ClientTLS.context(tls)
            return nil
        } catch {
            return "\(error)"
        }
    }
}
