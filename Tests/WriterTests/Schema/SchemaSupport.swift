import FeedModel
import PostgresCopy
import TestSupport
import Writer

/// A connection to an empty database.
func withConnection<T: Sendable>(_ body: (PostgresConnection) async throws -> T) async throws -> T {
    try await TestServers.withDatabase { url in
        let connection = PostgresConnection(url: url, name: "test", statementTimeout: nil)
        try await connection.connect()
        do {
            let result = try await body(connection)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }
}

/// A connection to a database with the whole schema and its partitions around `testDay`.
func withSchema<T: Sendable>(_ body: (PostgresConnection, Timestamp) async throws -> T) async throws -> T {
    try await withConnection { connection in
        try await SchemaMigrator().migrate(connection)
        try await PartitionKeeper().ensure(at: testDay, connection)
        return try await body(connection, testDay)
    }
}

/// 2026-11-21T12:00:00Z.
let testDay = Timestamp(microseconds: 1_795_262_400_000_000)
