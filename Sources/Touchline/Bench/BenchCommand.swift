import ArgumentParser

/// Measures this machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure this machine: CPU by process.",
        subcommands: [BenchChainCommand.self, BenchFeedCommand.self, BenchProcessCommand.self],
        defaultSubcommand: BenchChainCommand.self)
}

/// Socket → Redis → Processor → Redis → Writer → committed, as separate processes.
struct BenchChainCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain",
        abstract: "Messages a second and CPU µs a message by process, socket to committed.",
        discussion: """
            Starts a Redis (AOF everysec) and a Postgres (synchronous_commit on) of its own, and feed, process and write as
            processes of their own. CPU is user + system time; the load generator's is shown apart.
            Example: touchline bench chain --messages 1000000
            """)

    @Option(help: "How many 300-byte odds messages.") var messages = 1_000_000
    @Option(help: "Messages a second; 0 is as fast as the socket takes them.") var rate = 0
    @Option(help: "How often the whole run is repeated.") var runs = 1
    @Flag(help: "Write every frame into raw_frames as well.") var rawAudit = false

    func validate() throws { try BenchLimits.check(messages: messages, rate: rate, runs: runs) }

    func execute() async throws {
        for _ in 1...runs {
            let run = ChainRun(scope: .chain, messages: messages, rate: rate, isRawAuditOn: rawAudit)
            StandardOutput.line(try await run.measure().text)
        }
    }
}

/// Socket → Redis: the FeedClient alone.
struct BenchFeedCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "feed",
        abstract: "The FeedClient's CPU µs a message, socket to Redis.",
        discussion: """
            Starts a Redis (AOF everysec) of its own and feed as a process of its own; nobody reads what it appends.
            Example: touchline bench feed --messages 1000000
            """)

    @Option(help: "How many 300-byte odds messages.") var messages = 1_000_000
    @Option(help: "Messages a second; 0 is as fast as the socket takes them.") var rate = 0
    @Option(help: "How often the whole run is repeated.") var runs = 1

    func validate() throws { try BenchLimits.check(messages: messages, rate: rate, runs: runs) }

    func execute() async throws {
        for _ in 1...runs {
            let run = ChainRun(scope: .feed, messages: messages, rate: rate, isRawAuditOn: false)
            StandardOutput.line(try await run.measure().text)
        }
    }
}

/// Redis → Redis: the Processor alone.
struct BenchProcessCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "process",
        abstract: "The Processor's CPU µs a message, at full batches: its process, the start included.",
        discussion: """
            Starts a Redis (AOF everysec) of its own, has everything appended, then starts process as a process of its own.
            Example: touchline bench process --messages 1000000
            """)

    @Option(help: "How many 300-byte odds messages.") var messages = 1_000_000
    @Option(help: "How often the whole run is repeated.") var runs = 1

    func validate() throws { try BenchLimits.check(messages: messages, rate: 0, runs: runs) }

    func execute() async throws {
        for _ in 1...runs {
            let run = ChainRun(scope: .process, messages: messages, rate: 0, isRawAuditOn: false)
            StandardOutput.line(try await run.measure().text)
        }
    }
}

/// What every benchmark may be asked for.
enum BenchLimits {
    static func check(messages: Int, rate: Int, runs: Int) throws {
        guard messages > 0, rate >= 0, (1...100).contains(runs) else {
            throw ValidationError("--messages must be above 0, --rate 0 or more, --runs 1 to 100")
        }
    }
}
