package import FeedModel
package import RedisStreams
package import Telemetry

/// What the Processor stage needs to know.
package struct ProcessorConfiguration: Sendable {
    package var redis: RedisEndpoint
    package var prefix: String
    package var feeds: [ProcessedFeed]
    /// Names this process in leases and among the live workers.
    package var ownerName: String
    /// Entries read and forwarded at once, at most.
    package var batchEntries: Int
    package var checkpointInterval: Duration
    /// Takes the stage's spans; nil traces nothing.
    package var tracer: Tracer?

    package init(
        redis: RedisEndpoint, prefix: String = "touchline", feeds: [ProcessedFeed], ownerName: String,
        batchEntries: Int = 64, checkpointInterval: Duration = .seconds(5)
    ) {
        self.redis = redis
        self.prefix = prefix
        self.feeds = feeds
        self.ownerName = ownerName
        self.batchEntries = batchEntries
        self.checkpointInterval = checkpointInterval
    }
}

/// A feed and the provider whose frames it carries.
package struct ProcessedFeed: Sendable, Hashable, Identifiable {
    package var name: FeedName
    package var provider: String
    /// How far after its receipt a message may say it is from.
    package var clockSlack: Duration

    package var id: FeedName { name }

    package init(name: FeedName, provider: String, clockSlack: Duration = .seconds(3_600)) {
        self.name = name
        self.provider = provider
        self.clockSlack = clockSlack
    }
}
