package import FeedModel
package import RedisStreams

/// What the FeedClient stage needs to know: where Redis is, and which feeds to take.
package struct FeedClientConfiguration: Sendable {
    package var redis: RedisEndpoint
    package var prefix: String
    package var feeds: [FeedConfiguration]
    /// Groups that a new feed's streams get besides `processor` and `writer`: `archiver` when the raw audit is on.
    package var isRawAuditOn: Bool
    /// How long a busy feed may wait for more frames before it appends; zero turns it off.
    package var linger: Duration
    /// Names this process in leases.
    package var ownerName: String

    package init(
        redis: RedisEndpoint, prefix: String = "touchline", feeds: [FeedConfiguration], isRawAuditOn: Bool = false,
        linger: Duration = .milliseconds(1), ownerName: String
    ) {
        self.redis = redis
        self.prefix = prefix
        self.feeds = feeds
        self.isRawAuditOn = isRawAuditOn
        self.linger = linger
        self.ownerName = ownerName
    }
}

/// One feed: which provider, where, and how to subscribe.
package struct FeedConfiguration: Sendable {
    package var name: FeedName
    /// One of `SessionRegistry.names`.
    package var provider: String
    /// `ws://` or `wss://`.
    package var url: String
    /// Bearer token (`sportsbook`) or session token (`betfair`).
    package var token: String?
    /// `betfair`: the application key.
    package var applicationKey: String?
    /// `sportsbook`: the streams subscribed to.
    package var streams: [String]
    /// `polymarket`: asset ids, `kalshi`: market tickers. What is subscribed to.
    package var markets: [String] = []
    /// `kalshi`: the channels subscribed to.
    package var channels = KalshiSession.defaultChannels
    /// Added to the handshake as they are; may hold credentials and are never logged.
    package var headers: [(name: String, value: String)] = []
    /// PEM file of a certificate authority to trust besides the system's.
    package var certificateAuthority: String?
    package var backoff: ReconnectBackoff

    package init(
        name: FeedName, provider: String, url: String, token: String? = nil, applicationKey: String? = nil,
        streams: [String] = ["fixtures", "odds", "bets"], certificateAuthority: String? = nil,
        backoff: ReconnectBackoff = ReconnectBackoff()
    ) {
        self.name = name
        self.provider = provider
        self.url = url
        self.token = token
        self.applicationKey = applicationKey
        self.streams = streams
        self.certificateAuthority = certificateAuthority
        self.backoff = backoff
    }
}
