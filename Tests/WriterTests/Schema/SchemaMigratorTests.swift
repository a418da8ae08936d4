import FeedModel
import PostgresCopy
import TestSupport
import Testing
import Writer

@Suite("Migrations", .timeLimit(.minutes(1)))
struct SchemaMigratorTests {
    @Test func `the plan numbers its steps without a hole`() {
        #expect(MigrationPlan.all.map(\.version) == Array(1...MigrationPlan.all.count))
        #expect(Set(MigrationPlan.all.map(\.checksum)).count == MigrationPlan.all.count)
    }

    @Test func `an empty database is refused, then migrated, then accepted`() async throws {
        try await withConnection { connection in
            let migrator = SchemaMigrator()
            let needed = MigrationPlan().version
            let error = await #expect(throws: SchemaError.self) { try await migrator.requireCurrent(connection) }
            #expect(error == .outdated(found: 0, needed: needed))
            let done = try await migrator.migrate(connection)
            #expect(done.map(\.version) == MigrationPlan.all.map(\.version))
            try await migrator.requireCurrent(connection)
            let again = try await migrator.migrate(connection)
            #expect(again.isEmpty)
            let status = try await migrator.status(connection)
            #expect(status.version == needed)
            #expect(status.applied.map(\.name) == MigrationPlan.all.map(\.name))
        }
    }

