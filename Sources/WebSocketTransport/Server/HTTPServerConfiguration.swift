/// Where a server listens and what it allows.
package struct HTTPServerConfiguration: Sendable {
    package var host = "127.0.0.1"
    /// 0 takes a free one.
    package var port = 0
    package var backlog: Int32 = 1024
    /// A larger body is refused with 413.
    package var maximumBodyBytes = 64 * 1024
    /// A connection must have sent a whole request head by then, or it is closed.
    package var headerTimeout: Duration = .seconds(10)
    /// A body must be complete by then.
    package var bodyTimeout: Duration = .seconds(30)
    /// How long a connection may be kept alive between requests.
    package var idleTimeout: Duration = .seconds(60)
    package var webSocket = WebSocketServerConfiguration()
    package var tls: ServerTLSConfiguration?

    package init() {}

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}

/// What a server's WebSocket connections have in common.
package struct WebSocketServerConfiguration: Sendable {
    /// A larger message closes with 1009.
    package var maximumMessageBytes = 64 * 1024
    package var pingInterval: Duration = .seconds(20)
    package var pongTimeout: Duration = .seconds(10)
    /// Closes a peer that did not answer a ping in time.
    package var noPongCode: CloseCode = 4011
    /// How long the other side may take to answer a close frame.
    package var closeTimeout: Duration = .seconds(5)
    package var compression: ServerCompression = .off
    /// A peer is not writable from when more than this is unwritten …
    package var highWatermarkBytes = 64 * 1024
    /// … until less than this is.
    package var lowWatermarkBytes = 32 * 1024
    /// A peer with more than this unwritten is closed: the last bound on memory, whoever writes.
    package var maximumUnwrittenBytes = 4 * 1024 * 1024
    /// Closes a peer that is over `maximumUnwrittenBytes`.
    package var tooSlowCode: CloseCode = 4008

    package init() {}
}

/// The server's certificate chain and key, as PEM files.
package struct ServerTLSConfiguration: Sendable, Hashable {
    package var certificateFile: String
    package var privateKeyFile: String
    /// PEM file of authorities; a client must show a certificate that one of them signed.
    package var clientAuthorityFile: String?

    package init(certificateFile: String, privateKeyFile: String, clientAuthorityFile: String? = nil) {
        self.certificateFile = certificateFile
        self.privateKeyFile = privateKeyFile
        self.clientAuthorityFile = clientAuthorityFile
    }
}
