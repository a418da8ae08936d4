import PostgresCopy

/// What is exported: a view, a function's answer or a whole query, as the statement that streams it.
struct ExportQuery: Sendable {
    enum Format: String, Sendable, CaseIterable {
        case csv, ndjson
    }

    /// A SELECT without a semicolon.
    let select: String

    private static let beginnings = ["select", "with", "values", "table"]

    /// `odds_changes`, `line_movement('fx-1')` or `SELECT …`.
    init(_ text: String) {
        var text = text.trimmingSpace
        while text.hasSuffix(";") { text = String(text.dropLast()).trimmingSpace }
        let first = text.prefix { $0.isLetter }.lowercased()
        let isQuery = Self.beginnings.contains(first) && text.dropFirst(first.count).first?.isLetter != true
        let isName = !text.isEmpty && text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
        select = isQuery && !isName || text.hasPrefix("(") ? text : "SELECT * FROM \(text)"
    }

    /// Asks for no rows, as one statement of the extended protocol: what the server does not take as one query is refused
    /// here, before it could end up inside a COPY, and in the query's own words.
    var probe: String { "SELECT * FROM (\(select)\n) AS exported LIMIT 0" }

    func statement(_ format: Format) -> String {
        switch format {
        case .csv: "COPY (\(select)\n) TO STDOUT WITH (FORMAT csv, HEADER true)"
        case .ndjson:
            // CSV of one column leaves JSON alone as long as it has neither of these characters, which JSON escapes. COPY's
            // text format would double every backslash. Only a column of type json can bring line ends of its own.
            """
            COPY (SELECT translate(row_to_json(exported)::text, E'\\n\\r', '  ') FROM (\(select)
            ) AS exported) TO STDOUT WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')
            """
        }
    }
}

extension String {
    fileprivate var trimmingSpace: String {
        let start = drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}
