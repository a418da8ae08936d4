import ArgumentParser
import FeedModel
import Writer

/// Indexes partitions whose time is over.
struct PartitionIndexCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract:
            "Index partitions that are full, for prices at a moment. Writers do so by themselves; this is for a restored one.",
        discussion: "Example: touchline partitions index")

    @OptionGroup var options: ConfigurationOptions

    func execute() async throws {
        try await Interruption.failing {
            try await options.withPartitions { connection, _ in
                let indexes = PartitionIndexes(isStopping: { Task.isCancelled })
                try await indexes.summarize(at: WallClock.now, connection)
                let built = try await indexes.build(at: WallClock.now, connection) { print("indexed \($0)") }
                if built.isEmpty { print("all are indexed") }
            }
        }
    }
}
