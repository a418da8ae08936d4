import ArgumentParser
import FeedModel

/// Lists letters with counts by reason.
struct LetterListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List dead letters, newest first, with counts by reason.",
        discussion: "Example: touchline dlq list --feed book-a --reason bad_value --since 2h --limit 20")

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup(title: "Filters") var filter: LetterFilter
    @Option(help: "Only this state: new, replayed or dropped.") var state: String?
    @Option(help: "At most this many.") var limit = 50

    func execute() async throws {
        if let state, !["new", "replayed", "dropped"].contains(state) {
            throw CommandFailure(
                description: "unknown state '\(state)': known are new, replayed, dropped", exitCode: ExitCode(2))
        }
        guard limit >= 0 else {
            throw CommandFailure(description: "'--limit \(limit)' must be 0 or more", exitCode: ExitCode(2))
        }
        let limit = limit
        let parameters = filter.parameters(states: state.map { [$0] })
        let (counts, rows) = try await MigratedDatabase.with(options.load().postgresURL, name: "dlq") { connection in
            let table = LetterTable(connection: connection)
            try await table.require(feed: filter.feed)
            return (try await table.counts(parameters), try await table.list(parameters, limit: limit))
        }
        Self.show(counts, rows)
    }

    private static func show(_ counts: [[String?]], _ rows: [[String?]]) {
        guard !counts.isEmpty else { return print("no dead letters") }
        for row in counts {
            print("\((row[0] ?? "?").padded(to: 20)) \((row[1] ?? "?").padded(to: 9)) \(row[2] ?? "0")")
        }
        print("")
        for row in rows.map({ $0.map { $0 ?? "?" } }) {
            print(
                "#\(row[0])  \(row[1])  \(row[3]) at the \(row[2])  state \(row[4])  \(row[5])\n    \(row[6].printable)"
            )
        }
    }
}
