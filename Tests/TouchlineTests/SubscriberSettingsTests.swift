import AccessTokens
import Broadcaster
import Foundation
import Testing

@testable import Touchline

/// Who may subscribe, as the configuration says it.
struct SubscriberSettingsTests {
    private static let digest = KeyDigest.of("tl_key")

    private func read(_ yaml: String, _ environment: [String: String] = [:]) throws -> TouchlineConfiguration {
        try TouchlineConfiguration.read(
            ConfigurationNode(parsing: yaml, file: "x.yaml"), file: "x.yaml", environment: environment)
    }

    @Test func everyWayToAuthenticate() throws {
        let configuration = try read(
            """
            broadcaster:
              listen: 0.0.0.0:8443
              allowed_origins: [https://odds.example]
              auth:
                token: operator
                jwt_secret: ${SECRET}
                audience: odds
                api_keys:
                  partner-a:
                    { sha256: \(Self.digest.uppercased()), feeds: [book-a], sports: [Football], min_conflate_ms: 250, max_conns: 2 }
              limits: { connections_per_key: 3, slow: 20s }
              compress: true
              event_loops: 8
              drain: 5s
            """, ["SECRET": String(repeating: "s", count: 32)])
        let authentication = configuration.subscribers.authentication
        #expect(authentication.isRequired && authentication.tokens?.audience == "odds")
        #expect(authentication.keys[KeyDigest.of("operator")]?.mayOperate == true)
        var expected = AccessGrant(name: "key:partner-a")
        expected.feeds = ["book-a"]
        expected.sports = ["football"]
        expected.minimumConflateMilliseconds = 250
        expected.maximumConnections = 2
        #expect(authentication.keys[Self.digest] == expected)
        #expect(configuration.subscribers.limits.connectionsPerKey == 3)
        #expect(configuration.subscribers.limits.slow == .seconds(20))
        #expect(configuration.subscribers.drain == .seconds(5))
        #expect(configuration.subscribers.allowedOrigins == ["https://odds.example"])
        #expect(configuration.subscribers.acceptsCompression)
        #expect(configuration.subscribers.eventLoops == 8)
        #expect(try !read("broadcaster: {}").subscribers.acceptsCompression)
    }

    @Test func nothingSecretIsShown() throws {
        let secret = String(repeating: "s", count: 32)
        let text = EffectiveConfiguration(
            try read(
                """
                broadcaster:
                  auth: { token: operator, jwt_secret: \(secret), api_keys: { a: { sha256: \(Self.digest) } } }
                """)
        ).text
        for hidden in [secret, "operator", Self.digest] { #expect(!text.contains(hidden)) }
        #expect(text.contains("token: hidden, jwt_secret: hidden, api_keys: 1"))
        #expect(EffectiveConfiguration(TouchlineConfiguration()).text.contains("auth: none"))
    }

    @Test(arguments: ["1x", "h", "0h", "-1h", "", "99999999d"]) func lifetimesThatAreNone(_ text: String) {
        #expect(TokenLifetime(argument: text) == nil)
    }
}
