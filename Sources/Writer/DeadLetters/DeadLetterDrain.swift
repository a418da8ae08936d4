import FeedModel
import Logging
import PostgresCopy
import RedisStreams
import Telemetry

/// Moves dead letters from the feeds' `dead` streams into table `dead_letters`, each once: by feed, position and stage.
struct DeadLetterDrain {
    private let routes: [FeedRoute]
    private let consumer: String
    private let retry: SinkRetry
    private let redis: RedisConnection
    /// Feeds whose backlog was read to its end.
    private var isPastBacklog: Set<Int> = []
    /// Feeds whose letters only a newer build can read.
    private var isHalted: Set<Int> = []

    init(routes: [FeedRoute], consumer: String, retry: SinkRetry, redis: RedisConnection) {
        self.routes = routes
        self.consumer = consumer
        self.retry = retry
        self.redis = redis
    }

    /// A letter can be as large as a frame.
    private var readSize = ReadSize(most: 200)

    /// Reads everything again that was not acknowledged.
    mutating func restart() { isPastBacklog = [] }

    /// Takes what there is, of every feed.
    mutating func drain(health: HealthRegistry) async throws {
        for route in routes where !isHalted.contains(route.index) {
            while try await drainSome(of: route, health), !retry.stop.isRequested {}
        }
    }

    /// One read and one transaction; false when there was nothing.
    private mutating func drainSome(of route: FeedRoute, _ health: HealthRegistry) async throws -> Bool {
        let isBacklog = !isPastBacklog.contains(route.index)
        let reading = try await redis.readIfThere(
            route.streams.dead, group: ConsumerGroup.writer, consumer: consumer,
            from: isBacklog ? .backlog(after: .zero) : .new, count: readSize.entries)
        switch reading {
        case .missing: return try await redis.makeGroup(ConsumerGroup.writer, of: route.streams.dead) == .made
        case .nothing:
            isPastBacklog.insert(route.index)
            return isBacklog
        case .batch(let batch):
            readSize.note(batch.entries)
            return try await store(batch, of: route, health)
        }
    }

    private mutating func store(
        _ batch: StreamBatch, of route: FeedRoute, _ health: HealthRegistry
    ) async throws -> Bool {
        let letters = try read(batch.entries, route, health)
        if !letters.isEmpty { try await write(letters.map { (route.feedID, $0) }) }
        let done = batch.entries.prefix(letters.count).map(\.id) + batch.deleted
        try await redis.acknowledge(stream: route.streams.dead, group: ConsumerGroup.writer, Array(done))
        return !isHalted.contains(route.index)
    }

    /// Up to the first that only a newer build can read.
    private mutating func read(
        _ entries: [StreamEntry], _ route: FeedRoute, _ health: HealthRegistry
    ) throws -> [DeadLetter] {
        var letters: [DeadLetter] = []
        for entry in entries {
            do {
                letters.append(try DeadLetter(decoding: entry.payload))
            } catch EntryError.unknownVersion(let version) {
                isHalted.insert(route.index)
                let error = WriterError.unknownVersion(feed: route.name.text, version: version)
                health.report("dead letters of \(route.name)", .down("\(error)"))
                retry.logger.error("dead letters are left where they are", metadata: [LogKey.error: "\(error)"])
                break
            } catch {
                letters.append(DeadLetter(unreadable: entry, "\(error)"))
            }
        }
        return letters
    }

    private func write(_ letters: [(feedID: Int16, letter: DeadLetter)]) async throws {
        let statement = LetterInsert.statement(letters)
        let connection = retry.connection
        let stored = try await retry.run(()) { _ in
            try await connection.withSession { try $0.query(statement).count }
        } mend: { _, _, _ in
            .wait
        }
        retry.metrics.storedLetters(stored)
    }
}

extension DeadLetter {
    /// A letter that cannot be read: kept as it is. Its id in the stream is `<frame>-<ordinal + 1>`.
    init(unreadable entry: StreamEntry, _ why: String) {
        let frame = FrameNumber(clamping: entry.id.milliseconds)
        let ordinal = Int(clamping: entry.id.sequence) - 1
        self.init(
            position: Position(frame: frame, ordinal: max(0, min(ordinal, Position.messagesPerFrame - 1))),
            stage: .processor, reason: .badValue, detail: "unreadable dead letter: \(why)", payload: entry.payload,
            receivedAt: WallClock.now)
    }
}
