package import FeedModel
package import PostgresCopy

/// What the indexes of partitions need from time to time, while rows come in and analysts read.
package struct PartitionIndexes: Sendable {
    /// A partition counts as full so long after its end: what comes later is little.
    static let grace = Duration.seconds(3_600)
    /// How long a build waits for queries that were there before it. It is a long time because the build begins anew afterwards.
    private static let patience = "30min"

    private let isStopping: @Sendable () -> Bool

    /// - Parameter isStopping: asked while an index is being built.
    package init(isStopping: @escaping @Sendable () -> Bool = { false }) { self.isStopping = isStopping }

    /// Builds the index that finds a selection's price at a moment, on the partitions of `odds_ticks` that are full and lack it,
    /// newest first; returns their names. The current partition goes without: kept up row by row, that index would make the
    /// insertion a third dearer and be half as large again.
    ///
    /// Nobody who reads or writes is blocked, but a build waits for queries that were there before it. The connection should
    /// have no `statementTimeout`. Killed at any moment, the next call begins the index anew.
    ///
    /// - Parameter report: told of each partition as soon as it has its index.
    /// - Throws: the first failure, once the other partitions have had their turn.
    @discardableResult
    package func build(
        at now: Timestamp, _ connection: PostgresConnection, report: @Sendable (String) -> Void = { _ in }
    ) async throws -> [String] {
        var (tried, built, failure): (Set<String>, [String], (any Error)?) = ([], [], nil)
        while !isStopping() {
            let known = tried
            do {
                // Others may have worked meanwhile: what is lacking is asked for again under the lock.
                let partition = try await PartitionDuty.indexing.alone(connection) { () -> String? in
                    let lacking = try await lacking(at: now, connection)
                    guard let next = lacking.first(where: { !known.contains($0.name) }) else { return nil }
                    tried.insert(next.name)
                    try await build(next, connection)
                    return next.name
                }
                guard let partition else { break }
                built.append(partition)
                report(partition)
            } catch let error as PostgresError {
                guard await connection.isConnected, tried != known else { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return built
    }

    /// Tells the block range indexes of current partitions about the rows that came since the last call; a query reads what they
    /// were not told. A partition that is being vacuumed is left to the vacuum, which does the same.
    package func summarize(at now: Timestamp, _ connection: PostgresConnection) async throws {
        let current = try await PartitionKeeper().list(connection)
            .filter { $0.from <= now && now < $0.to + Self.grace }.map(\.name)
        for name in current where !isStopping() {
            do {
                try await connection.withTransaction { session in
                    // Shorter than `deadlock_timeout`, after which a vacuum would give way to us.
                    try session.execute("SET LOCAL lock_timeout = '100ms'")
                    try Self.summarize(name, session)
                }
            } catch let error as PostgresError where LockRetry.lockNotGiven.contains(error.sqlState) {}
        }
    }

    private static func summarize(_ partition: String, _ session: borrowing PostgresSession) throws {
        _ = try session.query(
            """
            SELECT brin_summarize_new_values(i.indexrelid) FROM pg_index i
              JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
             WHERE i.indrelid = to_regclass(quote_ident($1)) AND a.amname = 'brin' AND i.indisvalid
            """, [.text(partition)])
    }

    // MARK: Building

    /// A full partition without a valid index.
    private struct Lacking {
        let name: String
        /// What an interrupted build left is of no use to anybody.
        let leftovers: [String]
    }

    private func lacking(at now: Timestamp, _ connection: PostgresConnection) async throws -> [Lacking] {
        let full = try await PartitionKeeper().list(connection)
            .filter { $0.table == .oddsTicks && $0.to + Self.grace <= now && !$0.isDetachPending }
            .sorted { $0.from > $1.from }.map(\.name)
        return try await connection.withSession { session in
            let rows = try session.query(
                """
                SELECT p.name, array_to_string(array_agg(x.name) FILTER (WHERE NOT x.indisvalid), ',')
                  FROM unnest($1) WITH ORDINALITY AS p(name, rank)
                  JOIN pg_class c ON c.oid = to_regclass(quote_ident(p.name)) AND c.relkind = 'r'
                  LEFT JOIN LATERAL (
                           SELECT i.indexrelid::regclass::text AS name, i.indisvalid FROM pg_index i
                            WHERE i.indrelid = c.oid AND (
                                      SELECT array_agg(a.attname::text ORDER BY k.place)
                                        FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(number, place)
                                        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
                                  ) = ARRAY['selection_key', 'received_at']) x ON true
                 GROUP BY p.name, p.rank HAVING NOT coalesce(bool_or(x.indisvalid), false) ORDER BY p.rank
                """, [.texts(full)])
            return (0..<rows.count).compactMap { row in
                rows.text(row, 0).map { name in
                    Lacking(name: name, leftovers: rows.text(row, 1)?.split(separator: ",").map(String.init) ?? [])
                }
            }
        }
    }

    private func build(_ partition: Lacking, _ connection: PostgresConnection) async throws {
        try await ArchiveTarget.untilStopped(isStopping) {
            try await connection.withSession { session in
                defer { _ = try? session.execute("RESET lock_timeout") }
                try session.execute("SET lock_timeout = '\(Self.patience)'")
                for index in partition.leftovers { try session.execute("DROP INDEX CONCURRENTLY \(index)") }
                try session.execute("CREATE INDEX CONCURRENTLY ON \"\(partition.name)\" (selection_key, received_at)")
                try Self.summarize(partition.name, session)
            }
        }
    }
}
