package import FeedModel

/// The providers whose sessions this build speaks. Adding one: its file beside this one, and a line here.
package enum SessionRegistry {
    package static let names = "sportsbook, betfair"

    package static func isKnown(_ provider: String) -> Bool { ["sportsbook", "betfair"].contains(provider) }

    package static func make(
        _ feed: FeedConfiguration, resumeToken: [UInt8], lastReceivedAt: Timestamp?
    ) throws -> any ProviderSession {
        switch feed.provider {
        case "sportsbook":
            SportsbookSession(streams: feed.streams, resumeToken: resumeToken, lastReceivedAt: lastReceivedAt)
        case "betfair":
            BetfairSession(
                applicationKey: feed.applicationKey ?? "", sessionToken: feed.token ?? "", resumeToken: resumeToken,
                lastReceivedAt: lastReceivedAt)
        default: throw FeedClientError.unknownProvider(feed.provider)
        }
    }
}
