import ArgumentParser
import FeedModel
import Writer

/// Lists partitions with what they hold and when they go.
struct PartitionListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List partitions: range, rows (an estimate), size, when each is retired.",
        discussion: "Example: touchline partitions list --table odds_ticks")

    @OptionGroup var options: ConfigurationOptions
    @Option(help: "Only this table's.") var table: PartitionedTable?

    func execute() async throws {
        let table = table
        try await options.withPartitions { connection, policy in
            let facts = try await PartitionKeeper().listAll(connection, withSizes: true)
                .filter { table == nil || $0.table == table }
                .sorted { ($0.table.name, $0.from) < ($1.table.name, $1.from) }
            for line in PartitionText.lines(facts, policy, now: WallClock.now) { print(line) }
        }
    }
}

extension PartitionedTable: ExpressibleByArgument {}

/// Partitions as rows for people.
enum PartitionText {
    static func lines(_ facts: [PartitionFacts], _ policy: PartitionPolicy, now: Timestamp) -> [String] {
        guard !facts.isEmpty else { return ["no partitions: run `touchline migrate`"] }
        let heading = ["partition", "from", "to", "rows", "size", "retired"]
        let rows = [heading] + facts.map { cells($0, policy, now: now) }
        let widths = heading.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let table = rows.map { row in
            row.enumerated().map { column, cell in
                column == 3 || column == 4 ? cell.rightAligned(to: widths[column]) : cell.padded(to: widths[column])
            }.joined(separator: "  ").trimmingTrailingSpace
        }
        let total = facts.reduce((rows: Int64(0), bytes: Int64(0))) {
            ($0.rows + max(0, $1.estimatedRows), $0.bytes + $1.bytes)
        }
        let sum = "\(facts.count) partitions, about \(total.rows) rows, \(ExportProgress.size(total.bytes))"
        return table + ["", sum]
    }

    private static func cells(_ facts: PartitionFacts, _ policy: PartitionPolicy, now: Timestamp) -> [String] {
        [
            facts.name, time(facts.from), time(facts.to),
            facts.estimatedRows < 0 ? "?" : "~\(facts.estimatedRows)", ExportProgress.size(facts.bytes),
            fate(facts, policy, now: now),
        ]
    }

    /// `2026-11-21T00:00Z`: partitions begin and end on the hour.
    private static func time(_ time: Timestamp) -> String { "\("\(time)".prefix(16))Z" }

    private static func fate(_ facts: PartitionFacts, _ policy: PartitionPolicy, now: Timestamp) -> String {
        if facts.isDetachPending { return "half detached: retire it again" }
        if facts.isRetiring { return "detached, being retired" }
        if facts.isDetached { return "detached and kept" }
        guard let end = policy.retirement(of: facts) else { return "never" }
        return end <= now ? "due" : time(end)
    }
}

extension String {
    fileprivate var trimmingTrailingSpace: String { String(reversed().drop { $0 == " " }.reversed()) }
}
