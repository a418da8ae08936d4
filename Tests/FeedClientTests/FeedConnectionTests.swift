import FeedModel
import Testing
import WebSocketTransport

@testable import FeedClient

@Suite struct FeedConnectionTests {
    private static func feed(provider: String = "sportsbook") throws -> FeedConfiguration {
        let name = try #require(FeedName("a"))
        return FeedConfiguration(name: name, provider: provider, url: "wss://h")
    }

    @Test func theDefaultsAreThoseOfTheDocumentation() throws {
        let configuration = try Self.feed().webSocket(FeedCredentials(token: "t"))
        #expect(configuration.connectTimeout == .seconds(10))
        #expect(configuration.pingInterval == .seconds(20))
        #expect(configuration.pongTimeout == .seconds(10))
        #expect(configuration.proxy == nil)
        #expect(configuration.tls == ClientTLSConfiguration())
    }

    @Test func everySettingReachesTheConnection() throws {
        var feed = try Self.feed()
        feed.connection.tls.additionalAuthorityFile = "ca"
        feed.connection.tls.certificateFile = "cert"
        feed.connection.tls.privateKeyFile = "key"
        feed.connection.tls.serverName = "name"
        feed.connection.proxy = try HTTPProxy(url: "http://p:1")
        feed.connection.headers = [HTTPHeader(name: "X-Key", value: "k")]
        feed.connection.connectTimeout = .seconds(1)
        feed.connection.pingInterval = .seconds(2)
        feed.connection.pongTimeout = .seconds(3)
        let configuration = feed.webSocket(FeedCredentials(token: "t"))
        #expect(configuration.tls == feed.connection.tls)
        #expect(configuration.proxy == feed.connection.proxy)
        #expect(configuration.headers.map(\.name) == ["X-Key", "Authorization"])
        #expect(configuration.headers.map(\.value) == ["k", "Bearer t"])
        #expect(configuration.connectTimeout == .seconds(1))
        #expect(configuration.pingInterval == .seconds(2))
        #expect(configuration.pongTimeout == .seconds(3))
    }

    @Test func betfairsTokenIsNoHeader() throws {
        #expect(try Self.feed(provider: "betfair").webSocket(FeedCredentials(token: "t")).headers.isEmpty)
    }
}
