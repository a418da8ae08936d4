import ArgumentParser
import ExportFiles
import PostgresCopy
import Writer

/// The partitions of the history.
struct PartitionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partitions", abstract: "See, make, index and retire the partitions of the history.",
        subcommands: [
            PartitionListCommand.self, PartitionCreateCommand.self, PartitionIndexCommand.self,
            PartitionRetireCommand.self,
        ])
}

extension ConfigurationOptions {
    /// Runs `body` on a connection without a statement timeout; what partitions can refuse becomes a sentence.
    func withPartitions(
        _ body: @escaping @Sendable (PostgresConnection, PartitionPolicy) async throws -> Void
    ) async throws {
        let configuration = try load()
        do {
            try await MigratedDatabase.with(
                configuration.postgresURL, name: "partitions", statementTimeout: nil
            ) { try await body($0, configuration.partitions) }
        } catch let error as PartitionError {
            throw CommandFailure(description: "\(error)")
        } catch let error as ExportError {
            throw CommandFailure(description: "\(error)")
        }
    }
}
