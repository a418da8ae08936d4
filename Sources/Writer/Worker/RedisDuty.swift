import Logging
import RedisStreams
import Telemetry

/// Work on a Redis connection of its own that goes on until the stage stops: connects, works, and after a failure of Redis says so,
/// waits and begins again.
struct RedisDuty: Sendable {
    let redis: RedisConnection
    /// What health calls it.
    let component: String
    let stop: StopSignal
    let health: HealthRegistry
    let metrics: WriterMetrics
    let logger: Logger

    /// - Parameters:
    ///   - work: returns when the stage stops.
    ///   - lost: called after a failure of Redis, before the connection is made again.
    func run(_ work: () async throws -> Void, lost: () -> Void = {}) async throws {
        var reconnect = ReconnectBackoff(initial: .milliseconds(100), maximum: .seconds(5))
        while !stop.isRequested {
            do {
                try await redis.connect()
                health.report(component, .up)
                reconnect.reset()
                try await work()
            } catch let error as RedisError {
                var random = SystemRandomNumberGenerator()
                health.report(component, .down("\(error)"))
                metrics.failed(.redis)
                lost()
                try await stop.pause(for: reconnect.next(using: &random))
            } catch WriterError.abandoned(let why) {
                logger.warning("stopped while postgres is away", metadata: [LogKey.error: "\(why)"])
            }
        }
    }
}
