package import FeedModel
package import PostgresCopy

/// Makes partitions ahead while rows come in and analysts read.
///
/// A new partition is made beside its table and then attached, which needs only a lock that readers and writers do not
/// mind; making it in one statement would wait for the longest query of the day. Every wait for a lock is short and tried
/// again, so that nobody queues behind it. There is no default partition: it would have to be searched at every attach.
package struct PartitionKeeper: Sendable {
    package let planner: PartitionPlanner
    /// Rows older than this are refused a partition.
    package let lateness: Duration
    /// For how long after it was received a row may still come.
    package static let usualLateness = Duration.seconds(7 * 86_400)
    private let retry: LockRetry

    package init(
        planner: PartitionPlanner = PartitionPlanner(), lateness: Duration = PartitionKeeper.usualLateness,
        attempts: Int = 5, clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.planner = planner
        self.lateness = lateness
        retry = LockRetry(attempts: attempts, clock: clock)
    }

    /// What there is, by table and time.
    package func list(_ connection: PostgresConnection) async throws -> [PartitionFacts] {
        try await connection.withSession { try PartitionFacts.read($0) }
    }

    /// The same, and tables that were partitions.
    package func listAll(
        _ connection: PostgresConnection, withSizes: Bool = false
    ) async throws -> [PartitionFacts] {
        try await connection.withSession {
            try PartitionFacts.read($0, withSizes: withSizes) + PartitionFacts.readDetached($0, withSizes: withSizes)
        }
    }

    /// Makes what must exist at `now`. Costs one query when nothing is missing.
    @discardableResult
    package func ensure(at now: Timestamp, _ connection: PostgresConnection) async throws -> PartitionsMade {
        try await create(planner.required(at: now), connection)
    }

    /// Makes room for rows of `times`, if they are neither older than `lateness` nor further ahead than is planned for.
    @discardableResult
    package func ensure(
        covering times: ClosedRange<Timestamp>, now: Timestamp, _ connection: PostgresConnection
    ) async throws -> PartitionsMade {
        if times.lowerBound < now - lateness { throw PartitionError.outsideWindow(times.lowerBound) }
        let last = now + planner.unit.length * (planner.ahead + 1)
        if times.upperBound > last { throw PartitionError.outsideWindow(times.upperBound) }
        return try await create(planner.ranges(covering: times), connection)
    }

    // MARK: Creating

    /// Goes on past what cannot be made, because a table of its name was detached: the others are needed all the same.
    private func create(_ ranges: [PartitionRange], _ connection: PostgresConnection) async throws -> PartitionsMade {
        var outcome = PartitionsMade()
        let names = try await connection.withSession { try PartitionFacts.names($0) }
        let absent = ranges.filter { !names.contains($0.name) }
        if absent.isEmpty { return outcome }
        let existing = try await list(connection)
        outcome.detached = existing.filter { facts in facts.isDetachPending && absent.contains { $0.overlaps(facts) } }
            .map { PartitionRange($0) }
        for range in absent.flatMap({ $0.missing(beside: existing) }) {
            let end = try await retry.run(range.name) {
                try await connection.withTransaction { try Self.create(range, $0) }
            }
            switch end {
            case .made: outcome.made.append(range.name)
            case .wasThere: break
            case .isDetached: outcome.detached.append(range)
            }
        }
        return outcome
    }

    private enum Creation {
        case made
        /// Another process made it meanwhile.
        case wasThere
        /// Its name belongs to a table that was a partition.
        case isDetached
    }

    private static func create(_ range: PartitionRange, _ session: borrowing PostgresSession) throws -> Creation {
        try session.execute(
            "SET LOCAL lock_timeout = '\(LockRetry.timeout)'; SELECT pg_advisory_xact_lock(\(AdvisoryLock.partitions))")
        let found = try session.query(
            """
            SELECT to_regclass($1) IS NOT NULL,
                   EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass($1) AND inhparent = to_regclass($2))
            """, [.text(range.name), .text(range.table.name)])
        if found.bool(0, 1) == true { return .wasThere }
        if found.bool(0, 0) == true { return .isDetached }
        try session.execute(
            """
            CREATE TABLE \(range.name) (LIKE \(range.table.name) INCLUDING ALL) WITH (\(storage));
            ALTER TABLE \(range.table.name) ATTACH PARTITION \(range.name)
                FOR VALUES FROM ('\(range.from)') TO ('\(range.to)')
            """)
        return .made
    }

    /// For rows that are never changed: full pages, frozen by the first vacuum that sees them, so that no second one has to
    /// write them again; and vacuum comes less often than for tables whose space it could give back.
    private static let storage = """
        fillfactor = 100, autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_scale_factor = 0.4, \
        autovacuum_analyze_scale_factor = 0.2
        """
}
