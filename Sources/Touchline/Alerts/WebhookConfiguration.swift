import WebSocketTransport

/// Where alerts are posted, and how soon and how often.
struct WebhookConfiguration: Sendable, Equatable {
    /// Is a secret: whoever knows it can post.
    var url: String
    /// May be secrets.
    var headers: [HTTPHeader] = []
    /// How long something is wrong before it is told.
    var after = Duration.seconds(30)
    /// Between two posts, at least.
    var every = Duration.seconds(60)
    /// A feed that brings nothing for so long is told of.
    var silentAfter = Duration.seconds(60)
    /// Trusted besides the system's authorities; a path.
    var authorityFile: String?
    var proxy: HTTPProxy?

    init(url: String) { self.url = url }

    /// A request to the hook, without a body.
    var exchange: HTTPExchange {
        var exchange = HTTPExchange(url: url)
        exchange.headers = headers
        exchange.tls.additionalAuthorityFile = authorityFile
        exchange.proxy = proxy
        return exchange
    }
}
