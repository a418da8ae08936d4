import ArgumentParser
import FeedModel
import Foundation
import PostgresCopy

/// The messages that were refused, as the Writer has put them into `dead_letters`.
struct DeadLetterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dlq", abstract: "Look at dead letters: messages that were refused, and why.",
        subcommands: [List.self, Show.self])

    struct List: ReportingCommand {
        static let configuration = CommandConfiguration(
            abstract: "List dead letters, newest first, with counts by reason.",
            discussion: "Example: touchline dlq list --feed book-a --reason bad_value --limit 20")

        @OptionGroup var options: ConfigurationOptions
        @Option(help: "Only this feed.") var feed: String?
        @Option(help: "Only this reason, such as bad_value.") var reason: String?
        @Option(help: "At most this many.") var limit = 50

        func execute() async throws {
            if let reason, DeadLetterReason(name: reason) == nil {
                let known = DeadLetterReason.allCases.map(\.name).joined(separator: ", ")
                throw CommandFailure(
                    description: "unknown reason '\(reason)': known are \(known)", exitCode: ExitCode(2))
            }
            guard limit >= 0 else {
                throw CommandFailure(description: "'--limit \(limit)' must be 0 or more", exitCode: ExitCode(2))
            }
            let limit = limit
            let reason = reason.flatMap { DeadLetterReason(name: $0) }
            let filter: [PostgresValue] = [
                feed.map { .text($0) } ?? .null, reason.map { .int16(Int16($0.rawValue)) } ?? .null,
            ]
            let (counts, rows) = try await MigratedDatabase.with(options.load().postgresURL, name: "dlq") {
                try await $0.withSession { session in
                    (
                        try session.texts(Self.counts, filter),
                        try session.texts(Self.letters, filter + [.int64(Int64(limit))])
                    )
                }
            }
            Self.show(counts, rows)
        }

        private static let from = """
            from dead_letters d join feeds f using (feed_id)
            where ($1::text is null or f.name = $1) and ($2::smallint is null or d.reason = $2)
            """
        private static let counts = "select letter_reason_name(d.reason), count(*) \(from) group by 1 order by 2 desc"
        private static let letters = """
            select d.id, f.name, letter_reason_name(d.reason), d.state, d.first_seen, d.detail \(from) order by d.id desc limit $3
            """

        private static func show(_ counts: [[String?]], _ rows: [[String?]]) {
            guard !counts.isEmpty else { return print("no dead letters") }
            for row in counts { print("\((row[0] ?? "?").padded(to: 20)) \(row[1] ?? "0")") }
            print("")
            for row in rows {
                print(
                    "#\(row[0] ?? "?")  \(row[1] ?? "?")  \(row[2] ?? "?")  state \(row[3] ?? "?")  \(row[4] ?? "?")\n    \((row[5] ?? "").printable)"
                )
            }
        }
    }

    struct Show: ReportingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one dead letter with its payload.", discussion: "Example: touchline dlq show 17")

        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "The letter's id, from `dlq list`.") var id: Int64

        func execute() async throws {
            let id = id
            let rows = try await MigratedDatabase.with(options.load().postgresURL, name: "dlq") {
                try await $0.withSession { session in
                    try session.texts(
                        """
                        select f.name, d.position, letter_stage_name(d.stage), letter_reason_name(d.reason), d.sqlstate, d.deliveries, d.first_seen, d.state, d.detail,
                            encode(d.payload, 'base64')
                        from dead_letters d join feeds f using (feed_id) where d.id = $1
                        """, [.int64(id)])
                }
            }
            guard let row = rows.first else { throw CommandFailure(description: "there is no dead letter \(id)") }
            let names = [
                "feed", "position", "stage", "reason", "sqlstate", "deliveries", "first seen", "state", "detail",
            ]
            for (name, value) in zip(names, row) { print("\(name.padded(to: 12))\((value ?? "").printable)") }
            let payload = row[9].flatMap { Data(base64Encoded: $0, options: .ignoreUnknownCharacters) } ?? Data()
            print("payload     \(payload.count) bytes")
            for line in payload.split(separator: UInt8(ascii: "\n")) {
                print(String(decoding: line, as: UTF8.self).printable)
            }
        }
    }
}
