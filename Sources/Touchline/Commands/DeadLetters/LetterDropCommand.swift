import ArgumentParser
import FeedModel

/// Lets letters go: they stay in the table, as dropped.
struct LetterDropCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Let dead letters go. They stay in the table as dropped, and are not replayed by a filter any more.",
        discussion: "Example: touchline dlq drop --feed book-a --reason unknown_type --until 7d")

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var selection: LetterSelection

    func execute() async throws {
        try selection.check()
        let selection = selection
        try await MigratedDatabase.with(options.load().postgresURL, name: "dlq") { connection in
            let table = LetterTable(connection: connection)
            try await table.require(feed: selection.filter.feed)
            let ids = try await table.ids(selection.filter.parameters(states: ["new"], ids: selection.ids))
            try selection.confirm("Drop", ids.count)
            let dropped = try await table.drop(ids)
            print("\(dropped) letters dropped")
            let others = Set(selection.ids).subtracting(ids)
            guard others.isEmpty else {
                let names = others.sorted().map { "\($0)" }.joined(separator: ", ")
                throw CommandFailure(description: "not dropped, because not there or no longer new: \(names)")
            }
        }
    }
}
