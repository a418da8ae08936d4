/// The client's side of the opening handshake (RFC 6455 §4.1), as a state machine without I/O.
struct ClientUpgrade {
    /// What the answer means so far.
    enum Outcome {
        case needsMore
        /// Upgraded; `leftover` are bytes behind the response head, which are frames already.
        case accepted(AcceptedUpgrade, leftover: [UInt8])
        /// Refused; the start of the body is still to come, for at most a moment.
        case refusing
        case failed(WebSocketError)
    }

    /// What the server agreed to.
    struct AcceptedUpgrade: Sendable, Hashable {
        let subprotocol: String?
        let deflate: DeflateParameters?
    }

    static let maximumHeadBytes = 32 * 1024
    static let maximumBodyBytes = 4 * 1024

    private let configuration: WebSocketClientConfiguration
    private let url: EndpointURL
    private let key: String
    private var received: [UInt8] = []
    private var refusal: (head: ResponseHead, bodyStart: Int)?

    init(_ configuration: WebSocketClientConfiguration, url: EndpointURL, key: String) {
        self.configuration = configuration
        self.url = url
        self.key = key
    }

    /// The request, ready to be written.
    var request: String {
        var lines = [
            "GET \(url.target) HTTP/1.1", "Host: \(url.hostField)", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: 13",
        ]
        if !configuration.subprotocols.isEmpty {
            lines.append("Sec-WebSocket-Protocol: \(configuration.subprotocols.joined(separator: ", "))")
        }
        if let offer = configuration.compression {
            lines.append("Sec-WebSocket-Extensions: \(DeflateParameters.offer(offer))")
        }
        lines += configuration.headers.map { "\($0.name): \($0.value)" }
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// Takes the next bytes of the answer.
    mutating func responseReceived(_ bytes: some Sequence<UInt8>) -> Outcome {
        received.append(contentsOf: bytes)
        if let refusal { return bodyIsComplete(refusal.head, from: refusal.bodyStart) ? ended() : .refusing }
        guard let end = ResponseHead.end(in: received) else {
            return received.count > Self.maximumHeadBytes
                ? .failed(.handshakeInvalid("response head too long")) : .needsMore
        }
        guard let head = ResponseHead(received[..<end]) else { return .failed(.handshakeInvalid("not HTTP")) }
        if head.status == 101 { return judge(head, leftover: Array(received[end...])) }
        if (100..<200).contains(head.status) {
            received.removeFirst(end)
            return responseReceived([])
        }
        refusal = (head, end)
        return bodyIsComplete(head, from: end) ? ended() : .refusing
    }

    /// The server closed the connection, or the wait for the refusal's body is over.
    func ended() -> Outcome {
        guard let (head, bodyStart) = refusal else {
            return .failed(.handshakeInvalid("connection closed before the response"))
        }
        let body = String(decoding: received[bodyStart...].prefix(Self.maximumBodyBytes), as: UTF8.self)
        return .failed(
            .refused(
                status: head.status, retryAfter: head.fields["retry-after"].flatMap(RetryAfter.init)?.delay,
                body: String(body.trimmingSpaces())))
    }

    private func bodyIsComplete(_ head: ResponseHead, from start: Int) -> Bool {
        let wanted = head.fields["content-length"].flatMap { Int($0) } ?? Int.max
        return received.count - start >= min(wanted, Self.maximumBodyBytes)
    }

    private func judge(_ head: ResponseHead, leftover: [UInt8]) -> Outcome {
        func invalid(_ why: String) -> Outcome { .failed(.handshakeInvalid(why)) }
        guard head.fields["upgrade"]?.equalsIgnoringASCIICase("websocket") == true else {
            return invalid("no upgrade to websocket")
        }
        guard head.fields.list("connection").contains(where: { $0.equalsIgnoringASCIICase("upgrade") }) else {
            return invalid("no connection upgrade")
        }
        guard head.fields["sec-websocket-accept"] == HandshakeKey.accept(for: key) else {
            return invalid("wrong accept key")
        }
        let subprotocol = head.fields["sec-websocket-protocol"]
        if let subprotocol, !configuration.subprotocols.contains(subprotocol) {
            return invalid("subprotocol that was not offered")
        }
        do {
            let deflate = try DeflateParameters.accepted(
                head.fields.list("sec-websocket-extensions"), offer: configuration.compression)
            return .accepted(AcceptedUpgrade(subprotocol: subprotocol, deflate: deflate), leftover: leftover)
        } catch {
            return invalid(error.text)
        }
    }
}

/// Status and fields of an HTTP/1.1 response.
struct ResponseHead: Sendable {
    let status: Int
    let fields: HTTPFields

    /// Where the body begins; nil before the head is complete.
    static func end(in bytes: [UInt8]) -> Int? {
        var index = 0
        while let next = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) {
            if bytes[(next + 1)...].starts(with: [UInt8(ascii: "\n")]) { return next + 2 }
            if bytes[(next + 1)...].starts(with: [UInt8(ascii: "\r"), UInt8(ascii: "\n")]) { return next + 3 }
            index = next + 1
        }
        return nil
    }

    /// Nil when the status line is none of HTTP/1.
    init?(_ bytes: some Sequence<UInt8>) {
        let lines = String(decoding: Array(bytes), as: UTF8.self).split(whereSeparator: \.isNewline)
        guard let statusLine = lines.first, statusLine.hasPrefix("HTTP/1.") else { return nil }
        let words = statusLine.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[1].utf8.count == 3, let status = Int(words[1]) else { return nil }
        self.status = status
        fields = HTTPFields(
            lines.dropFirst().compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else { return nil }
                return (name: String(parts[0].trimmingSpaces()), value: String(parts[1].trimmingSpaces()))
            })
    }
}
