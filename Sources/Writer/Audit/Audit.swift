package import FeedModel
package import PostgresCopy

/// Checks the history against the ledger that it was written under: the chain of entries, every entry's rows, positions,
/// keys, current state, raw frames and the provider's own numbers.
///
/// Reads only, in statements that are linear in the rows looked at. What is on record (gaps, forks, letters) is told, and is
/// not an error. Safe beside everything else that runs.
package struct Audit: Sendable {
    /// What to look at.
    package struct Options: Sendable {
        /// By `received_at`; nil: from the first row that is still there.
        package var from: Timestamp?
        /// Nil: to the last.
        package var to: Timestamp?
        /// An entry younger than this may still be waiting for its predecessor, which another Writer has in hand.
        package var grace: Duration
        /// Rows that are compared at a time: more need more memory in Postgres.
        package var rowsPerSlice: Int64

        package init(
            from: Timestamp? = nil, to: Timestamp? = nil, grace: Duration = .zero, rowsPerSlice: Int64 = 1_000_000
        ) {
            self.from = from
            self.to = to
            self.grace = grace
            self.rowsPerSlice = rowsPerSlice
        }
    }

    /// How far an audit is.
    package struct Progress: Sendable {
        package let step: String
        /// 0 to 1.
        package let fraction: Double
    }

    private let options: Options
    private let connection: PostgresConnection
    private let now: Timestamp

    /// - Parameter connection: without a `statementTimeout`: 100 million rows take minutes.
    package init(_ connection: PostgresConnection, options: Options = Options(), now: Timestamp) {
        self.connection = connection
        self.options = options
        self.now = now
    }

    package func run(_ progress: @Sendable (Progress) -> Void = { _ in }) async throws -> AuditReport {
        var report = AuditReport()
        guard let oldest = try await oldestWhole() else { return report }
        if let from = options.from, from < oldest {
            report.add(AuditFinding(kind: .notAudited, feed: nil, count: 1, detail: oldest.description))
        }
        let window = try await extent(from: max(options.from ?? oldest, oldest), &report)
        report.window = window
        let names = try await feedNames()
        try await connection.withSession { try $0.execute("SET work_mem = '128MB'") }
        try await auditRows(window, names, &report, progress)
        for (number, step) in steps.enumerated() {
            progress(Progress(step: step.name, fraction: 0.7 + 0.3 * Double(number) / Double(steps.count)))
            if let kind = step.onlyAfter, !report.findings.contains(where: { $0.kind == kind }) { continue }
            for answer in try await ask(step.sql, window, step.more) { report.add(answer, names) }
        }
        try await connection.withSession { try $0.execute("RESET work_mem") }
        progress(Progress(step: "done", fraction: 1))
        return report
    }

    private struct Step {
        let name: String
        let sql: String
        var more: [PostgresValue] = []
        /// Only worth asking if there is a finding of this kind.
        var onlyAfter: AuditFinding.Kind?
    }

    private var steps: [Step] {
        let settled = [PostgresValue.timestamptz((now - options.grace).microseconds)]
        return [
            Step(name: "chain", sql: AuditQuery.chain, more: settled),
            Step(name: "sequences", sql: AuditQuery.sequences), Step(name: "keys", sql: AuditQuery.orphans),
            Step(name: "current state", sql: AuditQuery.states),
            Step(name: "raw frames", sql: AuditQuery.frames, more: settled),
            Step(name: "missing frames", sql: AuditQuery.unwritten, more: settled, onlyAfter: .unwrittenFrames),
            Step(name: "gaps", sql: AuditQuery.gaps), Step(name: "filled gaps", sql: AuditQuery.filledGaps),
            Step(name: "dead letters", sql: AuditQuery.letters),
        ]
    }

    private func ask(
        _ sql: String, _ window: Range<Timestamp>, _ more: [PostgresValue] = []
    ) async throws -> [AuditAnswer] {
        let parameters = window.bounds + more
        return try await connection.withSession { session in
            let rows = try session.query(sql, parameters)
            return (0..<rows.count).map { row in
                AuditAnswer(
                    kind: rows.text(row, 0) ?? "", feed: rows.int16(row, 1), count: rows.int64(row, 2) ?? 0,
                    text: rows.text(row, 3) ?? "", missing: MissingFrames.list(rows.text(row, 4) ?? ""))
            }
        }
    }

    // MARK: Window

    private func feedNames() async throws -> [Int16: String] {
        try await connection.withSession { session in
            let rows = try session.query("SELECT feed_id, name FROM feeds")
            return (0..<rows.count).reduce(into: [:]) { names, row in
                if let id = rows.int16(row, 0) { names[id] = rows.text(row, 1) }
            }
        }
    }

    /// The first moment for which every table still has its partition: what was retired cannot be compared. Nil if nothing
    /// was ever written.
    private func oldestWhole() async throws -> Timestamp? {
        let facts = try await PartitionKeeper().list(connection)
        let compared = PartitionedTable.allCases.filter { $0 != .rawFrames }
        return compared.compactMap { table in facts.filter { $0.table == table }.map(\.from).min() }.max()
    }

    /// To behind the last entry, or as far as was asked for.
    private func extent(from: Timestamp, _ report: inout AuditReport) async throws -> Range<Timestamp> {
        let bounds = (from..<max(from, options.to ?? .afterEverything)).bounds
        let (last, entries) = try await connection.withSession { session in
            let rows = try session.query(AuditQuery.extent, bounds)
            return (rows.timestamptz(0, 0), rows.int64(0, 1) ?? 0)
        }
        report.entries = entries
        let end = options.to ?? max(now, last.map { Timestamp(microseconds: $0 + 1) } ?? now)
        return from..<max(from, end)
    }

    // MARK: Rows

    private func auditRows(
        _ window: Range<Timestamp>, _ names: [Int16: String], _ report: inout AuditReport,
        _ progress: @Sendable (Progress) -> Void
    ) async throws {
        let parameters = window.bounds + [.int64(max(1, options.rowsPerSlice))]
        let cuts = try await connection.withSession { session in
            let rows = try session.query(AuditQuery.slices, parameters)
            return (0..<rows.count).compactMap { rows.timestamptz($0, 0).map { Timestamp(microseconds: $0) } }
        }
        let starts = [window.lowerBound] + Array(cuts.dropFirst())
        let ends = Array(cuts.dropFirst()) + [window.upperBound]
        for (number, slice) in zip(starts, ends).enumerated() {
            progress(Progress(step: "rows", fraction: 0.7 * Double(number) / Double(starts.count)))
            for answer in try await ask(AuditQuery.rows, slice.0..<slice.1) {
                if answer.kind == "total" { report.rows += answer.count } else { report.add(answer, names) }
            }
        }
    }
}

