import FeedModel
import RedisStreams

/// Asks Redis how the pipeline is, when somebody wants to know, and no more than once a second whoever asks.
actor PipelineProbe {
    /// What is known, and what was known before, to tell rates from.
    struct Knowledge: Sendable {
        var latest: PipelineSample?
        var previous: PipelineSample?
        /// Why nothing newer is known.
        var failure: String?
    }

    private let endpoint: RedisEndpoint
    private let names: [StreamNames]
    private let clock: StageClock
    /// Made when it is first needed: most instances are never asked.
    private var connection: RedisConnection?
    private var known = Knowledge()
    private var isAsking = false

    private static let interval = Duration.seconds(1)

    init(configuration: BroadcasterConfiguration, clock: StageClock) {
        endpoint = configuration.redis
        names = configuration.feeds.map { StreamNames(prefix: configuration.prefix, feed: $0) }
        self.clock = clock
    }

    func knowledge() async -> Knowledge {
        if let latest = known.latest, clock.now.monotonic - latest.at.monotonic < Self.interval { return known }
        // Who comes meanwhile gets what is there.
        guard !isAsking else { return known }
        isAsking = true
        defer { isAsking = false }
        do {
            let sample = try await sample()
            known = Knowledge(latest: sample, previous: known.latest, failure: nil)
        } catch {
            known.failure = "\(error)"
        }
        return known
    }

    func close() async { await connection?.close() }

    // MARK: Asking

    private func sample() async throws -> PipelineSample {
        let redis = connection ?? RedisConnection(endpoint: endpoint, name: "broadcast-ops")
        connection = redis
        try await redis.connect()
        var sample = PipelineSample(at: clock.now)
        let facts = try await redis.serverFacts()
        sample.memoryUsed = facts.usedMemory
        sample.memoryLimit = facts.maxmemory
        for names in names { sample.feeds.append(try await feed(names, redis)) }
        return sample
    }

    private func feed(_ names: StreamNames, _ redis: RedisConnection) async throws -> PipelineSample.Feed {
        var feed = PipelineSample.Feed()
        for (name, key) in [("raw", names.raw), ("events", names.events), ("dead", names.dead)] {
            guard let info = try await redis.streamInfo(of: key) else { continue }
            var groups: [PipelineSample.Group] = []
            for group in try await redis.groups(of: key) {
                groups.append(try await self.group(group, of: info, name, key, redis))
            }
            feed.streams.append(
                .init(
                    name: name, length: info.length, added: info.added,
                    last: FrameNumber(info.lastGenerated.milliseconds), groups: groups))
        }
        feed.feedOwner = try await redis.leaseOwner(names.feedOwner)
        feed.processorOwner = try await redis.leaseOwner(names.processorOwner)
        return feed
    }

    private func group(
        _ group: GroupInfo, of stream: StreamInfo, _ name: String, _ key: String, _ redis: RedisConnection
    ) async throws -> PipelineSample.Group {
        var waiting: StreamEntry?
        if group.lastDelivered < stream.lastGenerated {
            waiting = try await redis.range(of: key, from: group.lastDelivered.successor, to: .max, count: 1).first
        }
        return PipelineSample.Group(
            name: group.name, lag: group.lag(in: stream),
            waitingSince: waiting.flatMap { Self.receivedAt($0, in: name) },
            pending: group.pending, consumers: group.consumers,
            lastDelivered: FrameNumber(group.lastDelivered.milliseconds))
    }

    /// Nil for an entry of a version that this build does not know.
    private static func receivedAt(_ entry: StreamEntry, in stream: String) -> Timestamp? {
        switch stream {
        case "raw": try? RawEntry.header(of: entry.payload).receivedAt
        case "events": try? EventsEntryHeader(decoding: entry.payload).receivedAt
        default: try? DeadLetter(decoding: entry.payload).receivedAt
        }
    }
}
