import ArgumentParser
import Foundation

/// All stages in one process.
struct RunCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run all stages in one process.",
        discussion: "Example: touchline run --config touchline.yaml")

    @OptionGroup var options: ConfigurationOptions

    func execute() async throws { try await options.run(Stage.allCases) }
}

/// The FeedClient alone: sportsbooks to Redis.
struct FeedCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "feed", abstract: "Run the FeedClient: sockets to Redis.",
        discussion: "Example: touchline feed --config touchline.yaml")

    @OptionGroup var options: ConfigurationOptions

    func execute() async throws { try await options.run([.feed]) }
}

/// The Processor alone: raw frames to events.
struct ProcessCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "process", abstract: "Run the Processor: raw frames to events.",
        discussion: "Example: touchline process --config touchline.yaml")

    @OptionGroup var options: ConfigurationOptions

    func execute() async throws { try await options.run([.process]) }
}

/// The Writer alone: events to Postgres.
struct WriteCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "write", abstract: "Run the Writer: events to Postgres.",
        discussion: "Example: touchline write --config touchline.yaml")

    @OptionGroup var options: ConfigurationOptions

    func execute() async throws { try await options.run([.write]) }
}

/// The Broadcaster alone: events to subscribers.
struct BroadcastCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "broadcast", abstract: "Run the Broadcaster: events to subscribers and the board.",
        discussion: "Example: touchline broadcast --config touchline.yaml")

    @OptionGroup var options: ConfigurationOptions

    func execute() async throws { try await options.run([.broadcast]) }
}

/// Checks a configuration without connecting to anything.
struct LintCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Check a configuration without connecting, and print what is in force.",
        discussion: "Example: touchline lint --config touchline.yaml")

    @OptionGroup var options: ConfigurationOptions

    func execute() async throws {
        let configuration = try options.load()
        print(EffectiveConfiguration(configuration).text)
        if options.isFileAbsent {
            let folder = FileManager.default.currentDirectoryPath
            printError(
                "touchline: warning: there is no touchline.yaml in \(folder): defaults and the environment are in force"
            )
        }
        for warning in configuration.warnings { printError("touchline: warning: \(warning)") }
        if configuration.feeds.isEmpty { printError("touchline: warning: no feeds are configured") }
    }
}

extension ConfigurationOptions {
    /// Runs stages with the configuration, and with its feeds as they are at each SIGHUP.
    func run(_ stages: [Stage]) async throws {
        var application = Application(configuration: try load(), stages: stages)
        application.reload = { try load() }
        try await application.run()
    }
}
