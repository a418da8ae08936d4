import ArgumentParser
import FeedModel
import Writer

/// Makes partitions ahead of time.
struct PartitionCreateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract:
            "Make the partitions of the days ahead. Writers do so by themselves; this is for a database without one.",
        discussion: "Example: touchline partitions create --ahead 14")

    @OptionGroup var options: ConfigurationOptions
    @Option(help: "How many beyond the current one; default: writer.partitions.ahead.") var ahead: Int?

    func execute() async throws {
        if let ahead, !(1...400).contains(ahead) {
            throw CommandFailure(description: "'--ahead \(ahead)' must be 1 to 400", exitCode: ExitCode(2))
        }
        let ahead = ahead
        try await options.withPartitions { connection, policy in
            var policy = policy
            policy.ahead = ahead ?? policy.ahead
            let result = try await PartitionKeeper(planner: policy.planner).ensure(at: WallClock.now, connection)
            for name in result.made { print("made \(name)") }
            if let trouble = result.trouble { throw trouble }
            if result.made.isEmpty { print("all are there") }
        }
    }
}
