package import FeedModel
package import RedisStreams
package import Telemetry

/// What the Writer stage needs to know: where Redis and Postgres are, which feeds to write, and how much at once.
package struct WriterConfiguration: Sendable {
    package var redis: RedisEndpoint
    /// A libpq URI or connection string.
    package var postgresURL: String
    package var prefix: String
    package var feeds: [WriterFeed]
    /// Workers, each with a Postgres connection of its own: 1 to 4.
    package var connections: Int
    package var batch: BatchPolicy
    /// Writes raw entries into `raw_frames` as well.
    package var isRawAuditOn: Bool
    /// `<host>-writer`: stable, so that a restarted process finds its own backlog. Workers append `-<n>`.
    package var consumerName: String
    package var claim: ClaimPolicy
    package var trim: TrimPolicy
    package var letters: LetterPolicy
    package var partitions: PartitionPolicy
    /// How a batch that Postgres does not take is tried again.
    package var retry: RetryBackoff
    /// An entry delivered this often is written in a transaction of its own.
    package var deliveriesBeforeAlone: Int
    /// Selections whose keys a worker remembers, at most.
    package var cachedSelections: Int
    /// Takes the stage's spans; nil traces nothing.
    package var tracer: Tracer?

    package init(
        redis: RedisEndpoint, postgresURL: String, prefix: String = "touchline", feeds: [WriterFeed],
        connections: Int = 2, batch: BatchPolicy = BatchPolicy(), isRawAuditOn: Bool = false, consumerName: String,
        claim: ClaimPolicy = ClaimPolicy(), trim: TrimPolicy = TrimPolicy(),
        letters: LetterPolicy = LetterPolicy(), partitions: PartitionPolicy = PartitionPolicy(),
        retry: RetryBackoff = RetryBackoff(),
        deliveriesBeforeAlone: Int = 5, cachedSelections: Int = 200_000
    ) {
        self.redis = redis
        self.postgresURL = postgresURL
        self.prefix = prefix
        self.feeds = feeds
        self.connections = connections
        self.batch = batch
        self.isRawAuditOn = isRawAuditOn
        self.consumerName = consumerName
        self.claim = claim
        self.trim = trim
        self.letters = letters
        self.partitions = partitions
        self.retry = retry
        self.deliveriesBeforeAlone = deliveriesBeforeAlone
        self.cachedSelections = cachedSelections
    }

    /// Throws `.invalidConfiguration` with a sentence for people.
    package func validate() throws(WriterError) {
        func require(_ holds: Bool, _ sentence: String) throws(WriterError) {
            if !holds { throw .invalidConfiguration(sentence) }
        }
        try require((1...4).contains(connections), "postgres.connections is \(connections): it must be 1 to 4")
        try require((1...100_000).contains(batch.rows), "writer.batch_rows is \(batch.rows): it must be 1 to 100,000")
        try require(
            (64 << 10...256 << 20).contains(batch.bytes),
            "writer.batch_bytes is \(batch.bytes): it must be 64 KiB to 256 MiB")
        try require(
            batch.period > .zero && batch.period <= .seconds(5),
            "writer.batch_period is \(batch.period): it must be above 0 and at most 5 s")
        try require(!consumerName.isEmpty, "the consumer name is empty")
        try require(
            claim.minimumIdle > batch.period * 4,
            "writer.claim_idle must be well above writer.batch_period, or writers take each other's work")
        try require(Set(feeds.map(\.name)).count == feeds.count, "a feed is named twice")
    }

    /// Which feeds worker `worker` reads. While there are enough feeds each is read by one worker, because a feed whose
    /// entries come unbroken is cheaper to write; a worker without a feed of its own helps with one.
    package func feeds(ofWorker worker: Int) -> [Int] {
        guard !feeds.isEmpty else { return [] }
        if feeds.count < connections { return [worker % feeds.count] }
        return feeds.indices.filter { $0 % connections == worker }
    }
}

/// A feed that is written.
package struct WriterFeed: Sendable, Hashable {
    package var name: FeedName
    /// `sportsbook`, `betfair`, …: a column of `feeds`.
    package var provider: String

    package init(name: FeedName, provider: String) {
        self.name = name
        self.provider = provider
    }
}

/// When entries of a consumer that went away are taken over.
package struct ClaimPolicy: Sendable, Equatable {
    package var interval: Duration
    package var minimumIdle: Duration
    /// Entries a pass, per feed, at most: large ones are claimed a few at a time.
    package var count: Int

    package init(interval: Duration = .seconds(5), minimumIdle: Duration = .seconds(60), count: Int = 100) {
        self.interval = interval
        self.minimumIdle = minimumIdle
        self.count = count
    }
}

/// What is taken off the streams, and when.
package struct TrimPolicy: Sendable, Equatable {
    package var interval: Duration
    /// What stays in `events` whatever has been written of it, by `received_at`.
    package var minimumRetention: Duration
    /// The share of Redis' `maxmemory` above which the minimum retention yields: below the one at which feeds stop appending.
    package var memoryShare: Double
    /// A Broadcasters' checkpoint older than this no longer holds `events` back.
    package var checkpointAge: Duration

    package init(
        interval: Duration = .seconds(10), minimumRetention: Duration = .seconds(600), memoryShare: Double = 0.8,
        checkpointAge: Duration = .seconds(600)
    ) {
        self.interval = interval
        self.minimumRetention = minimumRetention
        self.memoryShare = memoryShare
        self.checkpointAge = checkpointAge
    }
}
