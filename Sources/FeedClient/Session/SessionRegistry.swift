package import FeedModel

/// The providers whose sessions this build speaks. Adding one: its file beside this one, and a line here.
package enum SessionRegistry {
    private static let providers = ["sportsbook", "betfair", "polymarket", "kalshi"]

    /// For messages about a wrong one.
    package static let names = providers.joined(separator: ", ")

    /// Whether there is a session for a provider.
    package static func isKnown(_ provider: String) -> Bool { providers.contains(provider) }

    /// A session for one connection, which resumes after `resumeToken` if the provider can.
    package static func make(
        _ feed: FeedConfiguration, resumeToken: [UInt8], lastReceivedAt: Timestamp?
    ) throws -> any ProviderSession {
        switch feed.provider {
        case "sportsbook":
            SportsbookSession(streams: feed.streams, resumeToken: resumeToken, lastReceivedAt: lastReceivedAt)
        case "betfair":
            BetfairSession(
                applicationKey: feed.applicationKey ?? "", sessionToken: feed.token ?? "",
                takesOrders: feed.takesOrders, resumeToken: resumeToken, lastReceivedAt: lastReceivedAt)
        case "polymarket": PolymarketSession(assets: feed.markets, lastReceivedAt: lastReceivedAt)
        case "kalshi":
            KalshiSession(channels: feed.channels, markets: feed.markets, lastReceivedAt: lastReceivedAt)
        default: throw FeedClientError.unknownProvider(feed.provider)
        }
    }
}
