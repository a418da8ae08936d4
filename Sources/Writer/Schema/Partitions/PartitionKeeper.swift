package import FeedModel
package import PostgresCopy

/// Makes partitions ahead and retires old ones while rows come in and analysts read.
///
/// A new partition is made beside its table and then attached, which needs only a lock that readers and writers do not
/// mind; making it in one statement would wait for the longest query of the day. Every wait for a lock is short and tried
/// again, so that nobody queues behind it. There is no default partition: it would have to be searched at every attach.
package struct PartitionKeeper: Sendable {
    package let planner: PartitionPlanner
    /// Rows older than this are refused a partition.
    package let lateness: Duration
    private let attempts: Int
    private let clock: any Clock<Duration>

    package init(
        planner: PartitionPlanner = PartitionPlanner(), lateness: Duration = .seconds(7 * 86_400), attempts: Int = 5,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.planner = planner
        self.lateness = lateness
        self.attempts = attempts
        self.clock = clock
    }

    private static let lockTimeout = "2s"

    /// What there is, by table and time.
    package func list(_ connection: PostgresConnection) async throws -> [PartitionFacts] {
        try await connection.withSession { try PartitionFacts.read($0) }
    }

    /// Makes what must exist at `now`; returns the names of what was made. Costs one query when nothing is missing.
    @discardableResult
    package func ensure(at now: Timestamp, _ connection: PostgresConnection) async throws -> [String] {
        try await create(planner.required(at: now), connection)
    }

    /// Makes room for rows of `times`, if they are neither older than `lateness` nor further ahead than is planned for.
    @discardableResult
    package func ensure(
        covering times: ClosedRange<Timestamp>, now: Timestamp, _ connection: PostgresConnection
    ) async throws -> [String] {
        if times.lowerBound < now - lateness { throw PartitionError.outsideWindow(times.lowerBound) }
        let last = now + planner.unit.length * (planner.ahead + 1)
        if times.upperBound > last { throw PartitionError.outsideWindow(times.upperBound) }
        return try await create(planner.ranges(covering: times), connection)
    }

    // MARK: Creating

    private func create(_ ranges: [PartitionRange], _ connection: PostgresConnection) async throws -> [String] {
        let existing = Set(try await list(connection).map(\.name))
        var made: [String] = []
        for range in ranges where !existing.contains(range.name) {
            let isNew = try await retrying(range.name) {
                try await connection.withTransaction { try Self.create(range, $0) }
            }
            if isNew { made.append(range.name) }
        }
        return made
    }

    /// False if another process made it meanwhile.
    private static func create(_ range: PartitionRange, _ session: borrowing PostgresSession) throws -> Bool {
        try session.execute(
            "SET LOCAL lock_timeout = '\(lockTimeout)'; SELECT pg_advisory_xact_lock(\(AdvisoryLock.partitions))")
        let found = try session.query(
            """
            SELECT to_regclass($1) IS NOT NULL,
                   EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass($1) AND inhparent = to_regclass($2))
            """, [.text(range.name), .text(range.table.name)])
        if found.bool(0, 1) == true { return false }
        if found.bool(0, 0) == true { throw PartitionError.detached(range.name) }
        try session.execute(
            """
            CREATE TABLE \(range.name) (LIKE \(range.table.name) INCLUDING ALL) WITH (\(storage));
            ALTER TABLE \(range.table.name) ATTACH PARTITION \(range.name)
                FOR VALUES FROM ('\(range.from)') TO ('\(range.to)')
            """)
        return true
    }

    /// For rows that are never changed: full pages, frozen by the first vacuum that sees them, so that no second one has to
    /// write them again; and vacuum comes less often than for tables whose space it could give back.
    private static let storage = """
        fillfactor = 100, autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_scale_factor = 0.4, \
        autovacuum_analyze_scale_factor = 0.2
        """

    // MARK: Retiring

    /// Takes a partition out of its table without blocking anybody, then drops it unless it is to be kept. The connection
    /// should have no `statementTimeout`: detaching waits for the queries that are reading the table.
    package func retire(_ name: String, keep: Bool = false, _ connection: PostgresConnection) async throws {
        guard let facts = try await list(connection).first(where: { $0.name == name }) else {
            throw PartitionError.unknown(name)
        }
        try await detach(facts, connection)
        if keep { return }
        try await retrying(name) {
            try await connection.withTransaction { session in
                try session.execute("SET LOCAL lock_timeout = '\(Self.lockTimeout)'; DROP TABLE \(name)")
            }
        }
    }

    /// Detaching runs outside a transaction, in two of its own. When the second cannot have its lock in time, the partition is
    /// left half detached, and the next attempt ends it.
    private func detach(_ facts: PartitionFacts, _ connection: PostgresConnection) async throws {
        try await retrying(facts.name) {
            let isPending = try await list(connection).contains { $0.name == facts.name && $0.isDetachPending }
            try await connection.withSession { session in
                defer { _ = try? session.execute("RESET lock_timeout") }
                try session.execute("SET lock_timeout = '\(Self.lockTimeout)'")
                try session.execute(
                    "ALTER TABLE \(facts.table.name) DETACH PARTITION \(facts.name) \(isPending ? "FINALIZE" : "CONCURRENTLY")"
                )
            }
        }
    }

    // MARK: Locks

    /// Tries again after a lock that was not given in time or a deadlock, with pauses that grow.
    @discardableResult
    private func retrying<T: Sendable>(_ name: String, _ body: () async throws -> T) async throws -> T {
        for attempt in 1... {
            do {
                return try await body()
            } catch let error as PostgresError where ["55P03", "40P01"].contains(error.sqlState) {
                if attempt >= attempts { throw PartitionError.busy(name) }
                try await clock.sleep(for: .milliseconds(100 << min(attempt, 5)))
            }
        }
        throw PartitionError.busy(name)
    }
}
