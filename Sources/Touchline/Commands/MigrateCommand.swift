import ArgumentParser
import FeedModel
import PostgresCopy
import Telemetry
import Writer

/// Creates and upgrades the schema, and makes the partitions of the days ahead.
struct MigrateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Create or upgrade the schema in Postgres.",
        discussion: "Example: touchline migrate --config touchline.yaml")

    @OptionGroup var options: ConfigurationOptions

    func execute() async throws {
        try await Self.migrate(url: options.load().postgresURL) { print($0) }
    }

    static func migrate(url: String, report: @escaping @Sendable (String) -> Void) async throws {
        let connection = PostgresConnection(url: url, name: "migrate", statementTimeout: nil)
        do {
            try await connection.connect()
            let done = try await SchemaMigrator().migrate(connection) { step in
                report("applied \(step.version): \(step.name)")
            }
            try await PartitionKeeper().ensure(at: WallClock.now, connection)
            if done.isEmpty { report("the schema is current") }
            await connection.close()
        } catch let error as PostgresError {
            await connection.close()
            throw CommandFailure(
                description: "Postgres at \(SecretMask.masked(url)) cannot be migrated: \(error)")
        }
    }
}
