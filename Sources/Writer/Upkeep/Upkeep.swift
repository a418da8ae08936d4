import FeedModel
import Logging
import RedisStreams
import Telemetry

/// What the stage does beside writing, a little at a time on connections of its own: dead letters into their table every second;
/// the search for losses, and for Writers that sleep, every ten; the number of letters every minute; partitions and consumers that went away every five; old
/// letters every hour. All of it waits while Postgres is away; what does not is `StreamUpkeep`.
struct Upkeep {
    private let configuration: WriterConfiguration
    private let routes: [FeedRoute]
    private let retry: SinkRetry
    private let partitions: PartitionKeeper
    private let redis: RedisConnection
    private let health: HealthRegistry
    private var letters: DeadLetterDrain
    private var keeper: LetterKeeper
    private var chain: ChainWatch
    private var nextLook = ContinuousClock.now
    private var nextPartitions = ContinuousClock.now
    private var nextCount = ContinuousClock.now
    private var nextRetirement = ContinuousClock.now
    private var nextWaking = ContinuousClock.now

    /// - Parameter written: when the last entry of each feed in the ledger was received, before anything is written.
    init(
        configuration: WriterConfiguration, routes: [FeedRoute], retry: SinkRetry, partitions: PartitionKeeper,
        redis: RedisConnection, health: HealthRegistry, written: [Int16: Timestamp]
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
        chain = ChainWatch(retry: retry, redis: redis, written: written)
    }

    private static let component = "redis writer-upkeep"
    /// Under which name it is told that rows of a day have no place.
    static let partitionsComponent = "partitions"
    private static let pause = Duration.seconds(1)
    private static let partitionInterval = Duration.seconds(300)
    private static let countInterval = Duration.seconds(60)
    private static let retirementInterval = Duration.seconds(3_600)
    private static let wakingInterval = Duration.seconds(10)
    /// A consumer that has asked for nothing for so long, and has nothing pending, is forgotten.
    static let consumerIdle = Duration.seconds(600)

    mutating func run() async throws {
        let duty = RedisDuty(
            redis: redis, component: Self.component, stop: retry.stop, health: health, metrics: retry.metrics,
            logger: retry.logger)
        try await duty.run {
            try await keep()
        } lost: {
            letters.restart()
        }
        await redis.close()
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
            if ContinuousClock.now >= nextWaking {
                nextWaking = .now + Self.wakingInterval
                try await endSleepers()
            }
            if ContinuousClock.now >= nextLook {
                nextLook = .now + configuration.trim.interval
                for route in routes {
                    // What is wrong with one feed's keys `StreamUpkeep` says.
                    do { try await chain.look(at: route) } catch let error as RedisError {
                        guard error.refusal == .wrongType else { throw error }
                    }
                }
            }
            try await retry.stop.pause(for: Self.pause)
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

    private func endSleepers() async throws {
        let connection = retry.connection
        let ended = try await retry.run(()) { _ in
            try await SleepingWriters().end(connection)
        } mend: { _, _, _ in
            .wait
        }
        if ended > 0 {
            retry.logger.warning(
                "sessions of writers that sleep in the middle of a COPY were ended: others wait for what they hold",
                metadata: ["sessions": "\(ended)"])
        }
    }

    // MARK: Partitions

    private func keepPartitions() async throws {
        let connection = retry.connection
        let (result, facts) = try await retry.run(()) { _ in
            (try await partitions.ensure(at: WallClock.now, connection), try await partitions.list(connection))
        } mend: { _, _, _ in
            .wait
        }
        health.report(Self.partitionsComponent, result.trouble.map { .degraded("\($0)") } ?? .up)
        retry.metrics.partitions(ahead: partitions.planner.aheadCount(facts, at: WallClock.now))
    }

    // MARK: Consumers

    private func forgetConsumers() async throws {
        for route in routes {
            for stream in [route.streams.events, route.streams.dead] {
                try await redis.removeIdleConsumersIfThere(
                    stream: stream, group: ConsumerGroup.writer, idle: Self.consumerIdle)
            }
        }
    }
}
