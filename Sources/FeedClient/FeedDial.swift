import Logging
import NIOCore
import Telemetry
import WebSocketTransport

/// Opens a feed's connections, each with credentials of its own.
struct FeedDial: Sendable {
    let feed: FeedConfiguration
    let group: any EventLoopGroup
    let logger: Logger
    /// Told when certificates and tokens run out; nil for who only looks.
    var metrics: FeedClientMetrics?

    /// An open connection, and the token that belongs to it; throws `FeedClientError` or `WebSocketError`.
    func connect() async throws -> (connection: any MessageConnection, token: String?) {
        let credentials = try await feed.credentials(group: group)
        if let token = credentials.token { SecretMask.hide(token) }
        var configuration = feed.webSocket(credentials)
        if let metrics { watchExpiry(of: credentials, &configuration, metrics) }
        let connection: any MessageConnection =
            if LineConnection.isSpoken(at: feed.url) {
                try await LineConnection.connect(configuration, group: group, logger: logger)
            } else {
                try await WebSocketConnection.connect(configuration, group: group, logger: logger)
            }
        return (connection, credentials.token)
    }

    private func watchExpiry(
        of credentials: FeedCredentials, _ configuration: inout WebSocketClientConfiguration,
        _ metrics: FeedClientMetrics
    ) {
        configuration.onServerCertificate = { metrics.expires(.server, at: $0) }
        if let time = configuration.tls.certificateExpiry { metrics.expires(.client, at: time) }
        if let time = credentials.token.flatMap(TokenExpiry.claimed) { metrics.tokenExpires(at: time) }
    }
}

extension SessionEnd {
    /// No session began: the connection could not be opened.
    init(notOpened error: any Error) {
        let refusal: (status: Int, retryAfter: Duration?)? =
            switch error {
            case WebSocketError.refused(let status, let retryAfter, _): (status, retryAfter)
            case FeedClientError.loginRefused(_, let status, let retryAfter): (status, retryAfter)
            default: nil
            }
        if let refusal {
            self.init(.refused, why: "\(error)", status: refusal.status, retryAfter: refusal.retryAfter)
        } else if case FeedClientError.loginWithoutToken = error {
            self.init(.refused, why: "\(error)")
        } else {
            self.init(.connectFailed, why: "\(error)")
        }
    }
}
