import ArgumentParser
import FeedModel
import Writer

/// Audits Postgres.
struct VerifyCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract:
            "Audit Postgres: chain of the ledger, ledger against rows, orphans, gaps, duplicates. Exit 1 if anything is wrong.",
        discussion: """
            Example: touchline verify
            Example: touchline verify --from 1d
            Example: touchline verify --from 2026-03-07T00:00:00Z --to 2026-03-08T00:00:00Z
            It reads only, and is safe beside everything that runs. While writers work, --to 2m leaves out what is on its way.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Option(help: "Only what was received since: RFC 3339, or so long ago (90m, 12h, 7d).") var from: LetterTime?
    @Option(help: "Only what was received before: RFC 3339, or so long ago.") var to: LetterTime?
    @Flag(name: .shortAndLong, help: "No progress on standard error.") var quiet = false

    func execute() async throws {
        if let from, let to, from.time >= to.time {
            throw CommandFailure(description: "--from must be before --to", exitCode: ExitCode(2))
        }
        let now = WallClock.now
        let window = Audit.Options(from: from?.time, to: to?.time)
        let progress = VerifyProgress(isSilent: quiet)
        let report = try await MigratedDatabase.with(
            options.load().postgresURL, name: "verify", statementTimeout: nil
        ) { connection in
            try await Audit(connection, options: window, now: now).run { progress.show($0) }
        }
        progress.end()
        for line in VerifyText.lines(report) { print(line) }
        if !report.isClean { throw ExitCode.failure }
    }
}

/// What an audit found, for people: what was looked at, what is wrong, what is worth knowing, the verdict.
enum VerifyText {
    static func lines(_ report: AuditReport) -> [String] {
        guard let window = report.window else { return ["nothing was ever written", "clean: nothing is wrong"] }
        let looked = "from \(window.lowerBound) to \(window.upperBound): \(report.entries) entries, \(report.rows) rows"
        let wrong = report.findings.filter { $0.severity == .error }
        let notes = report.findings.filter { $0.severity == .note }
        let verdict =
            report.isClean
            ? "clean: nothing is wrong"
            : "NOT clean: \(wrong.count) \(wrong.count == 1 ? "finding" : "findings") above marked WRONG"
        return [looked] + wrong.flatMap { ["WRONG  \($0)"] + missing($0) } + notes.map { "note   \($0)" } + [verdict]
    }

    /// Which frames a finding is about, a line each.
    private static func missing(_ finding: AuditFinding) -> [String] {
        let lines = finding.missing.map { "         \($0)" }
        guard lines.count == AuditFinding.maximumRanges else { return lines }
        return lines + ["         (the first \(lines.count))"]
    }
}

/// How far an audit is, in one line of a terminal.
private struct VerifyProgress: Sendable {
    let isSilent: Bool

    func show(_ progress: Audit.Progress) {
        guard !isSilent, ErrorTerminal.isThere else { return }
        ErrorTerminal.overwrite("\(Int(progress.fraction * 100)) %  \(progress.step)")
    }

    func end() {
        if !isSilent, ErrorTerminal.isThere { ErrorTerminal.overwrite("") }
    }
}
