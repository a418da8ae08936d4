import ArgumentParser
import FeedModel
import PostgresCopy
import Writer

/// Audits Postgres.
struct VerifyCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract:
            "Audit Postgres: chain of the ledger, ledger against rows, orphans, gaps, duplicates. Exit 1 if anything is wrong.",
        discussion: "Example: touchline verify --config touchline.yaml")

    @OptionGroup var options: ConfigurationOptions

    func execute() async throws {
        let url = try options.load().postgresURL
        let connection = PostgresConnection(url: url, name: "verify", statementTimeout: nil)
        do {
            try await connection.connect()
            try await SchemaMigrator().requireCurrent(connection)
            let report = try await Audit(connection, now: WallClock.now).run()
            await connection.close()
            for finding in report.findings { print(finding.description) }
            print(report.isClean ? "clean: nothing is wrong" : "NOT clean: see above")
            if !report.isClean { throw ExitCode.failure }
        } catch let error as SchemaError {
            await connection.close()
            throw CommandFailure(description: "\(error)")
        }
    }
}
