import PostgresCopy

/// Whether the role may make tables: without that `touchline migrate` does not get anywhere.
enum SchemaRight {
    /// What an administrator has to run, behind what is wrong.
    static func remedy(database: String, role: String) -> String {
        "as an administrator: ALTER DATABASE \(database) OWNER TO \(role)"
    }

    /// Nil if it may, or if that cannot be asked.
    static func finding(_ url: String) async -> Finding? {
        let connection = PostgresConnection(url: url, name: "doctor")
        guard let row = try? await row(connection) else {
            await connection.close()
            return nil
        }
        await connection.close()
        guard row.count == 3, row[2] == "false", let database = row[0], let role = row[1] else { return nil }
        return Finding(
            "postgres", problem: "\(role) may not make tables in \(database)",
            remedy: remedy(database: database, role: role))
    }

    private static func row(_ connection: PostgresConnection) async throws -> [String?] {
        try await connection.connect()
        return try await connection.withSession {
            try $0.texts(
                """
                SELECT quote_ident(current_database()), quote_ident(current_user),
                       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)::text
                """
            ).first ?? []
        }
    }
}
