import FeedClient
import Foundation
import RedisStreams
import Telemetry

/// The configuration in force as YAML, defaults included and secrets hidden.
struct EffectiveConfiguration {
    private let configuration: TouchlineConfiguration

    init(_ configuration: TouchlineConfiguration) { self.configuration = configuration }

    var text: String {
        var lines = [
            "redis:       { url: \(SecretMask.masked(configuration.redisURL)), prefix: \(configuration.prefix) }",
            "postgres:    { url: \(SecretMask.masked(configuration.postgresURL)), connections: \(configuration.postgresConnections) }",
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
        var lines = [
            "  \(feed.name):", "    provider: \(feed.provider)", "    url: \(SecretMask.masked(feed.url))",
            "    token: \(feed.token == nil ? "none" : "hidden")",
        ]
        switch feed.provider {
        case "polymarket", "kalshi": lines.append("    markets: [\(feed.markets.joined(separator: ", "))]")
        default: lines.append("    streams: [\(feed.streams.joined(separator: ", "))]")
        }
        if feed.provider == "kalshi" { lines.append("    channels: [\(feed.channels.joined(separator: ", "))]") }
        if !feed.headers.isEmpty {
            lines.append("    headers: { \(feed.headers.map { "\($0.name): hidden" }.joined(separator: ", ")) }")
        }
        return lines
    }

    private static func milliseconds(_ duration: Duration) -> String { "\(duration / .milliseconds(1))ms" }
}
