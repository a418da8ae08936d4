import ArgumentParser
import FeedModel
import RedisStreams

/// Watches a feed's stream without consuming it.
struct TapCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "tap", abstract: "Watch a feed's stream as it grows, without consuming it; ctrl-C ends it.",
        discussion: """
            Rows on a terminal, JSON lines into a pipe or file, unless an option says otherwise.

            Example: touchline tap book-a events --type odds_change --fixture fx-1 --sample 10
            Example: touchline tap book-a dead --reason bad_value --from-start --json
            """)

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "The feed's name.") var feed: String
    @Argument(help: "raw, events or dead.") var stream: TapStream = .events
    @Option(help: "Only this type of event (odds_change, …) or frame (text, binary, control); may be repeated.")
    var type: [String] = []
    @Option(help: "Only events of this fixture, by its id.") var fixture: String?
    @Option(help: "Only events of this market, by its id or type.") var market: String?
    @Option(help: "Only dead letters with this reason.") var reason: String?
    @Option(help: "Only items whose JSON contains this text.") var filter: String?
    @Option(help: "Show one of so many.") var sample = 1
    @Option(help: "Stop after this many.") var limit: Int?
    @Flag(help: "Begin with what the stream still holds instead of what comes next.") var fromStart = false
    @Flag(help: "Print JSON lines.") var json = false
    @Flag(help: "Print rows.") var table = false

    func validate() throws {
        guard sample >= 1 else { throw ValidationError("'--sample \(sample)' must be 1 or more") }
        guard limit ?? 1 >= 1 else { throw ValidationError("'--limit' must be 1 or more") }
        if json, table { throw ValidationError("'--json' and '--table' exclude each other") }
        if let problem = wanted.problem(with: stream) { throw ValidationError(problem) }
    }

    private var wanted: TapFilter {
        TapFilter(types: type, fixture: fixture, market: market, reason: reason, text: filter)
    }

    func execute() async throws {
        let configuration = try options.load()
        guard let name = FeedName(feed) else {
            throw CommandFailure(description: "'\(feed)' is not a feed name", exitCode: ExitCode(2))
        }
        let key = stream.key(StreamNames(prefix: configuration.prefix, feed: name))
        let redis = RedisConnection(endpoint: try configuration.redis, name: "tap")
        try await redis.connect()
        guard let info = try await redis.streamInfo(of: key) else {
            throw CommandFailure(description: "there is no stream \(key): has the feed ever been started?")
        }
        let start = fromStart ? StreamID.zero : info.lastGenerated
        try await Interruption.end { try await follow(key, after: start, on: redis) }
        await redis.close()
    }

    private func follow(_ key: String, after start: StreamID, on redis: RedisConnection) async throws {
        var sample = TapSample(every: sample)
        var remaining = limit ?? .max
        let rows = table || (StandardOutput.isTerminal && !json) ? TapTable(width: Terminal.columns) : nil
        let follower = StreamFollower(key: key, redis: redis) { error in
            printError("touchline: " + (error.map { "redis: \($0); waiting for it" } ?? "redis is back"))
        }
        try await follower.run(after: start) { entries in
            for item in entries.flatMap(stream.items) where wanted.matches(item) && sample.takes() {
                try OutputPipe.write((rows?.row(item) ?? item.json) + "\n")
                remaining -= 1
                if remaining == 0 { return false }
            }
            try OutputPipe.check()
            return true
        }
    }
}
