import AccessTokens
import Broadcaster
import Foundation
import WebSocketTransport

/// Who may subscribe, over what, and how much.
struct SubscriberSettings: Sendable {
    var authentication = SubscriberAuthentication()
    /// The names of the ways to authenticate that are configured, for people.
    var schemes: [String] = []
    var tls: ServerTLSConfiguration?
    var allowedOrigins: [String] = []
    /// Whether permessage-deflate is agreed to with clients that offer it.
    var acceptsCompression = false
    var eventLoops = BroadcasterConfiguration.usualEventLoops
    var limits = BroadcasterLimits()
    /// Over how long connections are ended before a stop.
    var drain: Duration = .seconds(1)
}

extension TouchlineConfiguration {
    mutating func readBroadcaster(_ section: ConfigurationReader, problems: ConfigurationReader.Problems) {
        broadcaster = section.address("listen", default: broadcaster)
        Self.readAuthentication(section.section("auth"), into: &subscribers)
        subscribers.tls = Self.readServerTLS(section.section("tls"))
        subscribers.allowedOrigins = Self.readOrigins(section)
        subscribers.acceptsCompression = section.flag("compress", default: subscribers.acceptsCompression)
        subscribers.eventLoops = section.integer(
            "event_loops", in: BroadcasterConfiguration.possibleEventLoops, default: subscribers.eventLoops)
        subscribers.limits = Self.readLimits(section.section("limits"))
        subscribers.drain = section.duration(
            "drain", in: .zero...BroadcasterConfiguration.longestDrain, default: subscribers.drain)
        section.rejectUnknownKeys()
        if !broadcaster.isLoopback, !subscribers.authentication.isRequired {
            problems.add(
                "'broadcaster.listen' is \(broadcaster), which is not loopback, and there is no 'broadcaster.auth': "
                    + "set a 'jwt_secret', 'jwks_file', 'api_keys' or 'token', or listen on 127.0.0.1",
                line: section.line(of: "listen"))
        }
    }

    // MARK: Credentials

    private static func readAuthentication(_ auth: ConfigurationReader, into settings: inout SubscriberSettings) {
        if let token = auth.secret("token") {
            settings.authentication.add(token: token, name: "token")
            settings.schemes.append("token")
        }
        readTokens(auth, into: &settings)
        let keys = auth.section("api_keys")
        for (name, _) in keys.keys { readKey(keys.section(name), named: name, into: &settings.authentication) }
        if !keys.keys.isEmpty { settings.schemes.append("api_keys") }
        keys.rejectUnknownKeys()
        auth.rejectUnknownKeys()
    }

    private static func readTokens(_ auth: ConfigurationReader, into settings: inout SubscriberSettings) {
        let secret = auth.secret("jwt_secret")
        if let secret, secret.utf8.count < 32 {
            auth.problem(
                "jwt_secret", "has fewer than 32 bytes, which HS256 needs: make one with 'openssl rand -hex 32'")
        }
        let file = auth.string("jwks_file")
        if let file, !FileManager.default.isReadableFile(atPath: file) {
            auth.reject("jwks_file", file, "a readable JSON Web Key Set")
        }
        let audience = auth.string("audience")
        if secret != nil { settings.schemes.append("jwt_secret") }
        if file != nil { settings.schemes.append("jwks_file") }
        if secret != nil || file != nil {
            settings.authentication.tokens = TokenConfiguration(
                secret: secret, keySetFile: file, audience: audience)
        } else if audience != nil {
            auth.problem("audience", "is for JSON Web Tokens: set 'jwt_secret' or 'jwks_file', or leave it out")
        }
    }

    private static func readKey(
        _ key: ConfigurationReader, named name: String, into authentication: inout SubscriberAuthentication
    ) {
        let digest = key.secret("sha256")?.lowercased()
        var grant = AccessGrant(name: "key:" + name)
        grant.feeds = key.strings("feeds").map { Set($0) }
        grant.sports = key.strings("sports").map { Set($0.map { $0.lowercased() }) }
        grant.minimumConflateMilliseconds = key.integer("min_conflate_ms", in: 0...5_000, default: 0)
        let unlimited = 1_000_000
        let connections = key.integer("max_conns", in: 1...unlimited, default: unlimited)
        grant.maximumConnections = connections == unlimited ? nil : connections
        grant.mayOperate = key.flag("ops", default: false)
        key.rejectUnknownKeys()
        guard let digest else {
            return key.missing(
                "sha256", "the SHA-256 of the key, 64 hexadecimal digits: 'touchline token api-key' makes one")
        }
        guard KeyDigest.isValid(digest) else {
            return key.problem(
                "sha256", "must be 64 hexadecimal digits: 'touchline token api-key' makes a key with them")
        }
        guard authentication.keys[digest] == nil else {
            return key.problem("sha256", "is that of another key already")
        }
        authentication.keys[digest] = grant
    }

    // MARK: The port

    private static func readServerTLS(_ section: ConfigurationReader) -> ServerTLSConfiguration? {
        let certificate = section.readableFile("certificate")
        let key = section.readableFile("key")
        section.rejectUnknownKeys()
        switch (certificate, key) {
        case (let certificate?, let key?):
            return ServerTLSConfiguration(certificateFile: certificate, privateKeyFile: key)
        case (nil, nil): return nil
        case (nil, _): section.missing("certificate", "the PEM file with the certificate chain for 'key'")
        case (_, nil): section.missing("key", "the PEM file with the private key of 'certificate'")
        }
        return nil
    }

    private static func readOrigins(_ section: ConfigurationReader) -> [String] {
        let origins = section.strings("allowed_origins") ?? []
        for origin in origins where origin != "*" && !isOrigin(origin) {
            section.reject("allowed_origins", origin, "origins such as https://odds.example, without a path, or '*'")
        }
        return origins
    }

    private static func isOrigin(_ text: String) -> Bool {
        guard let url = URLComponents(string: text), ["http", "https"].contains(url.scheme), url.host != nil else {
            return false
        }
        return url.path.isEmpty && url.query == nil && url.fragment == nil && url.user == nil
    }

    private static func readLimits(_ section: ConfigurationReader) -> BroadcasterLimits {
        var limits = BroadcasterLimits()
        limits.messageBytes = section.bytes("message_bytes", in: 1_024...(1 << 20), default: limits.messageBytes)
        func read(_ key: String, _ value: inout Int, _ range: ClosedRange<Int> = 1...1_000_000) {
            value = section.integer(key, in: range, default: value)
        }
        read("commands_per_s", &limits.commandsPerSecond)
        read("command_burst", &limits.commandBurst)
        read("commands_per_key_s", &limits.commandsPerSecondOfKey)
        read("requests_per_key_s", &limits.requestsPerSecond)
        read("subscriptions", &limits.subscriptionsPerConnection, 1...10_000)
        read("filter_ids", &limits.idsPerFilterField, 1...10_000)
        read("connections_per_key", &limits.connectionsPerKey)
        read("accepts_per_s", &limits.acceptsPerSecond)
        limits.authentication = section.duration(
            "auth", in: .seconds(1)...(.seconds(60)), default: limits.authentication)
        limits.slow = section.duration("slow", in: .seconds(1)...(.seconds(300)), default: limits.slow)
        limits.unwrittenBytes = section.bytes(
            "unwritten_bytes", in: 65_536...(64 << 20), default: limits.unwrittenBytes)
        section.rejectUnknownKeys()
        return limits
    }
}
