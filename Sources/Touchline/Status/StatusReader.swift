import FeedClient
import FeedModel
import RedisStreams

/// Reads every feed of a configuration, again and again: rates are what changed since the reading before.
struct StatusReader {
    private let samplers: [FeedSampler]
    private let redis: RedisConnection
    private var previous: [FeedName: FeedSample] = [:]

    init(_ configuration: TouchlineConfiguration, _ redis: RedisConnection) {
        self.redis = redis
        samplers = configuration.feeds.map {
            FeedSampler(names: StreamNames(prefix: configuration.prefix, feed: $0.name), redis: redis)
        }
    }

    mutating func read(database: DatabaseStatus?) async throws -> StatusText {
        try await redis.connect()
        let servers = ServerStatus(memory: try await ServerStatus.memory(of: redis), database: database)
        var reports: [FeedReport] = []
        for sampler in samplers {
            let before = previous[sampler.names.feed]
            let sample = try await sampler.sample(after: before)
            reports.append(FeedReport(sample, after: before, servers))
            previous[sampler.names.feed] = sample
        }
        return StatusText(feeds: reports, servers: servers)
    }
}
