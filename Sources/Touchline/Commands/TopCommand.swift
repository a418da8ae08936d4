import ArgumentParser

/// The status, live.
struct TopCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch every feed and stage live; q or ctrl-C ends it.",
        discussion: """
            Redraws a terminal's screen; without a terminal prints one status after the other.

            Example: touchline top --config touchline.yaml
            Example: touchline top --once
            """)

    @OptionGroup var options: ConfigurationOptions
    @Option(help: "Seconds between two readings, over which rates are measured.") var interval = 1.0
    @Flag(help: "Print one status and end.") var once = false

    func validate() throws {
        guard (0.1...3_600).contains(interval) else {
            throw ValidationError("'--interval \(interval)' must be from 0.1 to 3600 seconds")
        }
    }

    func execute() async throws {
        let configuration = try options.load()
        // Before the screen is taken: what is wrong with the address is told where it can be read.
        _ = try configuration.redis
        OutputPipe.takeErrors()
        let screen = StandardOutput.isTerminal && !once ? try TerminalScreen.enter() : nil
        defer { screen?.leave() }
        let view = TopView(
            configuration, interval: .milliseconds(Int(interval * 1_000)), frames: once ? 1 : nil, screen: screen)
        try await Interruption.end { try await view.run() }
    }
}
