import FeedClient
import Foundation
import RedisStreams

/// The configuration in force as YAML, defaults included and secrets hidden.
struct EffectiveConfiguration {
    private let configuration: TouchlineConfiguration

    init(_ configuration: TouchlineConfiguration) { self.configuration = configuration }

    var text: String {
        var lines = [
            "redis:       { url: \(Self.hidden(configuration.redisURL)), prefix: \(configuration.prefix) }",
            "postgres:    { url: \(Self.hidden(configuration.postgresURL)), connections: \(configuration.postgresConnections) }",
            "feed_client: { linger: \(Self.milliseconds(configuration.linger)) }",
            "writer:      { batch_rows: \(configuration.batchRows), batch_bytes: \(configuration.batchBytes)B, "
                + "batch_period: \(Self.milliseconds(configuration.batchPeriod)), raw_audit: \(configuration.isRawAuditOn) }",
            "broadcaster: { listen: \"\(configuration.broadcaster)\", "
                + "auth: { token: \(configuration.subscriberToken == nil ? "none" : "hidden") } }",
            "operations:  { listen: \"\(configuration.operations)\" }",
            "log:         { level: \(configuration.logLevel) }",
            "feeds:",
        ]
        lines += configuration.feeds.flatMap(Self.lines)
        return lines.joined(separator: "\n")
    }

    private static func lines(of feed: FeedConfiguration) -> [String] {
        [
            "  \(feed.name):", "    provider: \(feed.provider)", "    url: \(hidden(feed.url))",
            "    token: \(feed.token == nil ? "none" : "hidden")",
            "    streams: [\(feed.streams.joined(separator: ", "))]",
        ]
    }

    /// A URL without its password.
    static func hidden(_ url: String) -> String {
        guard let scheme = url.range(of: "://"), let at = url.lastIndex(of: "@"), scheme.upperBound <= at else {
            return url
        }
        let credentials = url[scheme.upperBound..<at]
        guard let colon = credentials.firstIndex(of: ":") else { return url }
        return url[..<scheme.upperBound] + credentials[..<colon] + ":hidden" + url[at...]
    }

    private static func milliseconds(_ duration: Duration) -> String { "\(duration / .milliseconds(1))ms" }
}
