import ArgumentParser
import ExportFiles
import Foundation
import PostgresCopy

/// Streams a view or a query out of Postgres.
struct ExportCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Stream a view or a query into a file or a pipe, in constant memory.",
        discussion: """
            Example: touchline export odds_changes --gzip --output odds.csv.gz
            Example: touchline export "SELECT * FROM bets WHERE user_id = 'u-1'" --format ndjson | jq .
            Example: touchline export "line_movement('fx-1')"
            The transaction is read-only. A file appears under its name when it is complete, or not at all.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "A view, a function with its arguments, or a query.") var source: String
    @Option(help: "csv (with a heading) or ndjson (one JSON object a line).") var format = ExportQuery.Format.csv
    @Flag(help: "Compress with gzip.") var gzip = false
    @Option(name: .shortAndLong, help: "The file to write; default: standard output.") var output: String?
    @Flag(name: .shortAndLong, help: "Say nothing but errors.") var quiet = false

    func execute() async throws {
        if gzip, output == nil, StandardOutput.isTerminal {
            throw CommandFailure(
                description: "compressed bytes are nothing for a terminal: add --output FILE, or a pipe",
                exitCode: ExitCode(2))
        }
        let url = try options.load().postgresURL
        let order = ExportOrder(
            query: ExportQuery(source), format: format, gzip: gzip, path: output, isSilent: quiet)
        OutputPipe.takeErrors()
        do {
            let done = try await Interruption.failing {
                try await MigratedDatabase.with(url, name: "export", statementTimeout: nil) { try await order.run($0) }
            }
            if !quiet { printError("touchline: exported \(done)\(output.map { " to \($0)" } ?? "")") }
        } catch ExportError.readerGone {
            // Whoever read has enough: `touchline export … | head`.
        } catch let error as ExportError {
            throw CommandFailure(description: "\(error)")
        } catch let error where error is CancellationError || error as? PostgresError == .cancelled {
            throw CommandFailure(description: output.map { "interrupted: \($0) was not written" } ?? "interrupted")
        } catch let error as PostgresError {
            throw CommandFailure(description: "'\(source)' cannot be exported: \(error)\(order.hint(for: error))")
        }
    }
}

extension ExportQuery.Format: ExpressibleByArgument {}

/// One export, ready to run.
struct ExportOrder: Sendable {
    let query: ExportQuery
    let format: ExportQuery.Format
    let gzip: Bool
    let path: String?
    let isSilent: Bool

    /// What was written, in words. The output is written on the connection's thread: a slow disk or reader slows the server
    /// down, and nothing piles up between them.
    func run(_ connection: PostgresConnection) async throws -> String {
        try await connection.withSession { session in
            try session.execute("BEGIN READ ONLY")
            _ = try session.query(query.probe)
            let sink = try ExportSink(path: path, gzip: gzip)
            var progress = ExportProgress(isSilent: isSilent)
            defer { progress.end() }
            let start = ContinuousClock.now
            let rows = try session.copyOut(query.statement(format)) { row in
                try sink.write(row)
                progress.wrote(row: sink.storedBytes)
            }
            let summary = try sink.finish()
            try session.execute("COMMIT")
            return ExportProgress.sentence(rows: rows, bytes: summary.bytes, since: start)
        }
    }

    /// What people may have meant by a name that is not there.
    func hint(for error: PostgresError) -> String {
        guard error.sqlState == "42P01" || error.sqlState == "42883" else { return "" }
        return
            ". Views: odds_changes, latest_odds, closing_odds, market_overround, bets, bet_handle, events_typed, "
            + "events_raw, gaps, letters; functions: odds_candles(selection_key, interval), line_movement(fixture_id), "
            + "closing_line(since, until), feed_coverage(since, until)"
    }
}
