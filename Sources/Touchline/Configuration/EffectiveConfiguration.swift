import AccessTokens
import Broadcaster
import FeedClient
import Foundation
import ObjectStore
import RedisStreams
import Telemetry
import WebSocketTransport
import Writer

/// The configuration in force as YAML, defaults included and secrets hidden.
struct EffectiveConfiguration {
    private let configuration: TouchlineConfiguration

    init(_ configuration: TouchlineConfiguration) { self.configuration = configuration }

    var text: String {
        var lines = [
            "redis:       { url: \(SecretMask.masked(configuration.redisURL)), prefix: \(configuration.prefix) }",
            "postgres:    { url: \(SecretMask.masked(configuration.postgresURL)), connections: \(configuration.postgresConnections) }",
            "feed_client: { linger: \(Self.milliseconds(configuration.linger)), spool: \(Self.spool(configuration.spool)) }",
            "writer:      { batch_rows: \(configuration.batchRows), batch_bytes: \(configuration.batchBytes)B, "
                + "batch_period: \(Self.milliseconds(configuration.batchPeriod)), raw_audit: \(configuration.isRawAuditOn), "
                + "partitions: \(Self.partitions(configuration.partitions)) }",
            "object_store: \(Self.objectStore(configuration.objectStore))",
            "dead_letters: { keep: \(Int64(configuration.letters.keep / .seconds(3_600)))h, "
                + "warn_above: \(configuration.letters.warnAbove) }",
            "broadcaster: { listen: \"\(configuration.broadcaster)\", "
                + "auth: \(Self.authentication(configuration.subscribers)), "
                + "tls: \(configuration.subscribers.tls?.certificateFile ?? "none"), "
                + "allowed_origins: [\(configuration.subscribers.allowedOrigins.joined(separator: ", "))], "
                + "compress: \(configuration.subscribers.acceptsCompression), "
                + "event_loops: \(configuration.subscribers.eventLoops), "
                + "drain: \(Self.milliseconds(configuration.subscribers.drain)) }",
            "operations:  { listen: \"\(configuration.operations)\", webhook: \(Self.webhook(configuration.webhook)) }",
            "traces:      \(Self.traces(configuration.traces))",
            "log:         \(Self.log(configuration.log))",
            "feeds:",
        ]
        lines += configuration.feeds.flatMap(Self.lines)
        return lines.joined(separator: "\n")
    }

    private static func webhook(_ webhook: WebhookConfiguration?) -> String {
        guard let webhook else { return "none" }
        return "{ url: hidden, after: \(milliseconds(webhook.after)), every: \(milliseconds(webhook.every)), "
            + "silent_after: \(milliseconds(webhook.silentAfter)), proxy: \(webhook.proxy.map { "\($0)" } ?? "none"), "
            + "headers: { \(hidden(webhook.headers)) } }"
    }

    private static func traces(_ traces: TraceConfiguration?) -> String {
        guard let traces else { return "none" }
        return "{ endpoint: \(SecretMask.masked(traces.endpoint)), sample: \(traces.sample), "
            + "proxy: \(traces.proxy.map { "\($0)" } ?? "none"), headers: { \(hidden(traces.headers)) } }"
    }

    private static func log(_ log: LogSettings) -> String {
        let levels = log.levels.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return "{ level: \(log.level), format: \(log.format.rawValue), levels: { \(levels.joined(separator: ", ")) } }"
    }

    private static func authentication(_ settings: SubscriberSettings) -> String {
        guard !settings.schemes.isEmpty else { return "none" }
        var parts = settings.schemes.map { $0 == "api_keys" ? "api_keys: \(count(settings))" : "\($0): hidden" }
        if let file = settings.authentication.tokens?.keySetFile {
            parts = parts.map { $0 == "jwks_file: hidden" ? "jwks_file: \(file)" : $0 }
        }
        if let audience = settings.authentication.tokens?.audience { parts.append("audience: \(audience)") }
        return "{ \(parts.joined(separator: ", ")) }"
    }

    private static func count(_ settings: SubscriberSettings) -> Int {
        settings.authentication.keys.values.filter { $0.name?.hasPrefix("key:") == true }.count
    }

    private static func partitions(_ policy: PartitionPolicy) -> String {
        func days(_ duration: Duration?) -> String { duration.map { "\(Int64($0 / .seconds(3_600)))h" } ?? "for ever" }
        return "{ unit: \(policy.unit.rawValue), ahead: \(policy.ahead), keep: \(days(policy.keep)), "
            + "keep_raw: \(days(policy.keepRaw ?? policy.keep)), archive: \(policy.archive.map { "\($0)" } ?? "none") }"
    }

