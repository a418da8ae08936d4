import FeedModel
import Foundation
import PostgresCopy
import Writer

/// What `doctor` learns of a database.
struct PostgresFacts: Sendable {
    /// 150018 for 15.18.
    var version = 0
    var role = ""
    /// As they are for our role in this database.
    var settings: [String: String] = [:]
    /// It takes what another server writes, and nothing from us.
    var isStandby = false
    /// Statements that would let our role do what a Writer does.
    var missingGrants: [String] = []
    /// Partitions that a Writer would have made by now.
    var missingPartitions: [String] = []
    /// How far its clock is ahead of ours.
    var clockAhead = Duration.zero
    var databaseBytes = 0
    /// Connections that ordinary roles can still open.
    var freeConnections = Int.max
    /// What a Writer opens, with those that look after partitions.
    var neededConnections = 0
    /// Of the disk that holds the data, where that is this machine and we may know.
    var disk: DiskSpace?

    private static let names = [
        "synchronous_commit", "fsync", "full_page_writes", "default_transaction_read_only", "server_encoding",
    ]

    static func read(
        _ connection: PostgresConnection, _ configuration: TouchlineConfiguration
    ) async throws -> PostgresFacts {
        let asked = WallClock.now
        var facts = try await connection.withSession { session in
            var facts = PostgresFacts()
            facts.version = session.serverVersion
            try facts.readServer(session, asked: asked)
            facts.missingGrants = try WriterGrants.missing(session)
            facts.disk = try DiskSpace.ofDatabase(session)
            return facts
        }
        facts.neededConnections = min(configuration.postgresConnections, 4) + 2
        let planner = configuration.partitions.planner
        let made = try await PartitionKeeper(planner: planner).list(connection)
        // A day may be there as hours, where the unit was changed.
        facts.missingPartitions = planner.required(at: WallClock.now).filter { range in
            !made.contains { $0.table == range.table && $0.from < range.to && $0.to > range.from }
        }.map(\.name)
        return facts
    }

    private mutating func readServer(_ session: borrowing PostgresSession, asked: Timestamp) throws {
        let row =
            try session.texts(
                """
                SELECT current_user, pg_is_in_recovery()::text, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
                       pg_database_size(current_database()),
                       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                           - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
                """
            ).first ?? []
        guard row.count == 5 else { return }
        role = row[0] ?? ""
        isStandby = row[1] == "true"
        if let theirs = row[2].flatMap({ Int64($0) }) {
            clockAhead = Timestamp(microseconds: theirs).since(asked + WallClock.now.since(asked) / 2)
        }
        databaseBytes = row[3].flatMap { Int($0) } ?? 0
        freeConnections = row[4].flatMap { Int($0) } ?? .max
        for name in Self.names {
            settings[name] = try session.texts("SELECT current_setting($1)", [.text(name)]).first?.first ?? nil
        }
    }
}

/// What a Writer's role must be allowed.
enum WriterGrants {
    private static let tables: [(name: String, privileges: String)] = [
        ("feeds", "SELECT, INSERT"), ("fixtures", "SELECT, INSERT, UPDATE"), ("markets", "SELECT, INSERT, UPDATE"),
        ("selections", "SELECT, INSERT, UPDATE"), ("feed_gaps", "SELECT, INSERT, UPDATE"),
        ("dead_letters", "SELECT, INSERT, UPDATE, DELETE"), ("ingest_ledger", "SELECT, INSERT, UPDATE"),
        ("resumed_terms", "SELECT, INSERT"), ("odds_ticks", "SELECT, INSERT"), ("fixture_updates", "SELECT, INSERT"),
        ("settlements", "SELECT, INSERT"), ("bet_events", "SELECT, INSERT"), ("raw_frames", "SELECT, INSERT"),
    ]

    /// What somebody has to run for it. A table of history must be ours as well: only its owner can attach partitions.
    static func missing(_ session: borrowing PostgresSession) throws -> [String] {
        let rows = try session.texts(
            """
            SELECT t.name, t.privileges,
                   (SELECT bool_and(has_table_privilege(t.name, p)) FROM unnest(string_to_array(t.privileges, ', ')) p)::text,
                   pg_has_role(c.relowner, 'USAGE')::text, quote_ident(current_user), quote_ident(pg_get_userbyid(c.relowner))
              FROM unnest($1::text[], $2::text[]) AS t (name, privileges)
              JOIN pg_class c ON c.oid = to_regclass(t.name)
             ORDER BY t.name
            """, [.texts(tables.map(\.name)), .texts(tables.map(\.privileges))])
        let partitioned = Set(PartitionedTable.allCases.map(\.name))
        var statements: [String] = []
        for row in rows where row.count == 6 {
            let (table, role, owner) = (row[0] ?? "", row[4] ?? "", row[5] ?? "")
            if partitioned.contains(table), row[3] == "false" {
                statements.append("GRANT \(owner) TO \(role)")
            } else if row[2] == "false" {
                statements.append("GRANT \(row[1] ?? "") ON \(table) TO \(role)")
            }
        }
        return statements.reduce(into: []) { known, statement in
            if !known.contains(statement) { known.append(statement) }
        }
    }
}
