import ArgumentParser
import FeedModel
import PostgresCopy

/// Shows letters with their payloads, the offending place marked.
struct LetterShowCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show dead letters with their payloads, the offending place marked.",
        discussion: "Example: touchline dlq show 17")

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "The letters' ids, from `dlq list`; or filters instead.") var ids: [Int64] = []
    @OptionGroup(title: "Filters") var filter: LetterFilter
    @Option(help: "At most this many.") var limit = 10
    @Flag(help: "Print payloads whole, however long they are.") var full = false

    func execute() async throws {
        try LetterSelection.check(ids, filter)
        guard limit > 0 else {
            throw CommandFailure(description: "'--limit \(limit)' must be 1 or more", exitCode: ExitCode(2))
        }
        let (parameters, limit) = (filter.parameters(ids: ids), ids.isEmpty ? limit : ids.count)
        let (rows, payloads) = try await MigratedDatabase.with(options.load().postgresURL, name: "dlq") {
            connection -> ([[String?]], [StoredLetter]) in
            let rows = try await connection.withSession {
                try $0.texts(Self.heads, parameters + [.int64(Int64(limit))])
            }
            let letters = try await LetterTable(connection: connection).letters(
                rows.compactMap { $0[0].flatMap(Int64.init) })
            return (rows, letters)
        }
        if let missing = ids.first(where: { id in !rows.contains { $0[0] == "\(id)" } }) {
            throw CommandFailure(description: "there is no dead letter \(missing)")
        }
        if rows.isEmpty { print("no dead letters") }
        for (row, letter) in zip(rows, payloads) { show(row, letter.payload) }
    }

    private static let heads = """
        SELECT d.id, f.name, d.position, letter_stage_name(d.stage), letter_reason_name(d.reason), d.sqlstate, d.deliveries,
            d.first_seen, d.state, d.detail
        FROM dead_letters d JOIN feeds f USING (feed_id) WHERE \(LetterFilter.condition) ORDER BY d.id DESC LIMIT $9
        """
    private static let names = [
        "letter", "feed", "position", "stage", "reason", "sqlstate", "deliveries", "received", "state", "detail",
    ]

    private func show(_ row: [String?], _ payload: [UInt8]) {
        for (name, value) in zip(Self.names, row) {
            if let value { print("\(name.padded(to: 12))\(value.printable)") }
        }
        print("payload     \(payload.count) bytes")
        let mark = PayloadMark(detail: row.last.flatMap { $0 } ?? "", payload: payload)
        for line in PayloadText(payload, mark: mark?.range, isWhole: full).lines { print(line) }
        print("")
    }
}
