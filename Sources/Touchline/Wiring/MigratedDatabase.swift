import PostgresCopy
import Writer

/// A connection for one command, to a database whose schema this build knows.
enum MigratedDatabase {
    /// Connects, checks the schema, runs `body` and closes. An unmigrated schema is a `CommandFailure` that says so.
    static func with<Result: Sendable>(
        _ url: String, name: String, statementTimeout: Duration? = .seconds(30),
        _ body: (PostgresConnection) async throws -> Result
    ) async throws -> Result {
        let connection = PostgresConnection(url: url, name: name, statementTimeout: statementTimeout)
        do {
            try await connection.connect()
            try await SchemaMigrator().requireCurrent(connection)
            let result = try await body(connection)
            await connection.close()
            return result
        } catch let error as SchemaError {
            await connection.close()
            throw CommandFailure(description: "\(error)")
        } catch {
            await connection.close()
            throw error
        }
    }
}
