import DevServices
import FeedModel
import PostgresCopy
import TestSupport
import Testing
import Writer

@Suite("The analysts' role", .timeLimit(.minutes(1)))
struct AnalystRoleTests {
    @Test func `it reads what is there and what comes later, changes nothing, and has a time limit`() async throws {
        try await withRole { name, url in
            let owner = PostgresConnection(url: url, name: "owner")
            try await owner.connect()
            try await SchemaMigrator().migrate(owner)
            try await PartitionKeeper().ensure(at: testDay, owner)
            #expect(try await AnalystRole(name: name).establish(owner).isEmpty)
            // Twice is as good as once.
            #expect(try await AnalystRole(name: name).establish(owner).isEmpty)
            _ = try await owner.withSession { try $0.execute("CREATE TABLE later (n int)") }
            let analyst = PostgresConnection(url: url.replacing("touchline@", with: "\(name)@"), name: "analyst")
            try await analyst.connect()
            let timeout = try await analyst.withSession { session in
                for view in ["odds_changes", "bets", "events_raw", "events_typed", "later", "raw_frames"] {
                    _ = try session.texts("SELECT * FROM \(view)")
                }
                return try session.texts(
                    "SELECT setting FROM pg_db_role_setting, unnest(setconfig) AS setting WHERE setting LIKE 'statement%'"
                )
            }
            #expect(timeout.contains(["statement_timeout=5min"]))
            for change in ["DELETE FROM odds_ticks", "CREATE TABLE mine (n int)", "TRUNCATE bet_events"] {
                await #expect(throws: PostgresError.self, "\(change)") {
                    try await analyst.withSession {
                        _ = try $0.execute("SET default_transaction_read_only = off; \(change)")
                    }
                }
            }
            await analyst.close()
            await owner.close()
        }
    }

    @Test func `who may not make roles is told what an administrator has to run`() async throws {
        try await withRole { name, url in
            let owner = PostgresConnection(url: url, name: "owner")
            try await owner.connect()
            try await SchemaMigrator().migrate(owner)
            _ = try await owner.withSession { try $0.execute("CREATE ROLE \(name)_low LOGIN") }
            let low = PostgresConnection(url: url.replacing("touchline@", with: "\(name)_low@"), name: "low")
            try await low.connect()
            let told = try await AnalystRole(name: name).establish(low)
            #expect(told.first?.statement == "CREATE ROLE \"\(name)\" LOGIN")
            #expect(told.first?.reason.contains("permission denied") == true)
            await low.close()
            _ = try await owner.withSession { try $0.execute("DROP ROLE \(name)_low") }
            await owner.close()
        }
    }

    @Test func `what an administrator has done is not asked for again`() async throws {
        try await withRole { name, url in
            let low = "\(name)_low"
            let owner = PostgresConnection(url: url, name: "owner")
            try await owner.connect()
            _ = try await owner.withSession {
                try $0.execute("CREATE ROLE \(low) LOGIN; GRANT ALL ON SCHEMA public TO \(low)")
            }
            let connection = PostgresConnection(url: url.replacing("touchline@", with: "\(low)@"), name: "low")
            try await connection.connect()
            try await SchemaMigrator().migrate(connection)
            let role = AnalystRole(name: name)
            let told = try await role.establish(connection)
            #expect(told.contains { $0.statement.contains("FOR ROLE \(low) IN SCHEMA") }, "\(told)")
            // As an administrator would, word for word.
            for refusal in told { _ = try await owner.withSession { try $0.execute(refusal.statement) } }
            #expect(try await role.establish(connection).isEmpty)
            _ = try await connection.withSession { try $0.execute("CREATE TABLE later (n int)") }
            let isReadable = try await owner.withSession {
                try $0.texts("SELECT has_table_privilege($1, 'later', 'SELECT')::text", [.text(name)])
            }
            #expect(isReadable == [["true"]])
            await connection.close()
            _ = try await owner.withSession { try $0.execute("DROP OWNED BY \(low) CASCADE; DROP ROLE \(low)") }
            await owner.close()
        }
    }

    /// Roles belong to the whole server: each test has one of its own and leaves none.
    private func withRole(_ body: (_ name: String, _ url: String) async throws -> Void) async throws {
        let server = try await TestServers.postgres()
        let name = RandomName.next("role").replacing("-", with: "_")
        try await TestServers.withDatabase { url in
            try await body(name, url)
            let database = url.split(separator: "/").last.map(String.init) ?? ""
            try await server.execute(
                """
                DO $$ BEGIN
                    IF EXISTS (SELECT FROM pg_roles WHERE rolname = '\(name)') THEN
                        EXECUTE 'DROP OWNED BY \(name)'; EXECUTE 'DROP ROLE \(name)';
                    END IF;
                END $$
                """, database: database)
        }
    }
}
