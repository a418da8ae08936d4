package import Logging
import NIOPosix
import WebSocketTransport

/// Tries a feed's connection once, as the FeedClient would, and hangs up: for `touchline doctor`.
package enum FeedProbe {
    /// Nil if the provider accepted the connection; else why not, in words for people.
    package static func problem(with feed: FeedConfiguration, logger: Logger) async -> String? {
        do {
            let token = try feed.currentToken()
            let connection = try await WebSocketConnection.connect(
                feed.webSocket(token: token), group: MultiThreadedEventLoopGroup.singleton, logger: logger)
            await connection.close()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
