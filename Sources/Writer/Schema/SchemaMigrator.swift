import FeedModel
package import PostgresCopy

/// Creates and upgrades the schema. Many processes may do so at once: an advisory lock lets one work while the others
/// wait and then find nothing left to do. Each step is one transaction.
package struct SchemaMigrator: Sendable {
    private let plan: MigrationPlan
    private let clock: any Clock<Duration>

    package init(plan: MigrationPlan = MigrationPlan(), clock: any Clock<Duration> = ContinuousClock()) {
        self.plan = plan
        self.clock = clock
    }

    /// What a database has and what it lacks.
    package struct Status: Sendable {
        package let applied: [AppliedMigration]
        package let pending: [Migration]
        /// 0 for a database without our schema.
        package var version: Int { applied.map(\.version).max() ?? 0 }
    }

    package func status(_ connection: PostgresConnection) async throws -> Status {
        let applied = try await connection.withSession { try Self.applied($0) }
        return Status(applied: applied, pending: try plan.pending(after: applied))
    }

    /// Throws `SchemaError.outdated`, one clear sentence, unless the database has every step of this build. Steps of a newer
    /// build do not matter: they only add.
    package func requireCurrent(_ connection: PostgresConnection) async throws {
        let status = try await status(connection)
        guard status.pending.isEmpty else { throw SchemaError.outdated(found: status.version, needed: plan.version) }
    }

    /// Applies what is missing, in order; returns it. The connection should have no `statementTimeout`: a step takes as long as
    /// it takes. A step that would wait for a lock gives way to whoever writes, and is tried again until it has it.
    ///
    /// - Parameters:
    ///   - report: hears of each step when it is committed.
    ///   - waiting: hears from time to time what a step waits for.
    @discardableResult
    package func migrate(
        _ connection: PostgresConnection, report: @Sendable (Migration) -> Void = { _ in },
        waiting: @escaping @Sendable (MigrationWait) -> Void = { _ in }
    ) async throws -> [Migration] {
        var done: [Migration] = []
        for migration in try await status(connection).pending {
            let retry = LockRetry(attempts: .max, clock: clock) { attempt in
                guard attempt == 1 || attempt.isMultiple(of: Self.attemptsPerWord) else { return }
                let holder = try await connection.withSession { try LockHolder.oldest($0) }
                waiting(MigrationWait(migration: migration, holder: holder))
            }
            let isNew = try await retry.run(migration.name) {
                try await connection.withTransaction { try apply(migration, $0) }
            }
            guard isNew else { continue }
            report(migration)
            done.append(migration)
        }
        return done
    }

    /// About once a minute.
    private static let attemptsPerWord = 12

    /// False if another process applied it meanwhile.
    private func apply(_ migration: Migration, _ session: borrowing PostgresSession) throws -> Bool {
        try session.execute("SELECT pg_advisory_xact_lock(\(AdvisoryLock.schema))")
        // Whoever writes would queue behind a lock that is waited for, for as long as somebody's query takes.
        try session.execute("SET LOCAL lock_timeout = '\(LockRetry.timeout)'")
        try session.execute(Self.ledger)
        guard try plan.pending(after: Self.applied(session)).contains(where: { $0.version == migration.version }) else {
            return false
        }
        try session.execute(migration.sql)
        _ = try session.query(
            "INSERT INTO schema_migrations (version, name, applied_at, checksum) VALUES ($1, $2, clock_timestamp(), $3)",
            [.int32(Int32(migration.version)), .text(migration.name), .text(migration.checksum)])
        return true
    }

    private static let ledger = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version integer PRIMARY KEY,
            name text NOT NULL,
            applied_at timestamptz NOT NULL,
            checksum text NOT NULL
        );
        COMMENT ON TABLE schema_migrations IS 'The steps of Touchline''s schema that this database has.';
        """

    private static func applied(_ session: borrowing PostgresSession) throws -> [AppliedMigration] {
        let found = try session.query("SELECT to_regclass('schema_migrations') IS NOT NULL")
        guard found.bool(0, 0) == true else { return [] }
        let rows = try session.query(
            "SELECT version, name, applied_at, checksum FROM schema_migrations ORDER BY version")
        return (0..<rows.count).map { row in
            AppliedMigration(
                version: Int(rows.int64(row, 0) ?? 0), name: rows.text(row, 1) ?? "",
                appliedAt: Timestamp(microseconds: rows.timestamptz(row, 2) ?? 0), checksum: rows.text(row, 3) ?? "")
        }
    }
}

/// Keys of the advisory locks that processes of one database share.
enum AdvisoryLock {
    /// "TL" and a number.
    static let schema: Int64 = 0x544C_0001
    static let partitions: Int64 = 0x544C_0002
    static let retirement: Int64 = 0x544C_0003
    static let indexing: Int64 = 0x544C_0005
    /// First of two: the second is the feed. Every batch shares it, and who finds out what a resumed term repeats has it alone.
    static let feed: Int32 = 0x544C_0004
}
