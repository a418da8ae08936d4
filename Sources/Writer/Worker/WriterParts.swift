import FeedModel
import Logging
import PostgresCopy
import RedisStreams
import Telemetry

/// Makes the parts of the stage, each with connections of its own, and runs them.
struct WriterParts: Sendable {
    let configuration: WriterConfiguration
    let health: HealthRegistry
    let stop: StopSignal
    let logger: Logger

    private var partitions: PartitionKeeper { PartitionKeeper(planner: configuration.partitions.planner) }

    /// Runs everything until the stage is stopped: the workers, the raw audit if it is on, and the upkeep.
    func run() async throws {
        guard let start = try await open() else { return }
        let routes = start.routes
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for worker in 0..<configuration.connections {
                tasks.addTask { try await runWorker(worker, routes) }
            }
            if configuration.isRawAuditOn { tasks.addTask { try await runArchiver(routes) } }
            tasks.addTask { try await runUpkeep(start) }
            tasks.addTask { try await runRetirer() }
            tasks.addTask { try await runIndexer() }
            tasks.addTask { try await runStreamUpkeep(routes) }
            try await tasks.waitForAll()
        }
    }

    /// What is known before anything is written.
    struct Start: Sendable {
        let routes: [FeedRoute]
        /// When the last entry of each feed in the ledger was received.
        let written: [Int16: Timestamp]
    }

    /// Waits for Postgres, checks its schema, makes partitions and the feeds' keys. Nil if the stage is stopped
    /// meanwhile.
    ///
    /// - Throws: `SchemaError`, because a wrong schema does not mend itself.
    func open() async throws -> Start? {
        let retry = retry("start")
        let partitions = self.partitions
        do {
            let result = try await retry.run(()) { _ -> Result<Start, any Error> in
                do {
                    try await SchemaMigrator().requireCurrent(retry.connection)
                } catch let error as SchemaError {
                    return .failure(error)
                }
                // What cannot be made the upkeep tells: the others take rows all the same.
                try await partitions.ensure(at: WallClock.now, retry.connection)
                let keys = try await FeedCatalogue.open(configuration.feeds, retry.connection)
                let written = try await ChainWatch.lastWritten(Array(keys.values), retry.connection)
                return Result { Start(routes: try routes(keys), written: written) }
            } mend: { _, _, _ in
                .wait
            }
            health.remove(Self.component("start"))
            await retry.connection.close()
            return try result.get()
        } catch WriterError.abandoned {
            return nil
        }
    }

    private func routes(_ keys: [FeedName: Int16]) throws(WriterError) -> [FeedRoute] {
        var routes: [FeedRoute] = []
        for feed in configuration.feeds {
            guard let key = keys[feed.name] else { throw .unknownFeed(feed.name.text) }
            routes.append(
                FeedRoute(
                    index: routes.count, feedID: key,
                    streams: StreamNames(prefix: configuration.prefix, feed: feed.name)))
        }
        return routes
    }

    // MARK: Parts

    func runWorker(_ number: Int, _ routes: [FeedRoute]) async throws {
        let mine = configuration.feeds(ofWorker: number).enumerated().map { index, feed in
            FeedRoute(index: index, feedID: routes[feed].feedID, streams: routes[feed].streams)
        }
        guard !mine.isEmpty else { return }
        let reader = RedisConnection(endpoint: configuration.redis, name: "writer-read-\(number)")
        let other = RedisConnection(endpoint: configuration.redis, name: "writer-ack-\(number)")
        let retry = retry("\(number)")
        let committer = BatchCommitter(
            retry: retry, acknowledger: other, partitions: partitions, routes: mine,
            tracer: configuration.tracer, metrics: retry.metrics, logger: retry.logger)
        let intake = StreamIntake(
            routes: mine, consumer: "\(configuration.consumerName)-\(number)", configuration: configuration,
            reader: reader, other: other, logger: retry.logger)
        var worker = WriterWorker(
            configuration: configuration, routes: mine, intake: intake, committer: committer, health: health,
            component: "redis writer-\(number)")
        try await worker.run()
        await reader.close()
        await other.close()
        await retry.connection.close()
    }

    func runArchiver(_ routes: [FeedRoute]) async throws {
        let retry = retry("raw")
        var archiver = RawArchiver(
            routes: routes, consumer: "\(configuration.consumerName)-raw", retry: retry, partitions: partitions,
            redis: RedisConnection(endpoint: configuration.redis, name: "writer-raw"), health: health,
            policy: configuration.batch)
        try await archiver.run()
        await retry.connection.close()
    }

    func runUpkeep(_ start: Start) async throws {
        let retry = retry("upkeep")
        var upkeep = Upkeep(
            configuration: configuration, routes: start.routes, retry: retry, partitions: partitions,
            redis: RedisConnection(endpoint: configuration.redis, name: "writer-upkeep"), health: health,
            written: start.written)
        try await upkeep.run()
        await retry.connection.close()
    }

    func runRetirer() async throws {
        try await PartitionRetirer(
            policy: configuration.partitions, connection: patientConnection("writer-retire"), stop: stop,
            health: health, logger: logger
        ).run()
    }

    func runIndexer() async throws {
        try await PartitionIndexer(
            connection: patientConnection("writer-indexes"), stop: stop, health: health, logger: logger
        ).run()
    }

    private func patientConnection(_ name: String) -> PostgresConnection {
        PostgresConnection(
            url: configuration.postgresURL, name: name, statementTimeout: nil, requiresPrimary: true)
    }

    func runStreamUpkeep(_ routes: [FeedRoute]) async throws {
        let upkeep = StreamUpkeep(
            configuration: configuration, routes: routes,
            redis: RedisConnection(endpoint: configuration.redis, name: "writer-streams"),
            metrics: WriterMetrics(worker: "streams"), stop: stop, health: health,
            logger: logger.with("worker", "streams"))
        try await upkeep.run()
    }

    /// Under which name a part reports how it gets on with Postgres.
    static func component(_ part: String) -> String { "postgres writer-\(part)" }

    private func retry(_ part: String) -> SinkRetry {
        let sink = SinkState(health: health, component: Self.component(part))
        return SinkRetry(
            connection: PostgresConnection(
                url: configuration.postgresURL, name: "writer-pg-\(part)", requiresPrimary: true), sink: sink,
            stop: stop, backoff: configuration.retry, metrics: WriterMetrics(worker: part),
            logger: logger.with("worker", part))
    }
}
