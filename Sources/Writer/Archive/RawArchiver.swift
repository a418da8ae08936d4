import FeedModel
import Logging
import PostgresCopy
import RedisStreams
import Telemetry

/// Keeps what the socket delivered, byte for byte: one row of `raw_frames` per entry of `raw`, each once by its key.
struct RawArchiver {
    private let routes: [FeedRoute]
    private let consumer: String
    private let retry: SinkRetry
    private let partitions: PartitionKeeper
    private let redis: RedisConnection
    private let health: HealthRegistry
    private let policy: BatchPolicy
    private var isPastBacklog: Set<Int> = []
    private var readSize = ReadSize(most: RawArchiver.entriesPerRead)

    init(
        routes: [FeedRoute], consumer: String, retry: SinkRetry, partitions: PartitionKeeper, redis: RedisConnection,
        health: HealthRegistry, policy: BatchPolicy
    ) {
        self.routes = routes
        self.consumer = consumer
        self.retry = retry
        self.partitions = partitions
        self.redis = redis
        self.health = health
        self.policy = policy
    }

    private static let component = "redis writer-raw"
    /// An entry is 64 KiB at most unless a single frame is larger.
    private static let entriesPerRead = 64
    private static let idlePause = Duration.milliseconds(200)

    mutating func run() async throws {
        let duty = RedisDuty(
            redis: redis, component: Self.component, stop: retry.stop, health: health, metrics: retry.metrics,
            logger: retry.logger)
        try await duty.run {
            try await archiveWhatCanBeRead()
        } lost: {
            isPastBacklog = []
        }
        await redis.close()
    }

    private mutating func archiveWhatCanBeRead() async throws {
        do { try await archive() } catch let error as EntryError {
            // Only an upgraded process can read it: nothing is acknowledged, and the other workers go on.
            health.report(Self.component, .down("\(error)"))
            retry.logger.error("raw audit has stopped reading", metadata: [LogKey.error: "\(error)"])
            isPastBacklog = []
            try await retry.stop.pause(for: .seconds(5))
        }
    }

    private mutating func archive() async throws {
        while !retry.stop.isRequested {
            var wasBusy = false
            for route in routes where try await archiveSome(of: route) { wasBusy = true }
            if !wasBusy { try await retry.stop.pause(for: Self.idlePause) }
        }
    }

    /// One transaction's worth of a feed; false when there was nothing.
    private mutating func archiveSome(of route: FeedRoute) async throws -> Bool {
        var rows = RawBatch()
        var ids: [StreamID] = []
        var bytes = 0
        var after = StreamID.zero
        var isBacklog = !isPastBacklog.contains(route.index)
        while bytes < policy.bytes {
            let asked = readSize.entries
            guard let batch = try await read(route, isBacklog ? .backlog(after: after) : .new) else {
                guard isBacklog else { break }
                isBacklog = false
                isPastBacklog.insert(route.index)
                continue
            }
            readSize.note(batch.entries)
            for entry in batch.entries { try rows.append(entry.payload, feedID: route.feedID) }
            ids += batch.entries.map(\.id) + batch.deleted
            bytes += batch.entries.reduce(0) { $0 + $1.payload.count }
            after = ids.last ?? after
            if batch.entries.count < asked, !isBacklog { break }
        }
        guard !ids.isEmpty else { return false }
        try await write(rows)
        try await redis.acknowledge(stream: route.streams.raw, group: ConsumerGroup.archiver, ids)
        return true
    }

    private func read(_ route: FeedRoute, _ cursor: GroupCursor) async throws -> StreamBatch? {
        let reading = try await redis.readIfThere(
            route.streams.raw, group: ConsumerGroup.archiver, consumer: consumer, from: cursor,
            count: readSize.entries)
        switch reading {
        case .batch(let batch): return batch
        case .nothing: return nil
        case .missing:
            _ = try await redis.makeGroup(ConsumerGroup.archiver, of: route.streams.raw)
            return nil
        }
    }

    // MARK: Rows

    private func write(_ batch: RawBatch) async throws {
        guard !batch.isEmpty else { return }
        let connection = retry.connection
        let stored = try await retry.run(batch) { batch in
            try await connection.withTransaction { try batch.write($0) }
        } mend: { _, kind, batch in
            try await kind == .missingPartition ? makePartitions(for: &batch) : .wait
        }
        retry.metrics.storedRaw(rows: stored.rows, bytes: stored.bytes)
        retry.metrics.refusedRaw(letters: stored.letters)
    }

    /// Makes the partitions that a batch needs; entries for which there is none, and none is made, become dead letters: an archive
    /// that waited for them would keep `raw` from being trimmed until the feed stops.
    private func makePartitions(for batch: inout RawBatch) async throws -> SinkRetry.Remedy {
        let now = WallClock.now
        var refused = batch.leaveOut { row in
            if partitions.makesRoom(for: row.header.receivedAt, now: now) { return nil }
            return row.header.receivedAt < now
                ? "they are too old to get a partition" : "they are too far in the future to get a partition"
        }
        var result = PartitionsMade()
        if let times = batch.times {
            result = try await partitions.ensure(covering: times, now: now, retry.connection)
            refused += batch.leaveOut { row in
                result.detachedName(of: .rawFrames, at: row.header.receivedAt)
                    .map { "\(PartitionError.detached([$0]))" }
            }
        }
        guard refused > 0 else { return result.made.isEmpty ? .wait : .retry }
        retry.logger.error(
            "raw frames have no partition and become dead letters", metadata: [LogKey.entries: "\(refused)"])
        return .retry
    }
}
