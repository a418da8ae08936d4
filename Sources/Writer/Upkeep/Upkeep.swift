import FeedModel
import Logging
import RedisStreams
import Telemetry

/// What the stage does beside writing, a little at a time on connections of its own: dead letters into their table
/// every
/// second; trimming, gauges and the search for losses every ten; the number of letters every minute; partitions and
/// consumers that went away every five; old letters every hour.
struct Upkeep {
    private let configuration: WriterConfiguration
    private let routes: [FeedRoute]
    private let retry: SinkRetry
    private let partitions: PartitionKeeper
    private let redis: RedisConnection
    private let health: HealthRegistry
    private var letters: DeadLetterDrain
    private var keeper: LetterKeeper
    private let trimmer: StreamTrimmer
    private var chain: ChainWatch
    private var nextTrim = ContinuousClock.now
    private var nextPartitions = ContinuousClock.now
    private var nextCount = ContinuousClock.now
    private var nextRetirement = ContinuousClock.now
    private var reconnect = ReconnectBackoff(initial: .milliseconds(100), maximum: .seconds(5))

    init(
        configuration: WriterConfiguration, routes: [FeedRoute], retry: SinkRetry, partitions: PartitionKeeper,
        redis: RedisConnection, health: HealthRegistry
    ) {
        self.configuration = configuration
        self.routes = routes
        self.retry = retry
        self.partitions = partitions
        self.redis = redis
        self.health = health
        letters = DeadLetterDrain(
            routes: routes, consumer: "\(configuration.consumerName)-dead", retry: retry, redis: redis)
        keeper = LetterKeeper(policy: configuration.letters, retry: retry, partitions: partitions, health: health)
        trimmer = StreamTrimmer(
            policy: configuration.trim, isRawAuditOn: configuration.isRawAuditOn, redis: redis, logger: retry.logger)
        chain = ChainWatch(retry: retry, redis: redis)
    }

    private static let component = "redis writer-upkeep"
    private static let pause = Duration.seconds(1)
    private static let partitionInterval = Duration.seconds(300)
    private static let countInterval = Duration.seconds(60)
    private static let retirementInterval = Duration.seconds(3_600)
    /// A consumer that has asked for nothing for so long, and has nothing pending, is forgotten.
    private static let consumerIdle = Duration.seconds(600)

    mutating func run() async throws {
        while !retry.stop.isRequested {
            do {
                try await redis.connect()
                health.report(Self.component, .up)
                reconnect.reset()
                try await keep()
            } catch let error as RedisError {
                var random = SystemRandomNumberGenerator()
                health.report(Self.component, .down("\(error)"))
                retry.metrics.failed(.redis)
                letters.restart()
                try await retry.stop.pause(for: reconnect.next(using: &random))
            } catch WriterError.abandoned(let why) {
                retry.logger.warning("stopped while postgres is away", metadata: [LogKey.error: "\(why)"])
            }
        }
        try await leave()
    }

    private mutating func keep() async throws {
        while !retry.stop.isRequested {
            try await letters.drain(health: health)
            try await keepLetters()
            if ContinuousClock.now >= nextPartitions {
                nextPartitions = .now + Self.partitionInterval
                try await keepPartitions()
                try await forgetConsumers()
            }
            try await trim()
            try await retry.stop.pause(for: Self.pause)
        }
    }

    /// Now and then, and at once while Redis is short of memory: a feed that waits for room must not wait for our turn.
    private mutating func trim() async throws {
        let isDue = ContinuousClock.now >= nextTrim
        let pressure = MemoryPressure(
            share: try await redis.memoryShare(), limit: configuration.trim.memoryShare)
        guard isDue || pressure.isOn else { return }
        if isDue {
            nextTrim = .now + configuration.trim.interval
            try await touch()
        }
        for route in routes {
            if isDue { try await chain.look(at: route) }
            try await trimmer.trim(route, under: pressure)
        }
    }

    private mutating func keepLetters() async throws {
        if ContinuousClock.now >= nextRetirement {
            nextRetirement = .now + Self.retirementInterval
            try await keeper.retire()
        }
        if ContinuousClock.now >= nextCount {
            nextCount = .now + Self.countInterval
            try await keeper.count()
        }
    }

    // MARK: Partitions

    private func keepPartitions() async throws {
        let connection = retry.connection
        let facts = try await retry.run(()) { _ in
            try await partitions.ensure(at: WallClock.now, connection)
            return try await partitions.list(connection)
        } mend: { _, _, _ in
            .wait
        }
        retry.metrics.partitions(ahead: partitions.planner.aheadCount(facts, at: WallClock.now))
    }

    // MARK: Workers and consumers

    private var workersKey: String { StreamNames.workers(prefix: configuration.prefix, stage: "write") }

    private func touch() async throws {
        try await redis.touchWorker(
            workersKey, name: configuration.consumerName, now: WallClock.now.milliseconds)
    }

    private func leave() async throws {
        let past = WallClock.now.milliseconds - Self.consumerIdle.microseconds / 1_000
        try? await redis.removeWorker(workersKey, name: configuration.consumerName, olderThan: past)
        await redis.close()
    }

    private func forgetConsumers() async throws {
        for route in routes {
            for stream in [route.streams.events, route.streams.dead] {
                try await redis.removeIdleConsumersIfThere(
                    stream: stream, group: ConsumerGroup.writer, idle: Self.consumerIdle)
            }
        }
    }
}
