package import FeedModel
import PostgresCopy

/// One partition as the database has it.
package struct PartitionFacts: Sendable, Equatable {
    package let table: PartitionedTable
    package let name: String
    /// The first moment it holds, and the first that it does not.
    package let from: Timestamp
    package let to: Timestamp
    /// As of the last ANALYZE; −1 before the first.
    package let estimatedRows: Int64
    /// With indexes and out-of-line values; 0 if it was not measured.
    package let bytes: Int64
    /// Detaching it began and did not end.
    package let isDetachPending: Bool
    /// A table of its own by now.
    package var isDetached = false
    /// Detached in order to be dropped.
    package var isRetiring = false

    /// Names alone, which no lock of anybody delays: reading a partition's bounds waits for whoever has locked it. One that is
    /// being detached takes no rows any more.
    static func names(_ session: borrowing PostgresSession) throws -> Set<String> {
        let rows = try session.query(
            """
            SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent = ANY (SELECT to_regclass(name) FROM unnest($1) AS name) AND NOT i.inhdetachpending
            """, [.texts(PartitionedTable.allCases.map(\.name))])
        return Set((0..<rows.count).compactMap { rows.text($0, 0) })
    }

    /// - Parameter withSizes: measuring waits for whoever has locked a partition, which nothing that writes may do.
    static func read(_ session: borrowing PostgresSession, withSizes: Bool = false) throws -> [PartitionFacts] {
        let rows = try session.query(
            """
            SELECT p.relname, c.relname, (regexp_match(b.bound, 'FROM \\(''([^'']+)''\\)'))[1]::timestamptz,
                   (regexp_match(b.bound, 'TO \\(''([^'']+)''\\)'))[1]::timestamptz, c.reltuples::bigint,
                   CASE WHEN $2 THEN pg_total_relation_size(c.oid) ELSE 0 END, i.inhdetachpending
              FROM pg_inherits i
              JOIN pg_class p ON p.oid = i.inhparent
              JOIN pg_class c ON c.oid = i.inhrelid
             CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) b
             WHERE p.oid = ANY (SELECT to_regclass(name) FROM unnest($1) AS name) AND b.bound LIKE 'FOR VALUES FROM%'
             ORDER BY p.relname, 3
            """, [.texts(PartitionedTable.allCases.map(\.name)), .bool(withSizes)])
        return (0..<rows.count).compactMap { row in
            guard let table = rows.text(row, 0).flatMap({ PartitionedTable(rawValue: $0) }),
                let name = rows.text(row, 1),
                let from = rows.timestamptz(row, 2), let to = rows.timestamptz(row, 3)
            else { return nil }
            return PartitionFacts(
                table: table, name: name, from: Timestamp(microseconds: from), to: Timestamp(microseconds: to),
                estimatedRows: rows.int64(row, 4) ?? -1, bytes: rows.int64(row, 5) ?? 0,
                isDetachPending: rows.bool(row, 6) ?? false)
        }
    }
}
