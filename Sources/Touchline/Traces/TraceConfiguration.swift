import WebSocketTransport

/// Where spans are sent, and how many entries are traced.
struct TraceConfiguration: Sendable, Equatable {
    /// A collector's address for OTLP over HTTP, without `/v1/traces`.
    var endpoint: String
    /// One entry in so many.
    var sample = 1_000
    /// May be secrets.
    var headers: [HTTPHeader] = []
    /// Trusted besides the system's authorities; a path.
    var authorityFile: String?
    var proxy: HTTPProxy?

    init(endpoint: String) { self.endpoint = endpoint }

    private static let path = "/v1/traces"
    /// How long the collector may take.
    private static let timeout = Duration.seconds(5)

    /// A request to the collector, without a body.
    var exchange: HTTPExchange {
        var exchange = HTTPExchange(url: (endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint) + Self.path)
        exchange.headers = headers + [HTTPHeader(name: "Content-Type", value: "application/json")]
        exchange.timeout = Self.timeout
        exchange.tls.additionalAuthorityFile = authorityFile
        exchange.proxy = proxy
        return exchange
    }

    /// What is wrong with the endpoint; nil if it can be tried.
    var problem: String? {
        if let why = HTTPExchange.problem(ofURL: endpoint) { return "must be http://host:port or https://…: \(why)" }
        if endpoint.contains("?") || endpoint.contains("#") { return "must end with its path: it is continued" }
        return endpoint.contains(Self.path) ? "is given without \(Self.path), which is added" : nil
    }
}
