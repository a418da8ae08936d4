import PostgresCopy

/// What only one process at a time does with partitions.
enum PartitionDuty {
    case retirement, indexing

    private var lock: Int64 { self == .retirement ? AdvisoryLock.retirement : AdvisoryLock.indexing }

    /// Runs `body` if nobody else is at it. The lock belongs to the connection: a process that dies gives it back.
    ///
    /// - Throws: `PartitionError.othersAreAtIt`.
    func alone<T: Sendable>(_ connection: PostgresConnection, _ body: () async throws -> T) async throws -> T {
        let isMine = try await connection.withSession { session in
            try session.query("SELECT pg_try_advisory_lock(\(lock))").bool(0, 0) ?? false
        }
        guard isMine else { throw PartitionError.othersAreAtIt }
        do {
            let result = try await body()
            try await release(connection)
            return result
        } catch {
            try? await release(connection)
            throw error
        }
    }

    private func release(_ connection: PostgresConnection) async throws {
        guard await connection.isConnected else { return }
        try await connection.withSession { session in _ = try session.query("SELECT pg_advisory_unlock(\(lock))") }
    }
}
