/// The headers of a feed's upgrade request: how its provider learns who we are.
package enum HandshakeHeaders {
    /// Made anew for every connection. Those of the configuration come last.
    package static func of(_ feed: FeedConfiguration) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        // Betfair's token goes into a message of the session instead.
        if let token = feed.token, feed.provider == "sportsbook" {
            headers.append((name: "Authorization", value: "Bearer \(token)"))
        }
        return headers + feed.headers
    }
}
