import FeedClient
import FeedModel
import Foundation
import WebSocketTransport

extension TouchlineConfiguration {
    mutating func readFeeds(_ reader: ConfigurationReader, problems: ConfigurationReader.Problems) {
        let section = reader.section("feeds")
        for (name, line) in section.keys {
            guard let feedName = FeedName(name) else {
                problems.add("feed name '\(name)' must match [a-z0-9-]{1,40}", line: line)
                continue
            }
            let feed = section.section(name)
            if let configuration = Self.readFeed(feed, named: feedName) { feeds.append(configuration) }
            feed.rejectUnknownKeys()
        }
        section.rejectUnknownKeys()
    }

    /// Nil when something is missing; that is a problem then.
    private static func readFeed(_ feed: ConfigurationReader, named name: FeedName) -> FeedConfiguration? {
        let provider = feed.string("provider")
        let url = feed.string("url")
        var configuration = FeedConfiguration(
            name: name, provider: provider ?? "", url: url ?? "", token: feed.secret("token"),
            applicationKey: feed.secret("app_key"), certificateAuthority: feed.string("certificate_authority"))
        readSubscription(feed, into: &configuration)
        configuration.headers = readHeaders(feed)
        if let provider, !SessionRegistry.isKnown(provider) {
            feed.reject("provider", provider, "one of \(SessionRegistry.names)")
        }
        if let url, let why = WebSocketClientConfiguration.problem(ofURL: url) {
            feed.reject("url", url, "a WebSocket URL (ws://host[:port]/path or wss://…): \(why)")
        }
        if let file = configuration.certificateAuthority, !FileManager.default.isReadableFile(atPath: file) {
            feed.reject("certificate_authority", file, "a readable PEM file")
        }
        guard provider != nil else {
            feed.missing("provider", "one of \(SessionRegistry.names)")
            return nil
        }
        checkNeeds(of: configuration, feed)
        guard url != nil else {
            feed.missing("url", "where the feed is, ws:// or wss://")
            return nil
        }
        return configuration
    }

    /// What to subscribe to.
    private static func readSubscription(_ feed: ConfigurationReader, into configuration: inout FeedConfiguration) {
        if let streams = feed.strings("streams", from: ["fixtures", "odds", "bets"]) {
            configuration.streams = streams
        }
        if let channels = feed.strings("channels", from: KalshiSession.defaultChannels) {
            configuration.channels = channels
            if channels.isEmpty { feed.missing("channels", "at least one, or leave the key out") }
        }
        configuration.markets = feed.strings("markets") ?? []
        for market in configuration.markets where !isIdentifier(market) {
            feed.reject("markets", market, "ids of 1 to 200 printable ASCII characters")
        }
    }

    private static func isIdentifier(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// Names and values as they go into the handshake. Values are secrets.
    private static func readHeaders(_ feed: ConfigurationReader) -> [(name: String, value: String)] {
        let section = feed.section("headers")
        let headers = section.keys.compactMap { key in section.secret(key.name).map { (name: key.name, value: $0) } }
        for (name, value) in headers {
            let isName = !name.isEmpty && name.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
            if !isName { feed.reject("headers", name, "names of letters, digits and '-'") }
            // A line break would end the header and begin another.
            if !value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
                feed.reject("headers", name, "a header whose value is one line of printable ASCII")
            }
        }
        return headers
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }

    /// What a provider cannot do without.
    private static func checkNeeds(of configuration: FeedConfiguration, _ feed: ConfigurationReader) {
        switch configuration.provider {
        case "betfair":
            if configuration.applicationKey == nil { feed.missing("app_key", "Betfair's application key") }
            if configuration.token == nil { feed.missing("token", "Betfair's session token") }
        case "polymarket":
            let count = configuration.markets.count
            if count == 0 { feed.missing("markets", "the asset ids (token ids) to subscribe to") }
            if count > PolymarketSession.mostAssets {
                feed.reject(
                    "markets", "a list of \(count)",
                    "at most \(PolymarketSession.mostAssets) asset ids: spread them over several feeds")
            }
        case "kalshi":
            if configuration.markets.isEmpty { feed.missing("markets", "the market tickers to subscribe to") }
        default: break
        }
    }
}

extension ConfigurationReader {
    /// A list whose elements are of a closed set.
    fileprivate func strings(_ key: String, from known: [String]) -> [String]? {
        let values = strings(key)
        for value in values ?? [] where !known.contains(value) {
            reject(key, value, "any of \(known.joined(separator: ", "))")
        }
        return values
    }
}
