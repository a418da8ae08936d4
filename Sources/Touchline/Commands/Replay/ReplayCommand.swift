import ArgumentParser
import DevServices
import FeedClient
import FeedModel
import Foundation
import Logging
import Sportsbook

/// Sends recordings through the real pipeline.
struct ReplayCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Send recordings (NDJSON, plain or gzip) through the real pipeline.",
        discussion: """
            Example: touchline replay cricket.mcm.ndjson.gz --provider betfair --speed 60 --private
            Example: touchline replay s3://history/recordings/book-a-20260307T150000Z.ndjson.gz --provider sportsbook
            Example: touchline replay /var/recordings/book-a-*.ndjson.gz --provider sportsbook --feed book-a --fill
            Several files are merged by the provider's own clock into one feed.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "Recordings, one frame a line: files, or s3://bucket/key.") var files: [String]
    @Option(help: "The provider that sent them: sportsbook, betfair, polymarket or kalshi.") var provider: String
    @Option(help: "How many times the provider's own clock: a number such as 1 or 60, or max.") var speed = "max"
    @Option(help: "Send what was before this time of the provider's clock (RFC 3339) at once.") var from: String?
    @Option(help: "Cut longer silences of the recording to this many seconds of the provider's clock.")
    var longestSilence: Double?
    @Option(help: "The feed's name.") var feed = "replay"
    @Flag(name: .customLong("private"), help: "Use a Redis and a Postgres of our own instead of the configured ones.")
    var isPrivate = false
    @Flag(
        help: """
            Send nothing: write what a feed's 'record' wrote into the holes of --feed's history that verify lists, as of when it was \
            received. For what is missing after a restore from a backup.
            """)
    var fill = false
    @Flag(help: "Stay up after the last line, until ctrl-C.") var stay = false

    func execute() async throws {
        guard !fill || !isPrivate && !stay else {
            throw CommandFailure(description: "--fill goes with neither --private nor --stay", exitCode: ExitCode(2))
        }
        var configuration = try options.load()
        let local = try await FetchedRecordings.fetch(files, from: configuration.objectStore)
        // The server unpacks them while it starts, or maps them: they are needed until the end.
        defer { local.remove() }
        if fill { return try await FillRun(feed: feed, provider: provider, files: local.paths).run(configuration) }
        configuration.feeds = []
        let replay = ReplayRun(recording: try recording(local.paths), isStaying: stay)
        guard isPrivate else { return try await run(replay, with: configuration) }
        let servers = try await PrivateServers.start(logger: Logger(label: "touchline.replay"))
        configuration.redisURL = servers.redis.url
        configuration.postgresURL = servers.postgresURL
        configuration.spool = nil
        // Somebody else's pipeline may be running on this machine.
        configuration.broadcaster.port = PortChoice.prefer(configuration.broadcaster.port)
        configuration.operations.port = PortChoice.prefer(configuration.operations.port)
        do {
            try await run(replay, with: configuration)
        } catch {
            await servers.stop()
            throw error
        }
        await servers.stop()
    }

    private func run(_ replay: ReplayRun, with configuration: TouchlineConfiguration) async throws {
        guard let name = FeedName(feed) else {
            throw CommandFailure(
                description: "'--feed \(feed)' must match [a-z0-9-]{1,40}", exitCode: ExitCode(2))
        }
        var configuration = configuration
        do {
            let url = try await replay.server.start()
            configuration.feeds = [FeedConfiguration(name: name, provider: provider, url: url, token: "replay")]
        } catch let error as SportsbookError {
            throw CommandFailure(description: "\(error)", exitCode: ExitCode(2))
        }
        if isPrivate {
            StandardOutput.line("board http://\(configuration.broadcaster)/  postgres \(configuration.postgresURL)")
        }
        let watcher = ReplayWatcher(
            replay: replay, redis: try configuration.redis,
            names: StreamNames(prefix: configuration.prefix, feed: name),
            isPrivate: isPrivate)
        var application = Application(configuration: configuration, stages: Stage.allCases)
        application.companions = [watcher]
        try await application.run()
        await replay.server.stop()
    }

    private func recording(_ files: [String]) throws -> ReplayConfiguration {
        guard SessionRegistry.isKnown(provider) else {
            throw CommandFailure(
                description: "unknown provider '\(provider)': known are \(SessionRegistry.names)", exitCode: ExitCode(2)
            )
        }
        for file in files where !FileManager.default.isReadableFile(atPath: file) {
            throw CommandFailure(description: "'\(file)' cannot be read", exitCode: ExitCode(2))
        }
        var recording = ReplayConfiguration(files: files, dialect: ReplayDialect(provider: provider))
        if let from {
            guard let time = Timestamp(rfc3339: from) else {
                throw CommandFailure(
                    description: "'--from \(from)' must be a time such as 2026-01-31T15:00:00Z", exitCode: ExitCode(2))
            }
            recording.start = time
        }
        if let longestSilence {
            guard (0...86_400 * 365).contains(longestSilence) else {
                throw CommandFailure(
                    description: "'--longest-silence \(longestSilence)' must be 0 or more seconds",
                    exitCode: ExitCode(2))
            }
            recording.longestSilence = .seconds(longestSilence)
        }
        switch Double(speed) {
        case let factor? where factor > 0: recording.speed = .times(factor)
        case nil where speed == "max": recording.speed = .maximum
        default:
            throw CommandFailure(
                description: "'--speed \(speed)' must be a number above 0 such as 1 or 60, or max",
                exitCode: ExitCode(2))
        }
        return recording
    }
}
