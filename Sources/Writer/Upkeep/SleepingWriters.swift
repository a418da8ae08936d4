import PostgresCopy

/// Writers that were put to sleep in the middle of a COPY: stopped, or on a machine that was. While a COPY waits for its data no
/// timeout of the server runs out, and what the transaction has taken into the ledger keeps everybody else waiting who has the same
/// entries in hand.
struct SleepingWriters {
    /// For how long a COPY may have been under way: longer than any that `statement_timeout` would have ended.
    var patience = Duration.seconds(40)

    /// Ends their sessions; how many. The rows come again from who takes their entries over, and a Writer that wakes up finds
    /// its connection gone, and its entries in the ledger.
    func end(_ connection: PostgresConnection) async throws -> Int {
        let parameters: [PostgresValue] = [.int64(Int64(patience / .milliseconds(1)))]
        return try await connection.withSession { session in
            let rows = try session.query(Self.statement, parameters)
            return Int(rows.int64(0, 0) ?? 0)
        }
    }

    /// Binary with named columns is how Writers copy; what a person restores from a file is left alone, however slow it is.
    private static let statement = """
        SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
           AND state = 'active' AND wait_event = 'ClientRead'
           -- These have all the time they want.
           AND application_name NOT IN ('fill', 'rederive')
           AND query ~ 'COPY (\(CopyTarget.allCases.map(\.table).joined(separator: "|"))) \\(.*FROM STDIN WITH \\(FORMAT binary\\)'
           AND query_start < clock_timestamp() - $1 * interval '1 ms'
        """
}
