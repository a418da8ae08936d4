import FeedClient
import FeedModel
import WebSocketTransport

extension TouchlineConfiguration {
    mutating func readFeeds(_ reader: ConfigurationReader, problems: ConfigurationReader.Problems) {
        let section = reader.section("feeds")
        for (name, line) in section.keys {
            let feed = section.section(name)
            guard let feedName = FeedName(name) else {
                problems.add("feed name '\(name)' must match [a-z0-9-]{1,40}", line: line)
                continue
            }
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
            tokenFile: feed.file("token_file"), applicationKey: feed.secret("app_key"),
            connection: readConnection(feed, url: url))
        configuration.login = readLogin(feed)
        configuration.kalshiKey = readKalshiKey(feed, provider: provider)
        readSubscription(feed, into: &configuration)
        configuration.staleAfter = feed.duration(
            "stale_after", in: .seconds(1)...(.seconds(86_400)), default: configuration.staleAfter)
        configuration.clockSlack = feed.duration(
            "clock_slack", in: .zero...(.seconds(7 * 86_400)), default: configuration.clockSlack)
        configuration.recording = feed.string("record").map(RecordingConfiguration.init)
        if let provider, !SessionRegistry.isKnown(provider) {
            feed.reject("provider", provider, "one of \(SessionRegistry.names)")
        }
        if let url { check(url, of: configuration, feed) }
        checkCredentials(of: configuration, feed)
        guard provider != nil else {
            feed.missing("provider", "one of \(SessionRegistry.names)")
            return nil
        }
        checkNeeds(of: configuration, feed)
        checkForeignKeys(of: configuration, feed)
        guard url != nil else {
            feed.missing("url", "where the feed is, such as wss://host/path")
            return nil
        }
        return configuration
    }

    /// Whether the provider can be spoken to there.
    private static func check(_ url: String, of configuration: FeedConfiguration, _ feed: ConfigurationReader) {
        let isLines = LineConnection.isSpoken(at: url)
        if isLines, configuration.provider == "betfair" {
            if let why = LineConnection.problem(ofURL: url) { feed.reject("url", url, "tls://host:port: \(why)") }
        } else if isLines {
            feed.reject("url", url, "ws://host[:port]/path or wss://…: only betfair is spoken over tls:// and tcp://")
        } else if let why = WebSocketClientConfiguration.problem(ofURL: url) {
            feed.reject("url", url, "a WebSocket URL (ws://host[:port]/path or wss://…): \(why)")
        }
        if isLines, !configuration.connection.headers.isEmpty {
            feed.problem("headers", "have no effect without a WebSocket: there is no handshake to send them with")
        }
    }

    /// What to subscribe to.
    private static func readSubscription(_ feed: ConfigurationReader, into configuration: inout FeedConfiguration) {
        let streams = StreamKinds.named.map(\.name)
        if let names = feed.strings("streams", from: streams) {
            configuration.streams = names
            if names.isEmpty { feed.missing("streams", "at least one, or leave the key out") }
        }
        if let names = feed.strings("quiet_ok", from: streams) {
            configuration.quietStreams = StreamKinds(names: names)
        }
        if let channels = feed.strings("channels", from: KalshiSession.defaultChannels) {
            configuration.channels = channels
            if channels.isEmpty { feed.missing("channels", "at least one, or leave the key out") }
        }
        configuration.takesOrders = feed.flag("orders", default: false)
        if configuration.takesOrders, configuration.provider != "betfair" {
            feed.problem("orders", "are subscribed to at the provider betfair only: leave it out")
        }
        configuration.markets = feed.strings("markets") ?? []
        for market in configuration.markets where !isIdentifier(market) {
            feed.reject("markets", market, "ids of 1 to 200 printable ASCII characters")
        }
    }

    /// What another provider understands: here it would do nothing, and whoever wrote it thinks that it does.
    private static func checkForeignKeys(of configuration: FeedConfiguration, _ feed: ConfigurationReader) {
        let owners = [
            ("app_key", ["betfair"]), ("markets", ["polymarket", "kalshi"]), ("channels", ["kalshi"]),
        ]
        for (key, providers) in owners where feed.has(key) && !providers.contains(configuration.provider) {
            guard SessionRegistry.isKnown(configuration.provider) else { continue }
            feed.problem(key, "is for the provider \(providers.joined(separator: " or ")): leave it out")
        }
    }

    private static func isIdentifier(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// What a provider cannot do without.
    private static func checkNeeds(of configuration: FeedConfiguration, _ feed: ConfigurationReader) {
        let count = configuration.markets.count
        switch configuration.provider {
        case "polymarket" where count == 0: feed.missing("markets", "the asset ids (token ids) to subscribe to")
        case "polymarket" where count > PolymarketSession.mostAssets:
            feed.reject(
                "markets", "a list of \(count)",
                "at most \(PolymarketSession.mostAssets) asset ids: spread them over several feeds")
        case "kalshi" where count == 0: feed.missing("markets", "the market tickers to subscribe to")
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
