import ExportFiles
import FeedModel
import Logging
import ObjectStore
import PostgresCopy
import Telemetry

/// Retires partitions by policy, once an hour, on a connection of its own, because a file may take long. Several Writers may
/// do so: one works, the others find nothing left.
struct PartitionRetirer {
    let policy: PartitionPolicy
    let connection: PostgresConnection
    let stop: StopSignal
    let health: HealthRegistry
    let logger: Logger

    /// A disk that fills because nothing is retired is seen here first.
    static let component = "partition retirement"

    private static let interval = Duration.seconds(3_600)
    private static let pauseAfterTrouble = Duration.seconds(300)

    func run() async throws {
        guard !policy.keepsEverything else { return }
        while !stop.isRequested {
            var pause = Self.interval
            do {
                try await connection.connect()
                try await retireExpired(at: WallClock.now)
                health.report(Self.component, .up)
            } catch is CancellationError where stop.isRequested {
                break
            } catch PartitionError.othersAreAtIt {
                // They do what is to be done.
            } catch {
                if Task.isCancelled { throw error }
                pause = Self.pauseAfterTrouble
                health.report(Self.component, .degraded("partitions could not be retired: \(error)"))
                logger.warning(
                    "partitions could not be retired: it will be tried again", metadata: ["error": "\(error)"])
            }
            await connection.close()
            try await stop.pause(for: pause)
        }
        await connection.close()
    }

    /// What is past its time, and what an interrupted retirement has left. One whose name in the archive belongs to another
    /// file is no reason to keep the others.
    ///
    /// - Throws: the first failure, once the others have had their turn.
    func retireExpired(at now: Timestamp) async throws {
        let facts = try await PartitionKeeper().listAll(connection)
        let expired = policy.expired(facts.filter { !$0.isDetached || $0.isRetiring }, at: now)
        let end = policy.archive.map { PartitionRetirement.End.archive($0) } ?? .drop
        let retirement = PartitionRetirement(isStopping: { [stop] in stop.isRequested })
        var failure: (any Error)?
        for facts in expired where !stop.isRequested {
            do {
                try await retirement.retire(facts.name, end, connection) { tell($0) }
            } catch  where Self.isOccupied(error) {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    private func tell(_ step: PartitionRetirement.Step) {
        if case .archived(let file) = step {
            logger.info("a partition was archived", metadata: ["file": "\(file.path)", "rows": "\(file.rows)"])
        }
        if case .dropped(let name) = step { logger.info("a partition was retired", metadata: ["table": "\(name)"]) }
    }

    private static func isOccupied(_ error: any Error) -> Bool {
        if case .occupied? = error as? ExportError { return true }
        if case .occupied? = error as? ObjectStoreError { return true }
        return false
    }
}
