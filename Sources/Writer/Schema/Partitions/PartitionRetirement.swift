package import PostgresCopy

/// Takes partitions out of their tables: detach, write to a file if wanted, drop. Each step leaves a state from which the next
/// run goes on, so that it may be killed at any moment and run again.
package struct PartitionRetirement: Sendable {
    /// What is done with a partition that is out of its table.
    package enum End: Sendable, Equatable {
        case drop
        /// Kept elsewhere, then dropped.
        case archive(ArchiveTarget)
        /// It stays as a table of its own.
        case keep
    }

    /// What has been done so far, for logs and people.
    package enum Step: Sendable, Equatable {
        case detached(String)
        case archived(ArchivedPartition)
        case dropped(String)
    }

    private let retry: LockRetry
    /// Asked between steps, and while a file is being written.
    private let isStopping: @Sendable () -> Bool

    package init(
        attempts: Int = 5, clock: any Clock<Duration> = ContinuousClock(),
        isStopping: @escaping @Sendable () -> Bool = { false }
    ) {
        retry = LockRetry(attempts: attempts, clock: clock)
        self.isStopping = isStopping
    }

    /// Retires one partition, or goes on with one whose retirement was interrupted. The connection should have no
    /// `statementTimeout`: a file takes as long as it takes.
    package func retire(
        _ name: String, _ end: End, _ connection: PostgresConnection, report: @Sendable (Step) -> Void = { _ in }
    ) async throws {
        try await PartitionDuty.retirement.alone(connection) {
            guard let facts = try await find(name, connection) else { throw PartitionError.unknown(name) }
            // Where it cannot go now, it stays in its table for everybody to see.
            if case .archive(let target) = end { try await target.check(isStopping: isStopping) }
            if !facts.isDetached {
                if end != .keep { try await mark(facts, connection) }
                try await detach(facts, connection)
                report(.detached(name))
            }
            if end == .keep { return }
            if isStopping() { throw CancellationError() }
            if case .archive(let target) = end {
                report(.archived(try await target.write(facts, connection, isStopping: isStopping)))
            }
            try await drop(name, connection)
            report(.dropped(name))
        }
    }

    private func find(_ name: String, _ connection: PostgresConnection) async throws -> PartitionFacts? {
        try await connection.withSession { session in
            let all = try PartitionFacts.read(session) + PartitionFacts.readDetached(session)
            return all.first { $0.name == name }
        }
    }

    // MARK: Steps

    /// What is detached in order to be dropped says so, so that nobody drops what a person has detached to keep it.
    private func mark(_ facts: PartitionFacts, _ connection: PostgresConnection) async throws {
        try await retry.run(facts.name) {
            try await connection.withTransaction { session in
                try session.execute(
                    """
                    SET LOCAL lock_timeout = '\(LockRetry.timeout)';
                    COMMENT ON TABLE \(facts.name) IS '\(PartitionFacts.retiringMark)'
                    """)
            }
        }
    }

    /// Detaching runs outside a transaction, in two of its own. When the second cannot have its lock in time, the partition is
    /// left half detached, and the next attempt ends it.
    private func detach(_ facts: PartitionFacts, _ connection: PostgresConnection) async throws {
        try await retry.run(facts.name) {
            try await connection.withSession { session in
                let isPending = try PartitionFacts.read(session).contains {
                    $0.name == facts.name && $0.isDetachPending
                }
                defer { _ = try? session.execute("RESET lock_timeout") }
                try session.execute("SET lock_timeout = '\(LockRetry.timeout)'")
                let how = isPending ? "FINALIZE" : "CONCURRENTLY"
                try session.execute("ALTER TABLE \(facts.table.name) DETACH PARTITION \(facts.name) \(how)")
            }
        }
    }

    private func drop(_ name: String, _ connection: PostgresConnection) async throws {
        try await retry.run(name) {
            try await connection.withTransaction { session in
                try session.execute("SET LOCAL lock_timeout = '\(LockRetry.timeout)'; DROP TABLE \(name)")
            }
        }
    }
}
