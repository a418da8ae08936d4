import FeedModel
import Logging
import PostgresCopy
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Writer

@Suite("Indexes of partitions", .timeLimit(.minutes(1)))
struct PartitionIndexesTests {
    private static let day = Duration.seconds(86_400)

    @Test func `full days of prices get the index for a moment, the current one does not`() async throws {
        try await withSchema { connection, now in
            try await PartitionKeeper().ensure(at: now - Self.day * 2, connection)
            let built = try await PartitionIndexes().build(at: now, connection)
            #expect(built == ["odds_ticks_20261120", "odds_ticks_20261119", "odds_ticks_20261118"])
            #expect(try await PartitionIndexes().build(at: now, connection).isEmpty)
            let end = now + .seconds(12 * 3_600)
            #expect(try await PartitionIndexes().build(at: end + .seconds(3_599), connection).isEmpty)
            let later = try await PartitionIndexes().build(at: end + .seconds(3_600), connection)
            #expect(later == ["odds_ticks_20261121"])
        }
    }

    @Test func `what an interrupted build left is made anew`() async throws {
        try await withSchema { connection, now in
            try await connection.withSession { session in
                try session.execute(
                    "CREATE INDEX CONCURRENTLY broken ON odds_ticks_20261120 (selection_key, received_at)")
                try session.execute(
                    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass")
            }
            #expect(try await PartitionIndexes().build(at: now, connection) == ["odds_ticks_20261120"])
            let isThere = try await connection.withSession { try $0.query("SELECT to_regclass('broken')").text(0, 0) }
            #expect(isThere == nil)
            #expect(try await PartitionIndexes().build(at: now, connection).isEmpty)
        }
    }

    @Test func `a partition that cannot be indexed keeps no other from it`() async throws {
        try await withSchema { connection, now in
            try await connection.withSession { session in
                try session.execute(
                    """
                    CREATE TABLE "Restored day" (LIKE odds_ticks);
                    ALTER TABLE odds_ticks ATTACH PARTITION "Restored day" FOR VALUES FROM ('2020-01-02') TO ('2020-01-03');
                    CREATE TABLE halves (LIKE odds_ticks) PARTITION BY RANGE (received_at);
                    ALTER TABLE odds_ticks ATTACH PARTITION halves FOR VALUES FROM ('2020-01-03') TO ('2020-01-04');
                    ALTER TABLE odds_ticks_20261120 ADD CONSTRAINT held UNIQUE (selection_key, received_at);
                    UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'held'::regclass
                    """)
            }
            let built = Mutex<[String]>([])
            let error = await #expect(throws: PostgresError.self) {
                try await PartitionIndexes().build(at: now, connection) { name in built.withLock { $0.append(name) } }
            }
            #expect(error?.description.contains("constraint held") == true, "\(String(describing: error))")
            #expect(built.withLock { $0 } == ["Restored day"])
        }
    }

    @Test func `a stop ends a build that waits for an older query, and another process keeps away`() async throws {
        try await TestServers.withDatabase { url in
            let connection = PostgresConnection(url: url, name: "indexes", statementTimeout: nil)
            let analyst = PostgresConnection(url: url, name: "analyst")
            for connection in [connection, analyst] { try await connection.connect() }
            try await SchemaMigrator().migrate(connection)
            try await PartitionKeeper().ensure(at: testDay, connection)
            let asking = Task { try await analyst.withSession { try $0.execute("SELECT pg_sleep(50)") } }
            try await Task.sleep(for: .milliseconds(500))
            let stop = StopSignal()
            let indexes = PartitionIndexes(isStopping: { stop.isRequested })
            let building = Task { try await indexes.build(at: testDay, connection) }
            try await Task.sleep(for: .seconds(1))
            let other = PostgresConnection(url: url, name: "other")
            try await other.connect()
            await #expect(throws: PartitionError.othersAreAtIt) {
                try await PartitionIndexes().build(at: testDay, other)
            }
            stop.request()
            await #expect(throws: (any Error).self) { try await building.value }
            asking.cancel()
            _ = try? await asking.value
            #expect(try await PartitionIndexes().build(at: testDay, other) == ["odds_ticks_20261120"])
            for connection in [connection, analyst, other] { await connection.close() }
        }
    }

    @Test func `a Writer does it by itself, and its health says so`() async throws {
        try await withSchema { connection, _ in
            let yesterday = WallClock.now - Self.day * 2
            try await PartitionKeeper(lateness: Self.day * 400).ensure(at: yesterday, connection)
            let (health, stop) = (HealthRegistry(), StopSignal())
            let indexer = PartitionIndexer(
                connection: connection, stop: stop, health: health,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            async let running: Void = indexer.run()
            func isUp() -> Bool { health.readyDocument().json.contains(PartitionIndexer.component) }
            for _ in 0..<200 where !isUp() { try await Task.sleep(for: .milliseconds(50)) }
            #expect(isUp())
            stop.request()
            try await running
            try await connection.connect()
            #expect(try await PartitionIndexes().build(at: WallClock.now, connection).isEmpty)
        }
    }

    @Test func `block ranges of current partitions are summarized`() async throws {
        try await withSchema { connection, now in
            func summarize() async throws -> Int64? {
                try await connection.withSession { session in
                    let index = "odds_ticks_20261121_received_at_idx"
                    return try session.query("SELECT brin_summarize_new_values('\(index)')").int64(0, 0)
                }
            }
            func insert() async throws {
                try await connection.withSession { session in
                    try session.execute(
                        """
                        INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status)
                        SELECT '\(now)', n, 1, 1, 1 FROM generate_series(1, 1000) n
                        """)
                }
            }
            try await insert()
            #expect(try await summarize() ?? 0 > 0, "nobody else does it")
            try await insert()
            try await PartitionIndexes().summarize(at: now, connection)
            #expect(try await summarize() == 0)
        }
    }
}
