import Foundation
import PostgresCopy

/// `docs/analysts.md` as a test reads it: each block of SQL with the answer printed below it.
struct AnalystsGuide {
    struct Question {
        let title: String
        let sql: String
        /// The heading first; cells without the spaces that line them up.
        let answer: [[String]]
    }

    let questions: [Question]

    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The history that the answers are about.
    static func exampleHistory() throws -> String {
        try String(contentsOf: root.appendingPathComponent("examples/analysts/history.sql"), encoding: .utf8)
    }

    init() throws {
        let text = try String(contentsOf: Self.root.appendingPathComponent("docs/analysts.md"), encoding: .utf8)
        var questions: [Question] = []
        var title = ""
        var sql = ""
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        while let line = lines.popFirst() {
            if line.hasPrefix("### ") { title = String(line.dropFirst(4)) }
            if line == "```sql" { sql = Self.block(&lines).joined(separator: "\n") }
            guard line == "```text" else { continue }
            questions.append(Question(title: title, sql: sql, answer: Self.cells(Self.block(&lines))))
            sql = ""
        }
        self.questions = questions
    }

    private static func block(_ lines: inout ArraySlice<Substring>) -> [Substring] {
        let content = lines.prefix { $0 != "```" }
        lines = lines.dropFirst(content.count + 1)
        return Array(content)
    }

    private static func cells(_ lines: [Substring]) -> [[String]] {
        lines.filter { !$0.hasPrefix("--") }.map { line in
            line.split(separator: "|", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
        }
    }
}

extension PostgresConnection {
    /// The answer to a question with its heading, as psql prints it.
    func table(_ sql: String) async throws -> [[String]] {
        try await withSession { session in
            let rows = try session.query(PostgresStatement(sql, isBinary: false))
            let heading = (0..<rows.columnCount).map { rows.columnName($0) }
            return [heading] + rows.texts().map { $0.map { $0 ?? "" } }
        }
    }
}
