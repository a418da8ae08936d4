import FeedClient
import FeedModel
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
            readFeed(feed, named: feedName)
            feed.rejectUnknownKeys()
        }
        section.rejectUnknownKeys()
    }

    private mutating func readFeed(_ feed: ConfigurationReader, named name: FeedName) {
        let provider = feed.string("provider")
        let url = feed.string("url")
        let token = feed.secret("token")
        let tokenFile = feed.string("token_file")
        if token != nil, tokenFile != nil {
            feed.reject("token_file", tokenFile ?? "", "absent when there is a 'token'")
        }
        let applicationKey = feed.secret("app_key")
        let streams = readStreams(feed, "streams")
        let quiet = readStreams(feed, "quiet_ok")
        let connection = readConnection(feed, url: url)
        if let provider, !SessionRegistry.isKnown(provider) {
            feed.reject("provider", provider, "one of \(SessionRegistry.names)")
        }
        if let url, let why = WebSocketClientConfiguration.problem(ofURL: url) {
            feed.reject("url", url, "a WebSocket URL (ws://host[:port]/path or wss://…): \(why)")
        }
        if provider == "sportsbook", token != nil || tokenFile != nil,
            connection.headers.contains(where: { $0.name.lowercased() == "authorization" })
        {
            feed.problem("headers", "'authorization' is what 'token' is sent as: leave one of them out")
        }
        let staleAfter = feed.duration(
            "stale_after", in: .seconds(1)...(.seconds(86_400)), default: .seconds(120))
        guard let provider else { return feed.missing("provider", "one of \(SessionRegistry.names)") }
        if provider == "betfair" {
            if applicationKey == nil { feed.missing("app_key", "Betfair's application key") }
            if token == nil, tokenFile == nil { feed.missing("token", "Betfair's session token, or a 'token_file'") }
        }
        guard let url else { return feed.missing("url", "where the feed is, ws:// or wss://") }
        var configuration = FeedConfiguration(
            name: name, provider: provider, url: url, token: token, tokenFile: tokenFile,
            applicationKey: applicationKey,
            streams: streams ?? ["fixtures", "odds", "bets"], connection: connection)
        configuration.staleAfter = staleAfter
        if let quiet { configuration.quietStreams = StreamKinds(names: quiet) }
        feeds.append(configuration)
    }

    private func readStreams(_ feed: ConfigurationReader, _ key: String) -> [String]? {
        let known: Set = ["fixtures", "odds", "bets"]
        let streams = feed.strings(key)
        for stream in streams ?? [] where !known.contains(stream) {
            feed.reject(key, stream, "any of fixtures, odds, bets")
        }
        return streams
    }
}
