package import NIOCore

/// Header fields of a request or a response: ordered, names compared without case.
package struct HTTPFields: Sendable, ExpressibleByDictionaryLiteral {
    package private(set) var all: [(name: String, value: String)]

    package init(_ all: [(name: String, value: String)] = []) { self.all = all }
    package init(dictionaryLiteral elements: (String, String)...) { all = elements.map { (name: $0.0, value: $0.1) } }

    /// The first value of the field, without the white space around it.
    package subscript(name: String) -> String? {
        all.first { $0.name.equalsIgnoringASCIICase(name) }.map { String($0.value.trimmingSpaces()) }
    }

    /// Every element of a field that is a comma-separated list, over all its lines.
    package func list(_ name: String) -> [String] {
        all.filter { $0.name.equalsIgnoringASCIICase(name) }
            .flatMap { $0.value.split(separator: ",") }
            .map { String($0.trimmingSpaces()) }
            .filter { !$0.isEmpty }
    }

    package mutating func append(_ name: String, _ value: String) { all.append((name, value)) }
}

/// A whole request; the body is there because it is small (`HTTPServerConfiguration.maximumBodyBytes`).
package struct HTTPRequest: Sendable {
    package let method: String
    /// The target up to the question mark, percent-decoded. A path that decodes to no valid UTF-8 or to a NUL was refused.
    package let path: String
    /// What follows the question mark, as it came.
    package let queryText: String
    package let headers: HTTPFields
    /// `address:port` of the other end.
    package let remoteAddress: String
    package let body: [UInt8]

    package init(
        method: String, path: String, queryText: String = "", headers: HTTPFields = [:], remoteAddress: String = "",
        body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.queryText = queryText
        self.headers = headers
        self.remoteAddress = remoteAddress
        self.body = body
    }

    /// The query's pairs in order, percent-decoded, `+` as a space.
    package var query: [(name: String, value: String)] { PercentEncoding.pairs(of: queryText) }

    /// The first value of a query parameter.
    package func queryValue(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

/// What a request is answered with.
package struct HTTPResponse: Sendable {
    package enum Body: Sendable {
        case bytes(ByteBuffer)
        /// Chunked; the body ends when the closure returns, the connection breaks if it throws.
        case stream(@Sendable (HTTPBodyWriter) async throws -> Void)
        /// The connection leaves HTTP behind and becomes a stream of preframed bytes, as Server-Sent Events need.
        /// The closure runs on the connection's event loop.
        case eventStream(@Sendable (any EventLoop) -> any EventStreamDelegate)
    }

    package var status: Int
    package var headers: HTTPFields
    package var body: Body

    package init(status: Int, headers: HTTPFields = [:], body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A response whose body is known as text.
    package init(
        status: Int, headers: HTTPFields = [:], contentType: String = "text/plain; charset=utf-8", text: String = ""
    ) {
        self.init(status: status, headers: headers, body: .bytes(ByteBuffer(string: text)))
        self.headers.append("content-type", contentType)
    }

    /// A response whose body is JSON that is already encoded.
    package static func json(status: Int = 200, headers: HTTPFields = [:], _ text: String) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, contentType: "application/json", text: text)
    }
}

/// What the server does with a request to upgrade to WebSocket.
package enum UpgradeDecision: Sendable {
    case reject(HTTPResponse)
    /// `headers` go into the 101. The closure makes the connection's delegate on the connection's event loop.
    case accept(
        subprotocol: String? = nil, headers: HTTPFields = [:],
        delegate: @Sendable (any EventLoop) -> any WebSocketServerDelegate)
}

/// What a server does with requests. Both closures are called on no particular thread and for many requests at once.
package struct HTTPRoutes: Sendable {
    package var respond: @Sendable (HTTPRequest) async -> HTTPResponse
    /// Called on the connection's event loop: quick, never blocking.
    package var upgrade: @Sendable (HTTPRequest) -> UpgradeDecision

    package init(
        respond: @escaping @Sendable (HTTPRequest) async -> HTTPResponse = { _ in HTTPResponse(status: 404) },
        upgrade: @escaping @Sendable (HTTPRequest) -> UpgradeDecision = { _ in .reject(HTTPResponse(status: 404)) }
    ) {
        self.respond = respond
        self.upgrade = upgrade
    }
}
