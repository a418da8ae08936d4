/// The server's side of the opening handshake (RFC 6455 §4.2), without I/O.
enum ServerUpgrade {
    /// What the upgraded connection is like.
    struct Accepted: Sendable {
        let subprotocol: String?
        let deflate: DeflateParameters?
        /// The fields of the 101.
        let headers: HTTPFields
    }

    /// Whether the request asks for a WebSocket, well or badly.
    static func isRequested(_ headers: HTTPFields) -> Bool {
        headers.list("upgrade").contains { $0.equalsIgnoringASCIICase("websocket") }
    }

    /// What is wrong with the request; nil when it may be upgraded.
    static func refusal(_ request: HTTPRequest) -> HTTPResponse? {
        let headers = request.headers
        guard request.method == "GET" else { return HTTPResponse(status: 405, headers: ["allow": "GET"]) }
        guard headers.list("connection").contains(where: { $0.equalsIgnoringASCIICase("upgrade") }) else {
            return HTTPResponse(status: 400, text: "Connection must be Upgrade\n")
        }
        guard headers["sec-websocket-version"] == "13" else {
            return HTTPResponse(
                status: 426, headers: ["sec-websocket-version": "13"], text: "only WebSocket version 13 is spoken\n")
        }
        guard let key = headers["sec-websocket-key"], HandshakeKey.isValid(key) else {
            return HTTPResponse(status: 400, text: "Sec-WebSocket-Key is missing or malformed\n")
        }
        return nil
    }

    /// Completes an upgrade that was decided on. `request` has no `refusal`.
    static func accept(
        _ request: HTTPRequest, subprotocol: String?, headers: HTTPFields, compression: ServerCompression
    ) -> Accepted {
        var fields: HTTPFields = ["upgrade": "websocket", "connection": "Upgrade"]
        fields.append("sec-websocket-accept", HandshakeKey.accept(for: request.headers["sec-websocket-key"] ?? ""))
        if let subprotocol { fields.append("sec-websocket-protocol", subprotocol) }
        let deflate = DeflateParameters.negotiate(request.headers.list("sec-websocket-extensions"), compression)
        if let deflate { fields.append("sec-websocket-extensions", deflate.answer) }
        for field in headers.all { fields.append(field.name, field.value) }
        return Accepted(subprotocol: subprotocol, deflate: deflate?.agreed, headers: fields)
    }
}
