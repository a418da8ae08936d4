import ArgumentParser
import FeedModel
import RedisStreams

/// Sends letters through the pipeline again, under their own identity.
struct LetterReplayCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Send dead letters through again, and wait until they are written.",
        discussion: """
            Each message is decoded by today's rules and lands once, at the place where it stood, however often it is sent. What is \
            still refused stays a letter and says why. Filters select what is new; an id also selects what was dropped.
            Example: touchline dlq replay --feed book-a --reason bad_value --rate 500
            """)

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var selection: LetterSelection
    @Option(help: "Letters a second, at most.") var rate = 200
    @Option(help: "Seconds without any progress after which to give up waiting; what was sent is not taken back.")
    var timeout = 60

    func execute() async throws {
        try selection.check()
        guard (1...100_000).contains(rate) else {
            throw CommandFailure(description: "'--rate \(rate)' must be 1 to 100000", exitCode: ExitCode(2))
        }
        guard timeout > 0 else {
            throw CommandFailure(description: "'--timeout \(timeout)' must be 1 or more", exitCode: ExitCode(2))
        }
        let configuration = try options.load()
        let (selection, rate, timeout) = (selection, rate, timeout)
        try await MigratedDatabase.with(configuration.postgresURL, name: "dlq") { connection in
            let table = LetterTable(connection: connection)
            try await table.require(feed: selection.filter.feed)
            let states = selection.ids.isEmpty ? ["new"] : ["new", "dropped"]
            let ids = try await table.ids(selection.filter.parameters(states: states, ids: selection.ids))
            try selection.confirm("Replay", ids.count)
            let redis = RedisConnection(endpoint: try configuration.redis, name: "dlq")
            try await redis.connect()
            var replay = LetterReplay(
                table: table, outbox: LetterOutbox(redis: redis, prefix: configuration.prefix), rate: rate,
                patience: .seconds(timeout))
            for id in Set(selection.ids).subtracting(ids).sorted() {
                replay.note(id, "it is not there, or was replayed already")
            }
            try await replay.run(ids)
            try await replay.report()
            await redis.close()
        }
    }
}
