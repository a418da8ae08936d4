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
    private var reconnect = ReconnectBackoff(initial: .milliseconds(100), maximum: .seconds(5))

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
        trimmer = StreamTrimmer(
            policy: configuration.trim, isRawAuditOn: configuration.isRawAuditOn, redis: redis, logger: logger)
    }

    private static let component = "redis writer-streams"
    /// How far below the share at which history gives way passes come every second.
    private static let approach = 0.1

    mutating func run() async throws {
        while !stop.isRequested {
            do {
                try await redis.connect()
                health.report(Self.component, .up)
                reconnect.reset()
                try await keep()
            } catch let error as RedisError {
                var random = SystemRandomNumberGenerator()
                health.report(Self.component, .down("\(error)"))
                metrics.failed(.redis)
                try await stop.pause(for: reconnect.next(using: &random))
            }
        }
        let past = WallClock.now.milliseconds - Upkeep.consumerIdle.microseconds / 1_000
        try? await redis.removeWorker(workersKey, name: configuration.consumerName, olderThan: past)
        await redis.close()
    }

    private func keep() async throws {
        while !stop.isRequested {
            try await redis.touchWorker(
                workersKey, name: configuration.consumerName, now: WallClock.now.milliseconds)
            let pressure = try await pressure()
            for route in routes { try await trimmer.trim(route, under: pressure) }
            try await pause()
        }
    }

    private func pressure() async throws(RedisError) -> MemoryPressure {
        let facts = try await redis.serverFacts()
        RedisGauges().record(facts)
        return MemoryPressure(share: facts.memoryShare, limit: configuration.trim.memoryShare)
    }

    /// A feed that waits for room must not wait for our turn.
    private func pause() async throws {
        let next = ContinuousClock.now + configuration.trim.interval
        while ContinuousClock.now < next, !stop.isRequested {
            try await stop.pause(for: .seconds(1))
            // Close to the limit already: what ten seconds bring at full speed is a good part of the memory.
            if try await redis.memoryShare() > configuration.trim.memoryShare - Self.approach { return }
        }
    }

    private var workersKey: String { StreamNames.workers(prefix: configuration.prefix, stage: "write") }
}
