import FeedModel
import WebSocketTransport

extension FeedConfiguration {
    /// What a connection to the feed is made with; the credentials are those of this moment.
    func webSocket(_ credentials: FeedCredentials) -> WebSocketClientConfiguration {
        var configuration = WebSocketClientConfiguration(url: url)
        configuration.headers = connection.headers + credentials.headers
        if let token = credentials.token, provider == "sportsbook" {
            configuration.headers.append(HTTPHeader(name: "Authorization", value: "Bearer \(token)"))
        }
        configuration.tls = connection.tls
        configuration.proxy = connection.proxy
        configuration.connectTimeout = connection.connectTimeout
        configuration.compression = connection.isCompressionOffered ? CompressionOffer() : nil
        configuration.pingInterval = connection.pingInterval
        configuration.pongTimeout = connection.pongTimeout
        // Frames somewhat over the limit still reach the Processor, which makes them dead letters with their payload.
        configuration.maximumMessageBytes = RawEntry.maximumFrameBytes * 2
        configuration.oversizedMessages = .discard
        return configuration
    }
}
