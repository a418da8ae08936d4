package import Logging
import NIOPosix
import WebSocketTransport

/// Tries a feed's connection once, as the FeedClient would, and hangs up: for `touchline doctor`.
package enum FeedProbe {
    /// Nil if the provider accepted the connection; else why not, in words for people.
    package static func problem(with feed: FeedConfiguration, logger: Logger) async -> String? {
        do {
            let dial = FeedDial(feed: feed, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
            try await dial.connect().connection.close(code: .normal, reason: "")
            return nil
        } catch {
            return "\(error)"
        }
    }
}
