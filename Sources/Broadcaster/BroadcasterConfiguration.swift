package import FeedModel
import NIOCore
package import RedisStreams
package import Telemetry
package import WebSocketTransport

/// What the Broadcaster stage needs to know.
package struct BroadcasterConfiguration: Sendable {
    package var redis: RedisEndpoint
    package var prefix: String
    package var feeds: [FeedName]
    package var host: String
    /// 0 takes a free one.
    package var port: Int
    package var authentication: SubscriberAuthentication
    /// The keys of `authentication` as they are now; nil when they never change.
    package var keys: SubscriberKeys?
    package var tls: ServerTLSConfiguration?
    /// Origins of pages, beside this server's own, from which browsers may connect.
    package var allowedOrigins: [String] = []
    /// Whether permessage-deflate is agreed to with clients that offer it.
    package var acceptsCompression = false
    package var heartbeat: Duration = .seconds(5)
    package var limits = BroadcasterLimits()
    /// Connections are spread over so many event loops, each with a thread and its own view of the lanes.
    package var eventLoops = Self.usualEventLoops
    /// As many as there are cores, up to four: more is for many thousands of subscribers.
    package static let usualEventLoops = min(System.coreCount, 4)
    package static let possibleEventLoops = 1...64
    /// Entries read at once from each stream, at most.
    package var batchEntries = 256
    /// Names this process in the lease of the checkpoint.
    package var ownerName: String
    package var checkpointInterval: Duration = .seconds(15)
    /// Over how long connections are ended before a stop.
    package var drain: Duration = .seconds(1)
    /// With what a stop does beside, it must end within 30 s.
    package static let longestDrain: Duration = .seconds(20)
    /// Takes the stage's spans; nil traces nothing.
    package var tracer: Tracer?

    package init(
        redis: RedisEndpoint, prefix: String = "touchline", feeds: [FeedName], host: String = "127.0.0.1",
        port: Int = 8080, authentication: SubscriberAuthentication = .none, ownerName: String
    ) {
        self.redis = redis
        self.prefix = prefix
        self.feeds = feeds
        self.host = host
        self.port = port
        self.authentication = authentication
        self.ownerName = ownerName
    }

    /// Throws `BroadcasterError.configuration` for what is unsafe or impossible.
    package func validate() throws(BroadcasterError) {
        guard authentication.isRequired || Self.isLoopback(host) else {
            throw .configuration(
                "the Broadcaster does not listen on \(host) without auth: set 'broadcaster.auth', or listen on 127.0.0.1"
            )
        }
        guard !feeds.isEmpty else { throw .configuration("the Broadcaster has no feeds") }
        guard Set(feeds).count == feeds.count else { throw .configuration("a feed is named twice") }
        guard (0...65_535).contains(port) else { throw .configuration("\(port) is not a port") }
        guard (.seconds(1)...(.seconds(30))).contains(heartbeat) else {
            throw .configuration("the heartbeat must be between 1 s and 30 s")
        }
        guard (.zero...Self.longestDrain).contains(drain) else {
            throw .configuration("the drain must be between 0 s and 20 s")
        }
        guard eventLoops > 0, batchEntries > 0 else { throw .configuration("event loops and batch must be at least 1") }
    }

    /// Whether only this machine can reach the address.
    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host == "[::1]"
            || host.hasPrefix("127.") && host.split(separator: ".").count == 4
                && host.allSatisfy { $0.isNumber || $0 == "." }
    }
}
