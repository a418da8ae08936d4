import CLibPQ

/// A connection's turn: what runs inside `PostgresConnection.withSession` or `withTransaction`, on the connection's thread,
/// with nothing of anybody else's in between.
package struct PostgresSession: ~Copyable {
    let link: PostgresLink

    /// 150018 for 15.18.
    package var serverVersion: Int { link.serverVersion }

    /// Runs one statement or several, without parameters and without answers (the simple protocol). Returns the rows the last
    /// one affected.
    @discardableResult
    package func execute(_ sql: String) throws(PostgresError) -> Int {
        let text = takeBegin(with: sql)
        try link.send("query") { PQsendQuery($0, text) }
        var affected = 0
        var refusal: PostgresError?
        while let result = try link.nextResult() {
            let rows = PostgresRows(owning: result)
            switch PQresultStatus(result) {
            case PGRES_FATAL_ERROR: refusal = refusal ?? link.failure(from: result)
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                link.close("COPY through execute")
                throw .unexpectedResult("COPY through execute")
            default: affected = rows.affectedRows
            }
        }
        try link.rethrow(refusal)
        return affected
    }

    /// Runs one statement with parameters, prepared on first use. The answer is binary.
    package func query(_ sql: String, _ parameters: [PostgresValue] = []) throws(PostgresError) -> PostgresRows {
        try query(PostgresStatement(sql, parameters))
    }

    package func query(_ statement: PostgresStatement) throws(PostgresError) -> PostgresRows {
        guard let result = try link.run([statement]).first else { throw .unexpectedResult("no answer") }
        return PostgresRows(owning: result)
    }

    /// Runs several statements in one round trip; later ones cannot use the answers of earlier ones. After a refusal none
    /// of the answers is given out; outside a transaction they succeed or fail together.
    package func pipeline(
        _ statements: [PostgresStatement], _ receive: (Int, borrowing PostgresRows) throws -> Void
    ) throws {
        var results = try link.run(statements)[...]
        defer { for result in results { PQclear(result) } }
        for index in statements.indices {
            guard let result = results.popFirst() else { throw PostgresError.unexpectedResult("too few answers") }
            try receive(index, PostgresRows(owning: result))
        }
    }

    /// The answer as text, every value as Postgres prints it.
    package func texts(_ sql: String, _ parameters: [PostgresValue] = []) throws(PostgresError) -> [[String?]] {
        try query(PostgresStatement(sql, parameters, isBinary: false)).texts()
    }

    /// Puts the transaction's BEGIN in front of its first statement, which saves a round trip.
    func takeBegin(with sql: String) -> String {
        guard link.hasPendingBegin else { return sql }
        link.hasPendingBegin = false
        return "BEGIN;\(sql)"
    }
}
