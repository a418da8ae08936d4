import FeedModel
import Testing
import WebSocketTransport

@testable import FeedClient

@Suite struct HandshakeHeadersTests {
    private func headers(_ provider: String, _ given: [HTTPHeader] = []) throws -> [String] {
        let name = try #require(FeedName("feed"))
        var feed = FeedConfiguration(name: name, provider: provider, url: "ws://h", token: "hush")
        feed.connection.headers = given
        return feed.webSocket(FeedCredentials(token: feed.token)).headers.map { "\($0.name): \($0.value)" }
    }

    @Test func tokensAreBearersWhereTheyBelong() throws {
        #expect(try headers("sportsbook") == ["Authorization: Bearer hush"])
        #expect(try headers("betfair").isEmpty, "Betfair's token goes into a message")
        #expect(try headers("polymarket").isEmpty && headers("kalshi").isEmpty)
    }

    @Test func configuredHeadersAreSentAsTheyAre() throws {
        let given = [
            HTTPHeader(name: "KALSHI-ACCESS-KEY", value: "k"),
            HTTPHeader(name: "KALSHI-ACCESS-SIGNATURE", value: "s+/="),
        ]
        #expect(try headers("kalshi", given) == ["KALSHI-ACCESS-KEY: k", "KALSHI-ACCESS-SIGNATURE: s+/="])
    }
}
