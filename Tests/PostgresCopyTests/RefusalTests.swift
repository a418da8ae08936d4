import PostgresCopy
import TestSupport
import Testing

/// Every class of refusal, as a real server makes it.
@Suite("Refusals of a real server", .timeLimit(.minutes(1)))
struct RefusalTests {
    private func refusal(
        of connection: PostgresConnection, _ body: @Sendable (borrowing PostgresSession) throws -> Void
    ) async -> PostgresError? {
        await #expect(throws: PostgresError.self) { try await connection.withTransaction(body) }
    }

    @Test func `a unique key that is there`() async throws {
        try await TestDatabase.with { connection in
            try await connection.withSession {
                try $0.execute("CREATE TABLE t (v int PRIMARY KEY); INSERT INTO t VALUES (1)")
            }
            let error = await refusal(of: connection) { try $0.execute("INSERT INTO t VALUES (1)") }
            #expect(error?.sqlState == "23505")
            #expect(error?.sqlStateClass == .duplicate)
            guard case .server(let failure) = error else { return }
            #expect(failure.constraint == "t_pkey")
            #expect(failure.table == "t")
            #expect(failure.detail == "Key (v)=(1) already exists.")
        }
    }

    @Test func `a missing partition, and a violated check`() async throws {
        try await TestDatabase.with { connection in
            try await connection.withSession { session in
                try session.execute(
                    """
                    CREATE TABLE t (v int CHECK (v > 0)) PARTITION BY RANGE (v);
                    CREATE TABLE t_10 PARTITION OF t FOR VALUES FROM (-10) TO (10)
                    """)
            }
            let missing = await refusal(of: connection) { try $0.execute("INSERT INTO t VALUES (11)") }
            #expect(missing?.sqlState == "23514")
            #expect(missing?.sqlStateClass == .missingPartition)
            #expect(missing?.isRetriable == true)
            let check = await refusal(of: connection) { try $0.execute("INSERT INTO t VALUES (-1)") }
            #expect(check?.sqlState == "23514")
            #expect(check?.sqlStateClass == .data)
        }
    }

    @Test func `an undefined table, and one without permission`() async throws {
        try await TestDatabase.with { connection in
            let undefined = await refusal(of: connection) { _ = try $0.query("SELECT * FROM nowhere") }
            #expect(undefined?.sqlState == "42P01")
            #expect(undefined?.sqlStateClass == .needsPerson)
            let role = "reader_" + String(RandomName.next().suffix(8))
            try await connection.withSession { try $0.execute("CREATE TABLE t (v int); CREATE ROLE \(role)") }
            let denied = await refusal(of: connection) { session in
                try session.execute("SET LOCAL ROLE \(role)")
                try session.execute("INSERT INTO t VALUES (1)")
            }
            try await connection.withSession { try $0.execute("DROP ROLE \(role)") }
            #expect(denied?.sqlState == "42501")
            #expect(denied?.sqlStateClass == .needsPerson)
        }
    }

    @Test func `statement_timeout is transient`() async throws {
        try await TestDatabase.with(statementTimeout: .milliseconds(50)) { connection in
            let error = await refusal(of: connection) { try $0.execute("SELECT pg_sleep(20)") }
            #expect(error?.sqlState == "57014")
            #expect(error?.sqlStateClass == .transient)
            #expect(await connection.isConnected)
        }
    }

    @Test func `a bad row of a COPY is named`() async throws {
        try await TestDatabase.with { connection in
            try await connection.withSession { session in
                try session.execute("CREATE TABLE t (a int, v numeric(6, 2))")
            }
            var encoder = BinaryCopyEncoder()
            for row in 1...5_000 {
                encoder.beginRow(columns: 2)
                encoder.int32(Int32(row))
                encoder.numeric(scaled: row == 4_321 ? 123_456_0000 : 19_500)
            }
            let error = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction(lending: &encoder) { session, encoder in
                    try session.copyIn("COPY t FROM STDIN (FORMAT binary)", from: encoder, committing: true)
                }
            }
            #expect(error?.sqlState == "22003")
            #expect(error?.sqlStateClass == .data)
            guard case .server(let failure) = error else { return }
            #expect(failure.copyLine == 4_321)
            #expect(failure.copyTable == "t")
            #expect(await connection.isConnected == false)
            try await connection.connect()
            let stored = try await connection.withTransaction(lending: &encoder) { session, encoder in
                try session.copyIn(["COPY t FROM STDIN (FORMAT binary)"], committing: true) { _, stream in
                    try stream.write(encoder, rows: [0..<4_320, 4_321..<5_000])
                }
            }
            #expect(stored == [4_999])
        }
    }

    @Test func `a row with too few fields, and a zero byte in a text`() async throws {
        try await TestDatabase.with { connection in
            try await connection.withSession { try $0.execute("CREATE TABLE t (v text)") }
            var short = BinaryCopyEncoder()
            short.beginRow(columns: 2)
            short.text("x")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction(lending: &short) { session, encoder in
                    try session.copyIn("COPY t FROM STDIN (FORMAT binary)", from: encoder)
                }
            }
            #expect(error?.sqlState == "22P04")
            try await connection.connect()
            var zero = BinaryCopyEncoder()
            zero.beginRow(columns: 1)
            zero.text("a\0b")
            let other = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction(lending: &zero) { session, encoder in
                    try session.copyIn("COPY t FROM STDIN (FORMAT binary)", from: encoder)
                }
            }
            #expect(other?.sqlState == "22021")
            #expect(other?.sqlStateClass == .data)
        }
    }

    @Test func `a COPY that the caller gives up leaves nothing`() async throws {
        struct Refusal: Error {}
        try await TestDatabase.with { connection in
            try await connection.withSession { try $0.execute("CREATE TABLE t (v bigint)") }
            await #expect(throws: Refusal.self) {
                try await connection.withTransaction { session in
                    _ = try session.copyIn(["COPY t FROM STDIN (FORMAT binary)"], committing: true) { _, stream in
                        var encoder = BinaryCopyEncoder()
                        encoder.beginRow(columns: 1)
                        encoder.int64(1)
                        try stream.write(encoder)
                        throw Refusal()
                    }
                }
            }
            #expect(await connection.isConnected == false)
            try await connection.connect()
            let count = try await connection.withSession { try $0.query("SELECT count(*) FROM t").int64(0, 0) }
            #expect(count == 0)
        }
    }
}
