import ArgumentParser
import RedisStreams

/// Every feed and stage: state, rates, lag, pending entries, dead letters, owners.
struct StatusCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show every feed and stage: state, rates, lag, pending, dead letters, owners, gaps.",
        discussion: """
            Rates are measured over a second, which the command takes. `-` is what cannot be told.

            Example: touchline status --config touchline.yaml --json
            """)

    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Print JSON.") var json = false

    func execute() async throws {
        let configuration = try options.load()
        let redis = RedisConnection(endpoint: try configuration.redis, name: "status")
        async let database = DatabaseStatus.read(configuration.postgresURL)
        var reader = StatusReader(configuration, redis)
        _ = try await reader.read(database: nil)
        if !configuration.feeds.isEmpty { try await Task.sleep(for: .seconds(1)) }
        let status = try await reader.read(database: await database)
        await redis.close()
        StandardOutput.line(json ? FeedReport.json(status.feeds) : status.full.joined(separator: "\n"))
    }
}
