import FeedModel
import Logging
import RedisStreams
import Telemetry

/// What the stage does for the streams, every ten seconds, and every second while Redis is short of memory: trims them, tells
/// how long they are and how far behind their groups, and says that this worker lives. It needs no Postgres: while that is away
/// the streams grow, and somebody has to see it.
struct StreamUpkeep {
    private let configuration: WriterConfiguration
    private let routes: [FeedRoute]
    private let redis: RedisConnection
    private let trimmer: StreamTrimmer
    private let metrics: WriterMetrics
    private let stop: StopSignal
    private let health: HealthRegistry
    private let logger: Logger

    init(
        configuration: WriterConfiguration, routes: [FeedRoute], redis: RedisConnection, metrics: WriterMetrics,
        stop: StopSignal, health: HealthRegistry, logger: Logger
    ) {
        self.configuration = configuration
        self.routes = routes
        self.redis = redis
        self.metrics = metrics
        self.stop = stop
        self.health = health
        self.logger = logger
        trimmer = StreamTrimmer(
            policy: configuration.trim, isRawAuditOn: configuration.isRawAuditOn, redis: redis, logger: logger)
    }

    private static let component = "redis writer-streams"
    /// How far below the share at which history gives way passes come every second.
    private static let approach = 0.1

    func run() async throws {
        let duty = RedisDuty(
            redis: redis, component: Self.component, stop: stop, health: health, metrics: metrics, logger: logger)
        try await duty.run { try await keep() }
        let past = WallClock.now.milliseconds - Upkeep.consumerIdle.microseconds / 1_000
        try? await redis.removeWorker(workersKey, name: configuration.consumerName, olderThan: past)
        await redis.close()
    }

    private func keep() async throws {
        while !stop.isRequested {
            let pressure = try await pressure()
            for route in routes {
                // One feed's keys are no reason to leave the others.
                do { try await trimmer.trim(route, under: pressure) } catch let error as RedisError {
                    guard error.refusal == .wrongType else { throw error }
                    logger.error(
                        "something else is under the name of a stream: delete it",
                        metadata: [LogKey.feed: "\(route.name)", LogKey.error: "\(error)"])
                }
            }
            try await sayAlive()
            try await pause()
        }
    }

    /// Behind the trimming, which alone makes room in a Redis that is full: that one refuses this as well.
    private func sayAlive() async throws(RedisError) {
        do {
            try await redis.touchWorker(
                workersKey, name: configuration.consumerName, now: WallClock.now.milliseconds)
        } catch {
            guard error.refusal == .outOfMemory else { throw error }
        }
    }

    private func pressure() async throws(RedisError) -> MemoryPressure {
        let facts = try await redis.serverFacts()
        RedisGauges().record(facts)
        return MemoryPressure(share: facts.memory.share, limit: configuration.trim.memoryShare)
    }

    /// A feed that waits for room must not wait for our turn.
    private func pause() async throws {
        let next = ContinuousClock.now + configuration.trim.interval
        while ContinuousClock.now < next, !stop.isRequested {
            try await stop.pause(for: .seconds(1))
            // Close to the limit already: what ten seconds bring at full speed is a good part of the memory.
            if try await redis.memoryUse().share > configuration.trim.memoryShare - Self.approach { return }
        }
    }

    private var workersKey: String { StreamNames.workers(prefix: configuration.prefix, stage: "write") }
}
