import ArgumentParser
import FeedClient
import FeedModel
import PostgresCopy
import Processor
import Writer

/// Decodes raw frames again.
struct RederiveCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "rederive",
        abstract: "Decode archived raw frames again, after a decoder was mended, and replace the rows they became.",
        discussion: """
            Example: touchline rederive --from 2026-03-07T12:00:00Z --to 2026-03-07T14:00:00Z --feed book --dry-run
            History only: positions and times stay, nothing is broadcast, current state moves forward or not at all. It is \
            safe beside everything that runs, and can be repeated. An entry's rows are replaced as a whole or not at all.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Option(help: "Only what was received since: RFC 3339, or so long ago (90m, 12h, 7d).") var from: LetterTime
    @Option(help: "Only what was received before: RFC 3339, or so long ago.") var to: LetterTime
    @Option(help: "Only this feed; default: every feed that has raw frames.") var feed: String?
    @Flag(help: "Change nothing, but say what would change.") var dryRun = false
    @Flag(name: .shortAndLong, help: "No progress on standard error.") var quiet = false

    func execute() async throws {
        guard from.time < to.time else {
            throw CommandFailure(description: "--from must be before --to", exitCode: ExitCode(2))
        }
        let configuration = try options.load()
        let refused = try await MigratedDatabase.with(
            configuration.postgresURL, name: "rederive", statementTimeout: nil
        ) { connection in
            var refused = 0
            for stored in try await StoredFeed.find(feed, connection, configuration) {
                refused += try await rederive(stored, connection)
            }
            return refused
        }
        if refused > 0 { throw ExitCode.failure }
    }

    private func rederive(_ stored: StoredFeed, _ connection: PostgresConnection) async throws -> Int {
        let name = stored.feed.name
        let rederivation = Rederivation(
            feed: stored.feed, window: from.time..<to.time,
            frames: ArchivedFrames(feedID: stored.id, connection: connection),
            replacement: HistoryReplacement(
                feed: name, feedID: stored.id, connection: connection, isTrial: dryRun))
        let isShown = !quiet && ErrorTerminal.isThere
        let report = try await rederivation.run { report in
            guard isShown, let time = report.lastReceivedAt else { return }
            ErrorTerminal.overwrite("\(name)  \(time)  \(report.outcome.entries) entries")
        }
        if isShown { ErrorTerminal.overwrite("") }
        for line in RederiveText.lines(report, of: name, isTrial: dryRun) { StandardOutput.line(line) }
        return report.outcome.refused.count
    }
}

/// What a rederivation did, for people.
enum RederiveText {
    static func lines(_ report: Rederivation.Report, of feed: FeedName, isTrial: Bool) -> [String] {
        let outcome = report.outcome
        let verb = isTrial ? "would be replaced" : "replaced"
        var lines = [
            "\(feed): \(outcome.entries) entries \(verb): \(outcome.rowsBefore) rows before, \(outcome.rowsAfter) after"
        ]
        if outcome.landedLetters > 0 {
            lines.append("\(feed): \(outcome.landedLetters) dead letters are in the history now")
        }
        if outcome.newLetters > 0 {
            lines.append("\(feed): \(outcome.newLetters) messages are refused now: touchline dlq list --feed \(feed)")
        }
        if outcome.unwritten > 0 {
            lines.append("\(feed): \(outcome.unwritten) entries left alone: the ledger does not have them (yet)")
        }
        if report.withoutImage > 0 {
            let holes = report.holes > 0 ? " (\(report.holes) holes in raw_frames)" : ""
            lines.append(
                "\(feed): \(report.withoutImage) entries left alone: no image of the provider before them is kept\(holes)"
            )
        }
        for refusal in outcome.refused {
            lines.append("\(feed): frame \(refusal.frame) left alone: Postgres refuses its new rows: \(refusal.why)")
        }
        return lines
    }
}
