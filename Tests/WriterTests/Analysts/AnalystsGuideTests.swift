import FeedModel
import PostgresCopy
import Testing
import Writer

@Suite("The analysts' guide", .timeLimit(.minutes(1)))
struct AnalystsGuideTests {
    @Test func `every question has the answer that is printed below it`() async throws {
        let guide = try AnalystsGuide()
        #expect(guide.questions.count >= 15)
        try await withExample { connection in
            for question in guide.questions {
                let answer = try await connection.table(question.sql)
                #expect(answer == question.answer, "\(question.title)")
            }
        }
    }

    @Test func `the example is a history that the audit finds in order`() async throws {
        try await withExample { connection in
            let report = try await Audit(connection, now: WallClock.now).run()
            #expect(report.isClean, "\(report.findings.map(\.description))")
            #expect(report.rows > 0)
        }
    }

    /// `\d+` and `\df+` must answer for themselves.
    @Test func `every table, view, function and column says what it is`() async throws {
        try await withSchema { connection, _ in
            let silent = try await connection.withSession { session in
                try session.texts(
                    """
                    SELECT c.relname || '.' || a.attname
                      FROM pg_class c
                      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
                       AND NOT c.relispartition AND col_description(c.oid, a.attnum) IS NULL
                    UNION ALL
                    SELECT relname FROM pg_class
                     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition
                       AND obj_description(oid, 'pg_class') IS NULL
                    UNION ALL
                    SELECT proname FROM pg_proc
                     WHERE pronamespace = 'public'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL
                    """)
            }
            #expect(silent.isEmpty)
        }
    }

    private func withExample(_ body: (PostgresConnection) async throws -> Void) async throws {
        let history = try AnalystsGuide.exampleHistory()
        try await withConnection { connection in
            try await SchemaMigrator().migrate(connection)
            _ = try await connection.withSession { try $0.execute(history) }
            try await body(connection)
        }
    }
}
