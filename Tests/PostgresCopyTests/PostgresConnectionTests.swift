import PostgresCopy
import TestSupport
import Testing

@Suite("A connection", .timeLimit(.minutes(1)))
struct PostgresConnectionTests {
    @Test func `a transaction is committed on return and undone on a throw`() async throws {
        struct Refusal: Error {}
        try await TestDatabase.with { connection in
            try await connection.withSession { try $0.execute("CREATE TABLE t (v int)") }
            try await connection.withTransaction { session in
                try session.execute("INSERT INTO t VALUES (1)")
            }
            await #expect(throws: Refusal.self) {
                try await connection.withTransaction { session in
                    _ = try session.query("INSERT INTO t VALUES ($1)", [.int32(2)])
                    throw Refusal()
                }
            }
            try await connection.withTransaction { _ in }
            let values = try await connection.withSession { try $0.texts("SELECT v FROM t") }
            #expect(values == [["1"]])
        }
    }

    @Test func `what a transaction begins with may be a statement, a query, a pipeline or a COPY`() async throws {
        try await TestDatabase.with { connection in
            try await connection.withSession { try $0.execute("CREATE TABLE t (v bigint)") }
            let isOpen = "SELECT txid_current_if_assigned() IS NULL, now() = statement_timestamp()"
            _ = try await connection.withTransaction { try $0.texts(isOpen) }
            try await connection.withTransaction { session in
                try session.pipeline([
                    PostgresStatement("INSERT INTO t VALUES ($1)", [.int64(1)]),
                    PostgresStatement("INSERT INTO t VALUES ($1)", [.int64(2)]),
                    PostgresStatement("SELECT sum(v)::bigint FROM t"),
                ]) { index, rows in
                    if index < 2 { #expect(rows.affectedRows == 1) } else { #expect(rows.int64(0, 0) == 3) }
                }
            }
            var encoder = BinaryCopyEncoder()
            encoder.beginRow(columns: 1)
            encoder.int64(4)
            let copied = try await connection.withTransaction(lending: &encoder) { session, encoder in
                try session.copyIn("COPY t FROM STDIN (FORMAT binary)", from: encoder)
            }
            #expect(copied == 1)
            let sum = try await connection.withSession { try $0.query("SELECT sum(v)::bigint FROM t").int64(0, 0) }
            #expect(sum == 7)
        }
    }

    @Test func `several COPYs and the COMMIT go out together`() async throws {
        try await TestDatabase.with { connection in
            try await connection.withSession { try $0.execute("CREATE TABLE a (v bigint); CREATE TABLE b (v bigint)") }
            var encoder = BinaryCopyEncoder()
            for value in 0..<100_000 {
                encoder.beginRow(columns: 1)
                encoder.int64(Int64(value))
            }
            let counts = try await connection.withTransaction(lending: &encoder) { session, encoder in
                _ = try session.query("SELECT 1")
                return try session.copyIn(
                    ["COPY a FROM STDIN (FORMAT binary)", "COPY b FROM STDIN (FORMAT binary)"], committing: true
                ) { index, stream in
                    try stream.write(encoder, rows: index == 0 ? nil : [0..<10, 11..<20, 30..<30])
                }
            }
            #expect(counts == [100_000, 19])
            encoder.reset()
            #expect(encoder.rowCount == 0)
            let sums = try await connection.withSession { session in
                try session.texts("SELECT (SELECT sum(v) FROM a), (SELECT sum(v) FROM b)")
            }
            #expect(sums == [["4999950000", "180"]])
        }
    }

    @Test func `a statement is prepared once for its text and types`() async throws {
        try await TestDatabase.with { connection in
            for value in 0..<3 {
                let same = try await connection.withSession { session in
                    _ = try session.query("SELECT $1", [.text("x")])
                    return try session.query("SELECT $1", [.int64(Int64(value))]).int64(0, 0)
                }
                #expect(same == Int64(value))
            }
            let prepared = try await connection.withSession { session in
                try session.query("SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1'").int64(
                    0, 0)
            }
            #expect(prepared == 2)
        }
    }

    @Test func `a refused statement leaves the connection usable`() async throws {
        try await TestDatabase.with { connection in
            for _ in 0..<2 {
                let error = await #expect(throws: PostgresError.self) {
                    try await connection.withTransaction { session in
                        _ = try session.query("SELECT 1")
                        _ = try session.query("SELECT 1 / $1", [.int32(0)])
                    }
                }
                #expect(error?.sqlState == "22012")
            }
            #expect(await connection.isConnected)
            let one = try await connection.withSession { try $0.query("SELECT 1").int64(0, 0) }
            #expect(one == 1)
        }
    }

    @Test func `a refusal in a pipeline undoes all of it`() async throws {
        try await TestDatabase.with { connection in
            try await connection.withSession { try $0.execute("CREATE TABLE t (v int PRIMARY KEY)") }
            let insert = PostgresStatement("INSERT INTO t VALUES ($1)", [.int32(1)])
            let error = await #expect(throws: PostgresError.self) {
                try await connection.withSession { try $0.pipeline([insert, insert, insert]) { _, _ in } }
            }
            #expect(error?.sqlStateClass == .duplicate)
            let count = try await connection.withSession { try $0.query("SELECT count(*) FROM t").int64(0, 0) }
            #expect(count == 0)
        }
    }

    @Test func `what is left open is undone`() async throws {
        try await TestDatabase.with { connection in
            await #expect(throws: PostgresError.self) {
                try await connection.withSession { session in
                    try session.execute("BEGIN; CREATE TABLE t (v int)")
                }
            }
            let found = try await connection.withSession { try $0.query("SELECT to_regclass('t') IS NULL").bool(0, 0) }
            #expect(found == true)
        }
    }

    @Test func `COPY out gives every row`() async throws {
        try await TestDatabase.with { connection in
            let result = try await connection.withSession { session in
                var lines: [String] = []
                let count = try session.copyOut("COPY (SELECT generate_series(1, 3)) TO STDOUT (FORMAT csv)") {
                    lines.append(String(decoding: $0, as: UTF8.self))
                }
                return (count, lines)
            }
            #expect(result.0 == 3)
            #expect(result.1 == ["1\n", "2\n", "3\n"])
        }
    }

    @Test func `the settings of the session are in force`() async throws {
        try await TestDatabase.with(statementTimeout: .milliseconds(1_234)) { connection in
            let settings = try await connection.withSession { session in
                try session.texts(
                    """
                    SELECT current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout'),
                           current_setting('TimeZone'), current_setting('application_name')
                    """)
            }
            #expect(settings == [["1234ms", "30s", "UTC", "test"]])
        }
    }

    @Test func `work on one connection does not interleave`() async throws {
        try await TestDatabase.with { connection in
            try await connection.withSession { try $0.execute("CREATE TABLE t (v int)") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for value in 0..<20 {
                    group.addTask {
                        try await connection.withTransaction { session in
                            _ = try session.query("INSERT INTO t VALUES ($1)", [.int32(Int32(value))])
                            let open = try session.query(
                                "SELECT count(DISTINCT xmin::text) FROM t WHERE v = $1", [.int32(Int32(value))])
                            #expect(open.int64(0, 0) == 1)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let count = try await connection.withSession { try $0.query("SELECT count(*) FROM t").int64(0, 0) }
            #expect(count == 20)
        }
    }
}
