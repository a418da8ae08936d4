import FeedClient
import FeedModel
import Testing

@Suite struct HandshakeHeadersTests {
    private func headers(_ provider: String, _ given: [(name: String, value: String)] = []) throws -> [String] {
        let name = try #require(FeedName("feed"))
        var feed = FeedConfiguration(name: name, provider: provider, url: "ws://h", token: "hush")
        feed.headers = given
        return HandshakeHeaders.of(feed).map { "\($0.name): \($0.value)" }
    }

    @Test func tokensAreBearersWhereTheyBelong() throws {
        #expect(try headers("sportsbook") == ["Authorization: Bearer hush"])
        #expect(try headers("betfair").isEmpty, "Betfair's token goes into a message")
        #expect(try headers("polymarket").isEmpty)
    }

    @Test func configuredHeadersAreSentAsTheyAre() throws {
        let given = [(name: "KALSHI-ACCESS-KEY", value: "k"), (name: "KALSHI-ACCESS-SIGNATURE", value: "s+/=")]
        #expect(try headers("kalshi", given) == ["KALSHI-ACCESS-KEY: k", "KALSHI-ACCESS-SIGNATURE: s+/="])
        #expect(try headers("sportsbook", given).first == "Authorization: Bearer hush")
    }
}
