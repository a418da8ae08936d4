import ArgumentParser
import FeedModel
import PostgresCopy
import Telemetry
import Writer

/// Creates and upgrades the schema, and makes the partitions of the days ahead.
struct MigrateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Create or upgrade the schema in Postgres.",
        discussion: """
            Example: touchline migrate --config touchline.yaml
            Example: touchline migrate --analyst-role touchline_analyst
            """)

    @OptionGroup var options: ConfigurationOptions
    @Option(help: "Make this role, or take it, and let it read everything and change nothing.")
    var analystRole: String?

    func execute() async throws {
        let role = analystRole
        if let role, role.isEmpty || role.utf8.count > 63 {
            throw CommandFailure(
                description: "'--analyst-role \(role)': a role's name has 1 to 63 bytes", exitCode: ExitCode(2))
        }
        let configuration = try options.load()
        try await Self.migrate(
            url: configuration.postgresURL, role: role.map { AnalystRole(name: $0) },
            planner: configuration.partitions.planner
        ) { print($0) }
    }

    static func migrate(
        url: String, role: AnalystRole? = nil, planner: PartitionPlanner = PartitionPlanner(),
        report: @escaping @Sendable (String) -> Void
    ) async throws {
        let connection = PostgresConnection(url: url, name: "migrate", statementTimeout: nil, requiresPrimary: true)
        do {
            try await connection.connect()
            let done = try await SchemaMigrator().migrate(connection) { step in
                report("applied \(step.version): \(step.name)")
            } waiting: {
                report("\($0)")
            }
            let partitions = try await PartitionKeeper(planner: planner).ensure(at: WallClock.now, connection)
            if let trouble = partitions.trouble { report("\(trouble)") }
            if done.isEmpty { report("the schema is current") }
            if let role { try await establish(role, connection, report) }
            await connection.close()
        } catch let error as PostgresError {
            await connection.close()
            var description = "Postgres at \(SecretMask.masked(url)) cannot be migrated: \(error)"
            if error.sqlState == "42501", let finding = await SchemaRight.finding(url), let remedy = finding.remedy {
                description += "; \(remedy)"
            }
            throw CommandFailure(description: description)
        } catch let failure as CommandFailure {
            await connection.close()
            throw failure
        } catch let error as PartitionError {
            await connection.close()
            throw CommandFailure(description: "\(error)")
        }
    }

    /// What the role that migrates may not do, somebody else must: it is told, and a failure until it is done.
    private static func establish(
        _ role: AnalystRole, _ connection: PostgresConnection, _ report: @Sendable (String) -> Void
    ) async throws {
        let refusals = try await role.establish(connection)
        for refusal in refusals { printError("touchline: role \(role.name): \(refusal)") }
        guard refusals.isEmpty else {
            throw CommandFailure(
                description:
                    "role \(role.name) is not as it must be yet: run this again once the statements have been run")
        }
        report("role \(role.name) reads the schema")
    }
}
