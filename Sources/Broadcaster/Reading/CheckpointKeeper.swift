import FeedModel
import Logging
import RedisStreams
import Synchronization
import Telemetry

/// Stores the feeds' state in Redis now and then, so that an instance that starts need not have seen all of it. One
/// instance writes for all, by lease.
final class CheckpointKeeper: Sendable {
    private struct State {
        /// Feeds whose lease is held and whose turn has come.
        var wanted: Set<Int> = []
        var offered: [Int: BookCheckpoint] = [:]
        /// The frame of each feed's last checkpoint, so that a silent feed costs nothing.
        var written: [Int: FrameNumber] = [:]
        /// When an image was last asked for.
        var asked: [Int: ContinuousClock.Instant] = [:]
    }

    /// How long the provider is given to answer a request for its whole state before it is asked again.
    private static let imagePatience = Duration.seconds(120)

    private let configuration: BroadcasterConfiguration
    private let metrics: BroadcasterMetrics
    private let logger: Logger
    private let names: [StreamNames]
    private let state = Mutex(State())

    init(configuration: BroadcasterConfiguration, metrics: BroadcasterMetrics, logger: Logger) {
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        names = configuration.feeds.map { StreamNames(prefix: configuration.prefix, feed: $0) }
    }

    /// Called by the reader between turns: takes the feeds' state if a checkpoint is due. Cheap when none is.
    func offer(_ books: [FeedBook]) {
        state.withLock { state in
            guard !state.wanted.isEmpty else { return }
            for feed in state.wanted {
                if let checkpoint = books[feed].checkpoint { state.offered[feed] = checkpoint }
            }
            state.wanted.removeAll()
        }
    }

    func run() async throws {
        let connection = RedisConnection(endpoint: configuration.redis, name: "broadcast-save")
        while !Task.isCancelled {
            do {
                try await connection.connect()
                try await pass(connection)
                try await Task.sleep(for: configuration.checkpointInterval)
            } catch is CancellationError {
                break
            } catch {
                metrics.failed("checkpoint")
                logger.debug("checkpoint failed", metadata: [LogKey.error: "\(error)"])
                try? await Task.sleep(for: configuration.checkpointInterval)
            }
        }
        await release(connection)
        await connection.close()
    }

    private func pass(_ connection: RedisConnection) async throws {
        for feed in names.indices where try await hasLease(feed, connection) {
            state.withLock { _ = $0.wanted.insert(feed) }
        }
        // The reader wakes up at least every 500 ms.
        try await Task.sleep(for: .seconds(1))
        for (feed, checkpoint) in state.withLock({ takeOffered(&$0) }) {
            guard state.withLock({ $0.written[feed] }) != checkpoint.frame else { continue }
            let bytes = checkpoint.encoded()
            _ = try await connection.advanceCheckpoint(
                names[feed].checkpoint, rank: UInt64(checkpoint.frame), bytes)
            state.withLock { $0.written[feed] = checkpoint.frame }
            if checkpoint.isPartial { try await askForImage(feed, connection) }
        }
    }

    private func takeOffered(_ state: inout State) -> [Int: BookCheckpoint] {
        defer { state.offered.removeAll() }
        return state.offered
    }

    private func leaseKey(_ feed: Int) -> String { "\(names[feed].checkpoint):owner" }

    private func hasLease(_ feed: Int, _ connection: RedisConnection) async throws -> Bool {
        let duration = configuration.checkpointInterval * 3
        return try await connection.acquireLease(
            key: leaseKey(feed), owner: configuration.ownerName, for: duration)
    }

    /// Nobody knows the feed's whole state: only the provider can tell it.
    private func askForImage(_ feed: Int, _ connection: RedisConnection) async throws {
        let isDue = state.withLock { state in
            guard state.asked[feed].map({ $0.duration(to: .now) > Self.imagePatience }) ?? true else { return false }
            state.asked[feed] = .now
            return true
        }
        guard isDue else { return }
        let request = FeedRequest.freshImage(why: "the Broadcasters know only part of the feed's state")
        guard try await connection.appendNext(to: names[feed].requests, payload: request.encoded()) != nil else {
            return
        }
        logger.info("asked for the feed's whole state", metadata: [LogKey.feed: "\(configuration.feeds[feed])"])
    }

    private func release(_ connection: RedisConnection) async {
        for feed in names.indices {
            // Whoever cannot say so is found out when the lease runs out.
            _ = try? await connection.releaseLease(key: leaseKey(feed), owner: configuration.ownerName)
        }
    }
}