/// One row of an answer.
private struct AuditAnswer: Sendable {
    let kind: String
    let feed: Int16?
    let count: Int64
    let text: String
    /// Where the question has a fifth column.
    let missing: [MissingFrames]
}

extension AuditReport {
    fileprivate mutating func add(_ answer: AuditAnswer, _ names: [Int16: String]) {
        guard let kind = AuditFinding.Kind(rawValue: answer.kind) else { return }
        let feed = answer.feed.map { names[$0] ?? "feed \($0)" }
        if answer.count > 0 { add(answer, kind, feed) }
        attach(answer.missing, to: kind, of: feed)
    }

    private mutating func add(_ answer: AuditAnswer, _ kind: AuditFinding.Kind, _ feed: String?) {
        switch kind {
        case .orphans, .staleState, .openGap, .filledGap, .healedGap, .deadLetters, .notAudited:
            add(AuditFinding(kind: kind, feed: feed, count: answer.count, detail: answer.text))
        default:
            let examples = answer.text.isEmpty ? [] : [answer.text]
            add(AuditFinding(kind: kind, feed: feed, count: answer.count, examples: examples))
        }
    }
}

extension Range<Timestamp> {
    fileprivate var bounds: [PostgresValue] {
        [.timestamptz(lowerBound.microseconds), .timestamptz(upperBound.microseconds)]
    }
}

extension Timestamp {
    /// 9999-12-31.
    fileprivate static let afterEverything = Timestamp(microseconds: 253_402_214_400_000_000)
}
