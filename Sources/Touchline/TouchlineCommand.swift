import ArgumentParser
import Telemetry

/// The `touchline` command line: every stage, every tool.
@main
struct TouchlineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "touchline",
        abstract: "A sports feed pipeline that never loses a price.",
        discussion: """
            Try it:  touchline demo
            Run it:  touchline migrate --config touchline.yaml && touchline run --config touchline.yaml
            """,
        version: BuildInfo.description,
        groupedSubcommands: [
            CommandGroup(
                name: "Pipeline",
                subcommands: [
                    DemoCommand.self, RunCommand.self, FeedCommand.self, ProcessCommand.self, WriteCommand.self,
                    BroadcastCommand.self,
                ]),
            CommandGroup(
                name: "Operations",
                subcommands: [
                    MigrateCommand.self, PartitionsCommand.self, LintCommand.self, StatusCommand.self, TopCommand.self,
                    TapCommand.self,
                    DeadLetterCommand.self,
                    VerifyCommand.self, ExportCommand.self, ArchiveCommand.self, RederiveCommand.self,
                    EraseUserCommand.self,
                    DoctorCommand.self, TestCommand.self,
                    TokenCommand.self,
                ]),
            CommandGroup(
                name: "Sources and measurements",
                subcommands: [SportsbookCommand.self, ReplayCommand.self, BenchCommand.self]),
        ])

    /// As the parser's own `main`, but a usage error ends with 2, as a wrong configuration does.
    static func main() async {
        Allocator.keepLargeBlocks()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            printError(fullMessage(for: error))
            exit(withError: ExitCode(2))
        }
    }
}
