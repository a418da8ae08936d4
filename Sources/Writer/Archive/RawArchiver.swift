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
        var rows: [Row] = []
        var ids: [StreamID] = []
        var bytes = 0
        var after = StreamID.zero
        var isBacklog = !isPastBacklog.contains(route.index)
        while bytes < policy.bytes {
            guard let batch = try await read(route, isBacklog ? .backlog(after: after) : .new) else {
                guard isBacklog else { break }
                isBacklog = false
                isPastBacklog.insert(route.index)
                continue
            }
            for entry in batch.entries { rows.append(try row(entry, route)) }
            ids += batch.entries.map(\.id) + batch.deleted
            bytes += batch.entries.reduce(0) { $0 + $1.payload.count }
            after = ids.last ?? after
            if batch.entries.count < Self.entriesPerRead, !isBacklog { break }
        }
        guard !ids.isEmpty else { return false }
        try await write(rows)
        try await redis.acknowledge(stream: route.streams.raw, group: ConsumerGroup.archiver, ids)
        return true
    }

    private func read(_ route: FeedRoute, _ cursor: GroupCursor) async throws -> StreamBatch? {
        let reading = try await redis.readIfThere(
            route.streams.raw, group: ConsumerGroup.archiver, consumer: consumer, from: cursor,
            count: Self.entriesPerRead)
        switch reading {
        case .batch(let batch): return batch
        case .nothing: return nil
        case .missing:
            _ = try await redis.makeGroup(ConsumerGroup.archiver, of: route.streams.raw)
            return nil
        }
    }

    // MARK: Rows

    private struct Row: Sendable {
        let feedID: Int16
        let first: FrameNumber
        let receivedAt: Int64
        let kind: Int16
        let frames: [UInt8]
    }

    private func row(_ entry: StreamEntry, _ route: FeedRoute) throws -> Row {
        let (header, frames) = try RawFrames.section(of: entry.payload)
        return Row(
            feedID: route.feedID, first: header.first, receivedAt: header.receivedAt.microseconds,
            kind: Int16(header.kind.rawValue), frames: Array(frames))
    }

    private static let insert = """
        INSERT INTO raw_frames (feed_id, first_frame, received_at, kind, frames)
        SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::timestamptz[], $4::smallint[], $5::bytea[])
        ON CONFLICT DO NOTHING
        """

    private func write(_ rows: [Row]) async throws {
        guard !rows.isEmpty else { return }
        let connection = retry.connection
        let statement = PostgresStatement(
            Self.insert,
            [
                .int16s(rows.map(\.feedID)), .int64s(rows.map(\.first)), .timestamptzs(rows.map(\.receivedAt)),
                .int16s(rows.map(\.kind)), .byteas(rows.map(\.frames)),
            ])
        let times = rows.map { Timestamp(microseconds: $0.receivedAt) }
        let stored = try await retry.run(()) { _ in
            try await connection.withSession { try $0.query(statement).affectedRows }
        } mend: { _, kind, _ in
            guard kind == .missingPartition, let first = times.min(), let last = times.max() else { return .wait }
            let made = try await partitions.ensure(covering: first...last, now: WallClock.now, connection)
            return made.isEmpty ? .wait : .retry
        }
        retry.metrics.storedRaw(rows: stored, bytes: rows.reduce(0) { $0 + $1.frames.count })
    }
}
