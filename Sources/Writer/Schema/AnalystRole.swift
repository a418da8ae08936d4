package import PostgresCopy

/// A role that reads everything in the schema and changes nothing.
///
/// The limits are settings of the role itself, because members of a group do not inherit a group's settings: whoever is to
/// have them logs in as this role.
package struct AnalystRole: Sendable {
    package let name: String
    /// How long one of its statements may take, in Postgres' words, unless it sets another limit.
    package static let statementTimeout = "5min"

    package init(name: String) { self.name = name }

    /// Something that the migrating role was not allowed to do, and the statement that somebody else has to run.
    package struct Refusal: Sendable, Equatable, CustomStringConvertible {
        package let statement: String
        package let reason: String

        package var description: String { "\(reason); an administrator has to run: \(statement)" }
    }

    /// Makes the role unless it is there, gives it its limits and lets it read. What the connection's role may not do is
    /// returned, and the rest is done.
    package func establish(_ connection: PostgresConnection) async throws -> [Refusal] {
        let (isThere, database, schema, owner) = try await connection.withSession { [name] session in
            let rows = try session.query(
                """
                SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1), quote_ident(current_database()),
                       quote_ident(current_schema()), quote_ident(current_user)
                """, [.text(name)])
            return (rows.bool(0, 0) ?? false, rows.text(0, 1) ?? "", rows.text(0, 2) ?? "", rows.text(0, 3) ?? "")
        }
        let creation = isThere ? [] : ["CREATE ROLE \(identifier) LOGIN"]
        let set = try await settings(connection)
        let limits = Self.limits.filter { !set.contains($0.name.lowercased()) }.map {
            "ALTER ROLE \(identifier) IN DATABASE \(database) SET \($0.name) = \($0.value)"
        }
        var refusals: [Refusal] = []
        for statement in creation + limits + grants(database, schema, owner) {
            if let reason = try await refusal(of: statement, connection) {
                refusals.append(Refusal(statement: statement, reason: reason))
            }
        }
        return refusals
    }

    private var identifier: String { "\"\(name.replacing("\"", with: "\"\""))\"" }

    private static let limits = [
        (name: "statement_timeout", value: "'\(statementTimeout)'"),
        (name: "idle_in_transaction_session_timeout", value: "'5min'"),
        // A slip, such as DELETE in a role that somebody gave more to, is refused as well.
        (name: "default_transaction_read_only", value: "on"), (name: "TimeZone", value: "'UTC'"),
    ]

    /// The settings that the role has in this database, in lower case. An administrator made them, or chose other values.
    private func settings(_ connection: PostgresConnection) async throws -> Set<String> {
        let rows = try await connection.withSession { [name] session in
            try session.texts(
                """
                SELECT lower(split_part(setting, '=', 1))
                  FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
                  JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS setting
                 WHERE r.rolname = $1 AND d.datname = current_database()
                """, [.text(name)])
        }
        return Set(rows.compactMap { $0.first ?? nil })
    }

    /// Of what there is, and of what later migrations make.
    private func grants(_ database: String, _ schema: String, _ owner: String) -> [String] {
        [
            "GRANT CONNECT ON DATABASE \(database) TO \(identifier)",
            "GRANT USAGE ON SCHEMA \(schema) TO \(identifier)",
            "GRANT SELECT ON ALL TABLES IN SCHEMA \(schema) TO \(identifier)",
            // Said by name: whoever runs the statement in our place has tables of his own.
            "ALTER DEFAULT PRIVILEGES FOR ROLE \(owner) IN SCHEMA \(schema) GRANT SELECT ON TABLES TO \(identifier)",
        ]
    }

    /// Insufficient privilege; a role that does not exist because it could not be made.
    private static let bearable = ["42501", "42704"]

    private func refusal(of statement: String, _ connection: PostgresConnection) async throws -> String? {
        do {
            try await connection.withSession { _ = try $0.execute(statement) }
            return nil
        } catch let error as PostgresError where Self.bearable.contains(error.sqlState) {
            guard case .server(let failure) = error else { return "\(error)" }
            return failure.message
        }
    }
}