    private static func objectStore(_ store: ObjectStoreConfiguration) -> String {
        let keys = store.credentials == nil ? "none" : "hidden"
        let endpoint = store.endpoint.map(SecretMask.masked) ?? "AWS"
        return "{ endpoint: \(endpoint), region: \(store.region), access_key: \(keys), secret_key: \(keys), "
            + "path_style: \(store.isPathStyle ?? (store.endpoint != nil)), part_bytes: \(store.partBytes)B, "
            + "staging: \(store.staging)\(store.authorityFile.map { ", ca: \($0)" } ?? "") }"
    }

    private static func lines(of feed: FeedConfiguration) -> [String] {
        var lines = [
            "  \(feed.name):", "    provider: \(feed.provider)", "    url: \(SecretMask.masked(feed.url))",
            feed.tokenFile.map { "    token_file: \($0)" } ?? "    token: \(feed.token == nil ? "none" : "hidden")",
            "    clock_slack: \(Self.milliseconds(feed.clockSlack))",
        ]
        switch feed.provider {
        case "polymarket", "kalshi": lines.append("    markets: [\(feed.markets.joined(separator: ", "))]")
        case "betfair": lines.append("    app_key: \(feed.applicationKey == nil ? "none" : "hidden")")
        default: lines.append("    streams: [\(feed.streams.joined(separator: ", "))]")
        }
        let quiet = StreamKinds.named.filter { feed.quietStreams.contains($0.kind) }.map(\.name)
        lines.append("    stale_after: \(milliseconds(feed.staleAfter))")
        lines.append("    quiet_ok: [\(quiet.joined(separator: ", "))]")
        if feed.provider == "betfair" { lines.append("    orders: \(feed.takesOrders)") }
        if let login = feed.login { lines.append(Self.line(of: login)) }
        if let key = feed.kalshiKey {
            lines += ["    access_key: hidden", "    private_key_file: \(key.privateKeyFile)"]
        }
        if feed.provider == "kalshi" { lines.append("    channels: [\(feed.channels.joined(separator: ", "))]") }
        if let recording = feed.recording { lines.append("    record: \(recording.directory)") }
        return lines + Self.lines(of: feed.connection)
    }

    private static func line(of login: FeedLogin) -> String {
        var parts = ["url: \(SecretMask.masked(login.url))", "token_field: \(login.tokenField)"]
        if login.body != nil { parts.append("body: hidden") }
        if !login.headers.isEmpty { parts.append("headers: { \(hidden(login.headers)) }") }
        return "    login: { \(parts.joined(separator: ", ")) }"
    }

    private static func hidden(_ headers: [HTTPHeader]) -> String {
        headers.map { "\($0.name): hidden" }.joined(separator: ", ")
    }

    private static func lines(of connection: FeedConnectionConfiguration) -> [String] {
        var lines = [
            "    connect_timeout: \(milliseconds(connection.connectTimeout))",
            "    answer_timeout: \(milliseconds(connection.answerTimeout))",
            "    compress: \(connection.isCompressionOffered)",
            "    ping_interval: \(milliseconds(connection.pingInterval))",
            "    pong_timeout: \(milliseconds(connection.pongTimeout))",
        ]
        let tls = connection.tls
        let files = [
            ("ca", tls.additionalAuthorityFile), ("cert", tls.certificateFile), ("key", tls.privateKeyFile),
            ("server_name", tls.serverName),
        ].compactMap { name, value in value.map { "\(name): \($0)" } }
        if !files.isEmpty { lines.append("    tls: { \(files.joined(separator: ", ")) }") }
        if let proxy = connection.proxy { lines.append("    proxy: \(proxy)") }
        if !connection.headers.isEmpty { lines.append("    headers: { \(hidden(connection.headers)) }") }
        return lines
    }

    private static func spool(_ spool: SpoolConfiguration?) -> String {
        guard let spool else { return "{ enabled: false }" }
        return "{ directory: \(spool.directory), max_bytes: \(spool.maximumBytes)B, "
            + "policy: \(spool.policy.rawValue) }"
    }

    private static func milliseconds(_ duration: Duration) -> String { "\(Int64(duration / .milliseconds(1)))ms" }
}
