import FeedModel
import Logging
import PostgresCopy
import Telemetry

/// Keeps the indexes of partitions every five minutes, on a connection of its own, because a build may wait for a long query.
/// Several Writers may do so: one works, the others find nothing left.
struct PartitionIndexer {
    let connection: PostgresConnection
    let stop: StopSignal
    let health: HealthRegistry
    let logger: Logger

    static let component = "partition indexes"

    private static let interval = Duration.seconds(300)
    /// A server that is being restarted is back soon.
    private static let pauseAfterLoss = Duration.seconds(15)

    func run() async throws {
        while !stop.isRequested {
            var pause = Self.interval
            do {
                try await connection.connect()
                try await keep(at: WallClock.now)
                health.report(Self.component, .up)
            } catch is CancellationError where stop.isRequested {
                break
            } catch PartitionError.othersAreAtIt {
                health.report(Self.component, .up)
            } catch {
                if Task.isCancelled { throw error }
                if await connection.isConnected {
                    health.report(Self.component, .degraded("partitions could not be indexed: \(error)"))
                } else {
                    pause = Self.pauseAfterLoss
                }
                logger.warning(
                    "partitions could not be indexed: it will be tried again", metadata: ["error": "\(error)"])
            }
            await connection.close()
            try await stop.pause(for: pause)
        }
        await connection.close()
    }

    private func keep(at now: Timestamp) async throws {
        let indexes = PartitionIndexes(isStopping: { [stop] in stop.isRequested })
        try await indexes.summarize(at: now, connection)
        try await indexes.build(at: now, connection) { [logger] name in
            logger.info("a full partition was indexed", metadata: ["table": "\(name)"])
        }
    }
}
