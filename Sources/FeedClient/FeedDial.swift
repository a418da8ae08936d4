import Logging
import NIOCore
import WebSocketTransport

/// Opens a feed's connections, each with credentials of its own.
struct FeedDial: Sendable {
    let feed: FeedConfiguration
    let group: any EventLoopGroup
    let logger: Logger

    /// An open connection, and the token that belongs to it; throws `FeedClientError` or `WebSocketError`.
    func connect() async throws -> (connection: any MessageConnection, token: String?) {
        let credentials = try await feed.credentials(group: group)
        let configuration = feed.webSocket(credentials)
        let connection: any MessageConnection =
            if LineConnection.isSpoken(at: feed.url) {
                try await LineConnection.connect(configuration, group: group, logger: logger)
            } else {
                try await WebSocketConnection.connect(configuration, group: group, logger: logger)
            }
        return (connection, credentials.token)
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
