import ArgumentParser
import PostgresCopy
import Processor
import Sportsbook
import Writer

/// `replay --fill`: finds the holes, fills them, and says what came of each.
struct FillRun {
    let feed: String
    let provider: String
    let files: [String]

    func run(_ configuration: TouchlineConfiguration) async throws {
        let frames: RecordedFrames
        do { frames = try RecordedFrames(paths: files, provider: provider) } catch let error as SportsbookError {
            throw CommandFailure(description: "\(error)", exitCode: ExitCode(2))
        }
        try await MigratedDatabase.with(configuration.postgresURL, name: "fill", statementTimeout: nil) { connection in
            for stored in try await StoredFeed.find(feed, connection, configuration) {
                guard stored.feed.provider == provider else {
                    throw CommandFailure(
                        description: "the feed '\(feed)' is one of \(stored.feed.provider), not of \(provider)",
                        exitCode: ExitCode(2))
                }
                try await fill(stored, frames, connection, configuration)
            }
        }
    }

    private func fill(
        _ stored: StoredFeed, _ frames: RecordedFrames, _ connection: PostgresConnection,
        _ configuration: TouchlineConfiguration
    ) async throws {
        let holes = try await HistoryHole.all(feedID: stored.id, connection)
        guard !holes.isEmpty else { return StandardOutput.line("\(feed): no frames are missing") }
        let filling = HistoryFilling(
            feed: stored.feed.name, feedID: stored.id, connection: connection,
            isRawAuditOn: configuration.isRawAuditOn)
        let reports = try await HistoryFill(feed: stored.feed, frames: frames, filling: filling).run(holes) { report in
            StandardOutput.progress("\(feed): \(report.frames) of \(report.hole.count) frames")
        }
        for report in reports { StandardOutput.line("\(feed): \(Self.text(report))") }
        if !reports.allSatisfy(\.isHealed) { throw ExitCode.failure }
    }

    private static func text(_ report: HistoryFill.Report) -> String {
        let hole = report.hole
        let place = "\(hole.from) to \(hole.to)"
        guard report.frames > 0 else {
            return "\(place): the recordings hold nothing of the \(hole.count) missing frames"
        }
        let outcome = report.outcome
        let letters = outcome.letters > 0 ? ", \(outcome.letters) dead letters" : ""
        let verdict =
            report.isHealed
            ? "the provider's numbers go through"
            : "whether that is all cannot be told: the provider's numbers do not go through, and the gap stays on record"
        return
            "\(place): \(report.frames) of at most \(hole.count) missing frames filled in, \(outcome.rows) rows\(letters); "
            + verdict
    }
}
