import Logging
import NIOCore
import WebSocketTransport

/// Opens a feed's connections, each with credentials of its own.
struct FeedDial: Sendable {
    let feed: FeedConfiguration
    let group: any EventLoopGroup
    let logger: Logger

    /// An open connection, and the token that belongs to it; throws `FeedClientError` or `WebSocketError`.
    func connect() async throws -> (connection: WebSocketConnection, token: String?) {
        let credentials = try feed.credentials()
        let connection = try await WebSocketConnection.connect(
            feed.webSocket(credentials), group: group, logger: logger)
        return (connection, credentials.token)
    }
}

extension SessionEnd {
    /// No session began: the connection could not be opened.
    init(notOpened error: any Error) {
        if case .refused(let status, let retryAfter, _) = error as? WebSocketError {
            self.init(.refused, why: "\(error)", status: status, retryAfter: retryAfter)
        } else {
            self.init(.connectFailed, why: "\(error)")
        }
    }
}
