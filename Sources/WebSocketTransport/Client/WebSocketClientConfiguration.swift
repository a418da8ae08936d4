import Telemetry

/// Everything a client connection needs to know; validated by `WebSocketConnection.connect` before a socket opens.
package struct WebSocketClientConfiguration: Sendable {
    /// `ws://` or `wss://`, with path and query.
    package var url: String
    /// Added to the upgrade request as they are; may hold credentials and are never logged.
    package var headers: [HTTPHeader] = []
    /// Offered in this order; the server picks at most one.
    package var subprotocols: [String] = []
    /// Name resolution, TCP, TLS and upgrade together.
    package var connectTimeout: Duration = .seconds(10)
    /// Messages above this are refused, also after inflation.
    package var maximumMessageBytes = 8 * 1024 * 1024
    package var oversizedMessages: OversizedMessagePolicy = .close
    package var pingInterval: Duration = .seconds(20)
    package var pongTimeout: Duration = .seconds(10)
    /// How long the other side may take to answer a close frame.
    package var closeTimeout: Duration = .seconds(5)
    /// The socket is not read while more than this is waiting for `next()`.
    package var inboxBytes = 4 * 1024 * 1024
    /// How much one read takes from the socket at most.
    package var readBytes = 128 * 1024
    /// Offers permessage-deflate.
    package var compression: CompressionOffer?
    package var tls = ClientTLSConfiguration()
    /// Told after each handshake of TLS when the server's certificate runs out, in seconds since 1970.
    package var onServerCertificate: (@Sendable (Int64) -> Void)?
    /// Nil to connect directly.
    package var proxy: HTTPProxy?
    /// The wall clock in microseconds since 1970, for `MessageBatch.receivedAt`.
    package var wallClock: @Sendable () -> Int64 = { SystemTime.now }

    package init(url: String) { self.url = url }
}

/// What happens to a message over `maximumMessageBytes`.
package enum OversizedMessagePolicy: Sendable, Hashable {
    /// The connection is closed with 1009.
    case close
    /// Its bytes are read and dropped, and the batch tells of it in `discarded`. An inflated message still closes.
    case discard
}

/// How a `wss` server is verified.
package struct ClientTLSConfiguration: Sendable, Hashable {
    /// PEM file of authorities trusted beside the system's.
    package var additionalAuthorityFile: String?
    /// PEM files by which the client identifies itself; both or none.
    package var certificateFile: String?
    package var privateKeyFile: String?
    /// Name to verify and to send as SNI instead of the URL's host.
    package var serverName: String?

    package init() {}
}
