package import FeedModel
import Foundation
package import RedisStreams
package import Telemetry
package import WebSocketTransport

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
    /// Where frames wait while Redis is away; nil makes the sockets wait instead.
    package var spool: SpoolConfiguration?
    /// Takes the stage's spans; nil traces nothing.
    package var tracer: Tracer?

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
package struct FeedConfiguration: Sendable, Equatable, Identifiable {
    package var id: FeedName { name }
    package var name: FeedName
    /// One of `SessionRegistry.names`.
    package var provider: String
    /// `ws://` or `wss://`; `betfair` also `tls://` and `tcp://`, for lines without a WebSocket around them.
    package var url: String
    /// Bearer token (`sportsbook`) or session token (`betfair`).
    package var token: String?
    /// A file that holds the token instead; read at every connect, so that something else may renew it.
    package var tokenFile: String?
    /// Where the token is asked for at every connect instead.
    package var login: FeedLogin?
    /// `betfair`: the application key.
    package var applicationKey: String?
    /// `betfair`: whether our own orders are subscribed to as well.
    package var takesOrders = false
    /// `kalshi`: what signs the handshake; nil when the headers do, or a proxy.
    package var kalshiKey: KalshiKey?
    /// `sportsbook`: the streams subscribed to.
    package var streams: [String]
    /// A live session that brings nothing of a stream for this long is given up, unless the stream may be quiet.
    package var staleAfter = Duration.seconds(120)
    package var quietStreams: StreamKinds = [.fixtures, .bets]
    /// How far after its receipt a message may say it is from; the Processor refuses what is beyond.
    package var clockSlack = Duration.seconds(3_600)
    package var connection: FeedConnectionConfiguration
    /// `polymarket`: asset ids, `kalshi`: market tickers. What is subscribed to.
    package var markets: [String] = []
    /// `kalshi`: the channels subscribed to.
    package var channels = KalshiSession.defaultChannels
    package var backoff: ReconnectBackoff
    /// Nil records nothing.
    package var recording: RecordingConfiguration?

    package init(
        name: FeedName, provider: String, url: String, token: String? = nil, tokenFile: String? = nil,
        applicationKey: String? = nil,
        streams: [String] = ["fixtures", "odds", "bets"],
        connection: FeedConnectionConfiguration = FeedConnectionConfiguration(),
        backoff: ReconnectBackoff = ReconnectBackoff()
    ) {
        self.name = name
        self.provider = provider
        self.url = url
        self.token = token
        self.tokenFile = tokenFile
        self.applicationKey = applicationKey
        self.streams = streams
        self.connection = connection
        self.backoff = backoff
    }

    /// The token as of now; throws if its file cannot be read or is empty.
    func currentToken() throws(FeedClientError) -> String? {
        guard let tokenFile else { return token }
        let text = try? String(contentsOfFile: tokenFile, encoding: .utf8)
        let token = text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        guard !token.isEmpty else { throw .tokenUnreadable(file: tokenFile) }
        return token
    }
}

/// How a feed's connections are made and kept.
package struct FeedConnectionConfiguration: Sendable, Equatable {
    package var tls = ClientTLSConfiguration()
    /// Nil to connect directly.
    package var proxy: HTTPProxy?
    /// Added to each upgrade request. The values may be secrets.
    package var headers: [HTTPHeader] = []
    /// Name resolution, TCP, proxy, TLS and upgrade together.
    package var connectTimeout: Duration = .seconds(10)
    /// How long the provider may take to answer what opens a session: authentication, subscription.
    package var answerTimeout: Duration = .seconds(5)
    /// Offers permessage-deflate: fewer bytes for more CPU.
    package var isCompressionOffered = false
    /// How often the other end is asked whether it is still there, and how long it may take to answer.
    package var pingInterval: Duration = .seconds(20)
    package var pongTimeout: Duration = .seconds(10)

    package init() {}
}
