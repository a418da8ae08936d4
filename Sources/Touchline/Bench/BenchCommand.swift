import ArgumentParser

/// Measures this machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure this machine: the whole chain, CPU by process.",
        subcommands: [BenchChainCommand.self], defaultSubcommand: BenchChainCommand.self)
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

    func validate() throws {
        guard messages > 0, rate >= 0, (1...100).contains(runs) else {
            throw ValidationError("--messages must be above 0, --rate 0 or more, --runs 1 to 100")
        }
    }

    func execute() async throws {
        for _ in 1...runs {
            let run = ChainRun(messages: messages, rate: rate, isRawAuditOn: rawAudit)
            StandardOutput.line(try await run.measure().text)
        }
    }
}
