import FeedModel
import WebSocketTransport

extension FeedConfiguration {
    /// What a connection to the feed is made with; `token` is the one of this moment.
    func webSocket(token: String?) -> WebSocketClientConfiguration {
        var configuration = WebSocketClientConfiguration(url: url)
        configuration.headers = connection.headers
        if let token, provider == "sportsbook" {
            configuration.headers.append((name: "Authorization", value: "Bearer \(token)"))
        }
        configuration.tls = connection.tls
        configuration.proxy = connection.proxy
        configuration.connectTimeout = connection.connectTimeout
        configuration.pingInterval = connection.pingInterval
        configuration.pongTimeout = connection.pongTimeout
        // Frames somewhat over the limit still reach the Processor, which makes them dead letters with their payload.
        configuration.maximumMessageBytes = RawEntry.maximumFrameBytes * 2
        configuration.oversizedMessages = .discard
        return configuration
    }
}
