import ArgumentParser

/// Measures this machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure this machine: CPU by process.",
        subcommands: [
            BenchChainCommand.self, BenchFeedCommand.self, BenchProcessCommand.self, BenchWriteCommand.self,
            BenchFanOutCommand.self,
        ],
        defaultSubcommand: BenchChainCommand.self)
}

/// What every benchmark may be asked for.
struct BenchOptions: ParsableArguments {
    @Option(help: "How many 300-byte odds messages.") var messages = 1_000_000
    @Option(help: "How often the whole run is repeated.") var runs = 1

    func validate() throws {
        guard messages > 0, (1...100).contains(runs) else {
            throw ValidationError("--messages must be above 0, --runs 1 to 100")
        }
    }

    /// Runs and prints one line a run.
    func measure(_ scope: BenchScope, rate: Int = 0, isRawAuditOn: Bool = false) async throws {
        for _ in 1...runs {
            let run = ChainRun(scope: scope, messages: messages, rate: rate, isRawAuditOn: isRawAuditOn)
            StandardOutput.line(try await run.measure().text)
        }
    }
}

/// How fast the load is sent.
struct BenchRate: ParsableArguments {
    @Option(help: "Messages a second; 0 is as fast as the socket takes them.") var rate = 0

    func validate() throws {
        guard rate >= 0 else { throw ValidationError("--rate must be 0 or more") }
    }
}

/// Socket → Redis → Processor → Redis → Writer → committed, as separate processes.
struct BenchChainCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain",
        abstract: "Messages a second and CPU µs a message by process, socket to committed.",
        discussion: """
            Starts a Redis (AOF everysec) and a Postgres (synchronous_commit on) of its own, and feed, process and write as \
            processes of their own. CPU is user + system time; the load generator's is shown apart.
            Example: touchline bench chain --messages 1000000
            """)

    @OptionGroup var options: BenchOptions
    @OptionGroup var speed: BenchRate
    @Flag(help: "Write every frame into raw_frames as well.") var rawAudit = false

    func execute() async throws {
        try await options.measure(.chain, rate: speed.rate, isRawAuditOn: rawAudit)
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

    @OptionGroup var options: BenchOptions
    @OptionGroup var speed: BenchRate

    func execute() async throws { try await options.measure(.feed, rate: speed.rate) }
}

/// Redis → Redis: the Processor alone.
struct BenchProcessCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "process",
        abstract: "The Processor's CPU µs a message at full batches, its start included.",
        discussion: """
            Starts a Redis (AOF everysec) of its own, has everything appended, then starts process as a process of its own.
            Example: touchline bench process --messages 1000000
            """)

    @OptionGroup var options: BenchOptions

    func execute() async throws { try await options.measure(.process) }
}

/// Redis → Postgres: the Writer alone, beside a plain schema.
struct BenchWriteCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "write",
        abstract: "The Writer's and Postgres' CPU µs a row at full batches, beside a plain schema.",
        discussion: """
            Starts a Redis and a Postgres (synchronous_commit on) of its own, has everything forwarded to events, then starts write \
            as a process of its own, its start included. Then Postgres takes as many rows in batches of 5000 into a plain \
            schema: text keys, a primary key for each row, one btree.
            Example: touchline bench write --messages 1000000
            """)

    @OptionGroup var options: BenchOptions

    func execute() async throws { try await options.measure(.write) }
}

/// Redis → subscribers: the Broadcaster alone.
struct BenchFanOutCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "fanout",
        abstract: "The Broadcaster's CPU µs a delivery, delays, and memory a subscriber.",
        discussion: """
            Starts a Redis of its own and broadcast as a process of its own; one fixture's prices change, and every subscriber is \
            sent every change (200 bytes).
            Example: touchline bench fanout --subscribers 1000 --rate 50
            """)

    @Option(help: "How many subscribers.") var subscribers = 1_000
    @Option(help: "Changes a second; 0 is as fast as they are taken, with 20 under way.") var rate = 0
    @Option(help: "How many of the subscribers read nothing.") var stalled = 0
    @Option(help: "How long is measured.") var seconds = 5
    @Flag(help: "Nothing changes: memory alone.") var idle = false
    @Flag(help: "The process is killed and started again: how long until every subscriber is where it was.")
    var restart = false
    @Option(help: "How often the whole run is repeated.") var runs = 1

    func validate() throws {
        guard (1...60_000).contains(subscribers), (0..<subscribers).contains(stalled) else {
            throw ValidationError("--subscribers must be 1 to 60000, --stalled fewer than that")
        }
        guard (0...1_000_000).contains(rate), (1...3_600).contains(seconds), (1...100).contains(runs) else {
            throw ValidationError("--rate must be 0 to 1000000, --seconds 1 to 3600, --runs 1 to 100")
        }
    }

    func execute() async throws {
        for _ in 1...runs {
            let run = FanOutRun(
                subscribers: subscribers, rate: idle ? nil : rate, seconds: seconds, stalled: stalled)
            StandardOutput.line(try await restart ? run.measureRestart().text : run.measure().text)
        }
    }
}
