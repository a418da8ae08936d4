import ArgumentParser
import FeedModel
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
        let report = try await MigratedDatabase.with(
            options.load().postgresURL, name: "verify", statementTimeout: nil
        ) { try await Audit($0, now: WallClock.now).run() }
        for finding in report.findings { print(finding.description) }
        print(report.isClean ? "clean: nothing is wrong" : "NOT clean: see above")
        if !report.isClean { throw ExitCode.failure }
    }
}
