package import FeedModel
import PostgresCopy

/// A step of the schema that cannot have a lock yet.
package struct MigrationWait: Sendable, CustomStringConvertible {
    package let migration: Migration
    /// Who seems to hold it; nil if that was over by the time somebody looked.
    package let holder: LockHolder?

    package var description: String {
        "\(migration.version): \(migration.name) waits for \(holder.map { "\($0)" } ?? "a lock that others hold")"
    }
}

/// A session that holds locks on tables.
package struct LockHolder: Sendable, Equatable, CustomStringConvertible {
    package let pid: Int32
    package let user: String
    package let application: String
    /// The beginning of its transaction, and its last statement; nil if we may not know.
    package let since: Timestamp?
    package let query: String?
    /// Some of the tables.
    package let tables: [String]

    package var description: String {
        let who = [user, application].filter { !$0.isEmpty }.joined(separator: ", ")
        let what = query.map { ": \($0)" } ?? ""
        let when = since.map { " since \($0)" } ?? ""
        return "session \(pid) (\(who)), which holds \(tables.joined(separator: ", "))\(when)\(what)"
    }

    /// Of all that hold locks on tables of ours the one whose transaction is the oldest: most likely the one waited for.
    static func oldest(_ session: borrowing PostgresSession) throws -> LockHolder? {
        let rows = try session.query(
            """
            WITH held AS (
                SELECT DISTINCT l.pid, c.relname::text AS name, c.relispartition AS is_part
                  FROM pg_locks l JOIN pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p')
                 WHERE l.locktype = 'relation' AND l.granted AND c.relnamespace = current_schema()::regnamespace
                   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
            SELECT a.pid, coalesce(a.usename::text, ''), coalesce(a.application_name, ''), a.xact_start,
                   left(regexp_replace(a.query, '\\s+', ' ', 'g'), 120),
                   (SELECT string_agg(name, ', ') FROM (
                        SELECT name FROM held h WHERE h.pid = a.pid ORDER BY is_part, name LIMIT 3) AS first_three)
              FROM pg_stat_activity a
             WHERE a.pid IN (SELECT pid FROM held) AND a.pid <> pg_backend_pid()
             ORDER BY a.xact_start NULLS LAST, a.pid LIMIT 1
            """)
        guard rows.count == 1, let pid = rows.int32(0, 0) else { return nil }
        return LockHolder(
            pid: pid, user: rows.text(0, 1) ?? "", application: rows.text(0, 2) ?? "",
            since: rows.timestamptz(0, 3).map { Timestamp(microseconds: $0) }, query: rows.text(0, 4),
            tables: (rows.text(0, 5) ?? "").split(separator: ", ").map(String.init))
    }
}