    @Test func `a database that lacks steps is refused in one sentence`() async throws {
        try await withConnection { connection in
            try await SchemaMigrator(plan: MigrationPlan(Array(MigrationPlan.all.prefix(3)))).migrate(connection)
            let error = await #expect(throws: SchemaError.self) {
                try await SchemaMigrator().requireCurrent(connection)
            }
            #expect(
                error?.description
                    == "the database has schema version 3, this build needs \(MigrationPlan().version): run `touchline migrate`"
            )
            try await SchemaMigrator().migrate(connection)
            // An older build has all it needs.
            try await SchemaMigrator(plan: MigrationPlan(Array(MigrationPlan.all.prefix(3)))).requireCurrent(connection)
        }
    }

    @Test func `who might read events_raw may read what has the name now`() async throws {
        try await withConnection { connection in
            let reader = RandomName.next("reader").replacing("-", with: "_")
            try await SchemaMigrator(plan: MigrationPlan(Array(MigrationPlan.all.prefix(12)))).migrate(connection)
            _ = try await connection.withSession {
                try $0.execute("CREATE ROLE \(reader); GRANT SELECT ON events_raw TO \(reader)")
            }
            try await SchemaMigrator().migrate(connection)
            let allowed = try await connection.withSession {
                try $0.texts("SELECT has_table_privilege('\(reader)', 'events_raw', 'SELECT')::text")
            }
            #expect(allowed == [["true"]])
            _ = try await connection.withSession { try $0.execute("DROP OWNED BY \(reader); DROP ROLE \(reader)") }
        }
    }

    @Test func `many processes may migrate at once`() async throws {
        try await TestServers.withDatabase { url in
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        let connection = PostgresConnection(url: url, name: "migrate-\(number)", statementTimeout: nil)
                        try await connection.connect()
                        let done = try await SchemaMigrator().migrate(connection)
                        await connection.close()
                        return done.count
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 }
            }
            #expect(counts == MigrationPlan.all.count)
        }
    }

    @Test func `a step that waits for an analyst says so, holds up nobody who writes, and goes on behind it`()
        async throws
    {
        try await TestServers.withDatabase { url in
            let connection = PostgresConnection(url: url, name: "migrate", statementTimeout: nil)
            try await connection.connect()
            try await SchemaMigrator().migrate(connection)
            try await PartitionKeeper().ensure(at: testDay, connection)
            let step = Migration(
                version: MigrationPlan().version + 1, name: "one more",
                sql: "ALTER TABLE odds_ticks ADD COLUMN more int")
            let migrator = SchemaMigrator(plan: MigrationPlan(MigrationPlan.all + [step]))
            let (words, continuation) = AsyncStream.makeStream(of: String.self)
            try await whileReading("odds_ticks", url) {
                let migrating = Task {
                    try await migrator.migrate(connection, waiting: { continuation.yield("\($0)") })
                }
                let word = await words.first { _ in true }
                let told = try #require(word)
                #expect(told.hasPrefix("\(step.version): one more waits for session "), "\(told)")
                #expect(told.contains("analyst") && told.contains("which holds odds_ticks"), "\(told)")
                try await expectQuickWrites(url)
                return migrating
            }
        }
    }

    /// For as long as two attempts take no row waits for longer than one of them.
    private func expectQuickWrites(_ url: String) async throws {
        let writer = PostgresConnection(url: url, name: "writer", statementTimeout: .seconds(5))
        try await writer.connect()
        let end = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < end {
            _ = try await writer.withSession { session in
                try session.query(
                    "INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status) VALUES ($1, 1, 1, 1, 1)",
                    [.timestamptz(testDay.microseconds)]
                ).affectedRows
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        await writer.close()
    }

    /// Runs `body` while an analyst's transaction has read a table; then ends that, and waits for what `body` began.
    private func whileReading(
        _ table: String, _ url: String, _ body: () async throws -> Task<[Migration], any Error>
    ) async throws {
        let analyst = PostgresConnection(url: url, name: "analyst")
        try await analyst.connect()
        let gate = Gate()
        let reading = Task {
            try await analyst.withTransaction { session in
                try session.execute("SELECT count(*) FROM \(table)")
                gate.open()
                gate.waitUntilClosed()
            }
        }
        await gate.opened()
        let result: Result<Task<[Migration], any Error>, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        gate.close()
        try await reading.value
        await analyst.close()
        #expect(try await result.get().value.map(\.name) == ["one more"])
    }

    @Test func `a step that fails leaves nothing of itself`() async throws {
        try await withConnection { connection in
            let broken = Migration(version: 2, name: "broken", sql: "CREATE TABLE half (v int); SELECT 1 / 0")
            let migrator = SchemaMigrator(plan: MigrationPlan([MigrationPlan.all[0], broken]))
            await #expect(throws: PostgresError.self) { try await migrator.migrate(connection) }
            let status = try await migrator.status(connection)
            #expect(status.version == 1)
            let isAbsent = try await connection.withSession {
                try $0.query("SELECT to_regclass('half') IS NULL").bool(0, 0)
            }
            #expect(isAbsent == true)
        }
    }

    @Test func `a step that reads differently is refused`() async throws {
        try await withConnection { connection in
            try await SchemaMigrator(plan: MigrationPlan([MigrationPlan.all[0]])).migrate(connection)
            let other = Migration(version: 1, name: "vocabulary", sql: "SELECT 1")
            let error = await #expect(throws: SchemaError.self) {
                try await SchemaMigrator(plan: MigrationPlan([other])).migrate(connection)
            }
            #expect(error == .changed(version: 1, name: "vocabulary"))
        }
    }

    @Test func `every code of the vocabulary has its name in the database`() async throws {
        try await withSchema { connection, _ in
            try await expectNames(FixtureStatus.self, "fixture_status_name", connection)
            try await expectNames(OddsStatus.self, "odds_status_name", connection)
            try await expectNames(SettlementResult.self, "settlement_result_name", connection)
            try await expectNames(BetStatus.self, "bet_status_name", connection)
            try await expectNames(GapKind.self, "gap_kind_name", connection)
            try await expectNames(DeadLetterStage.self, "letter_stage_name", connection)
            try await expectNames(DeadLetterReason.self, "letter_reason_name", connection)
        }
    }

    private func expectNames<Code: NamedCode>(
        _ type: Code.Type, _ function: String, _ connection: PostgresConnection
    ) async throws {
        let names = try await connection.withSession { session in
            try session.texts("SELECT \(function)(code::smallint) FROM generate_series(1, 9) AS code")
        }
        let expected = Dictionary(uniqueKeysWithValues: Code.allCases.map { (Int($0.rawValue), $0.name) })
        #expect(names.map { $0[0] } == (1...9).map { expected[$0] }, "\(function)")
    }

    @Test func `COPY statements name columns that exist, and raw frames are compressed with LZ4`() async throws {
        try await withSchema { connection, _ in
            for target in CopyTarget.allCases {
                let empty = BinaryCopyEncoder()
                var loan = empty
                let count = try await connection.withTransaction(lending: &loan) { session, encoder in
                    try session.copyIn(target.statement, from: encoder)
                }
                #expect(count == 0)
                #expect(CopyTarget(table: target.table) == target)
            }
            let compression = try await connection.withSession { session in
                try session.texts(
                    """
                    SELECT DISTINCT attcompression FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
                     WHERE relname LIKE 'raw_frames%' AND attname = 'frames'
                    """)
            }
            #expect(compression == [["l"]])
        }
    }
}
