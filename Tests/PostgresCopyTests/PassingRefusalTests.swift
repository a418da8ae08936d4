import DevServices
import Glibc
import PostgresCopy
import Synchronization
import TestSupport
import Testing

/// Refusals that pass by themselves, as a real server makes them: what meets another transaction, or a server that changes.
@Suite("Refusals that pass", .timeLimit(.minutes(1)))
struct PassingRefusalTests {
    /// Two transactions, step by step; the second's error.
    private func meeting(
        _ first: @escaping @Sendable (borrowing PostgresSession, Steps) throws -> Void,
        _ second: @escaping @Sendable (borrowing PostgresSession, Steps) throws -> Void
    ) async throws -> PostgresError? {
        try await TestServers.withDatabase { url in
            let connections = [PostgresConnection(url: url, name: "a"), PostgresConnection(url: url, name: "b")]
            for connection in connections { try await connection.connect() }
            try await connections[0].withSession { session in
                try session.execute("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 0), (2, 0)")
            }
            let steps = Steps()
            async let other: Void? = try? connections[0].withTransaction { try first($0, steps) }
            let error = await #expect(throws: PostgresError.self) {
                try await connections[1].withTransaction { try second($0, steps) }
            }
            steps.reach(9)
            _ = await other
            for connection in connections { await connection.close() }
            return error
        }
    }

    @Test func `a lock that another holds`() async throws {
        let error = try await meeting { session, steps in
            try session.execute("LOCK TABLE t")
            steps.reach(1)
            steps.wait(for: 9)
        } _: { session, steps in
            steps.wait(for: 1)
            try session.execute("SET LOCAL lock_timeout = '50ms'")
            try session.execute("LOCK TABLE t")
        }
        #expect(error?.sqlState == "55P03")
        #expect(error?.sqlStateClass == .transient)
    }

    @Test func `a deadlock`() async throws {
        let error = try await meeting { session, steps in
            try session.execute("SET LOCAL deadlock_timeout = '10s'")
            try session.execute("UPDATE t SET v = 1 WHERE id = 1")
            steps.reach(1)
            steps.wait(for: 2)
            try session.execute("UPDATE t SET v = 1 WHERE id = 2")
        } _: { session, steps in
            try session.execute("SET LOCAL deadlock_timeout = '200ms'")
            try session.execute("UPDATE t SET v = 2 WHERE id = 2")
            steps.wait(for: 1)
            steps.reach(2)
            // The other is given time to wait for us first.
            usleep(300_000)
            try session.execute("UPDATE t SET v = 2 WHERE id = 1")
        }
        #expect(error?.sqlState == "40P01")
        #expect(error?.sqlStateClass == .transient)
    }

    @Test func `what cannot be put in a row`() async throws {
        let error = try await meeting { session, steps in
            steps.wait(for: 1)
            try session.execute("UPDATE t SET v = 1 WHERE id = 1; COMMIT")
            steps.reach(2)
        } _: { session, steps in
            try session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            _ = try session.query("SELECT v FROM t")
            steps.reach(1)
            steps.wait(for: 2)
            try session.execute("UPDATE t SET v = 2 WHERE id = 1")
        }
        #expect(error?.sqlState == "40001")
        #expect(error?.sqlStateClass == .transient)
    }

    @Test func `a transaction that idled, and one on a server that only reads`() async throws {
        try await TestDatabase.with { connection in
            let idle = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction { session in
                    try session.execute("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
                    usleep(400_000)
                    _ = try session.query("SELECT 1")
                }
            }
            #expect(idle?.sqlStateClass == .transient)
            try await connection.connect()
            let reading = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction { session in
                    try session.execute("SET TRANSACTION READ ONLY")
                    try session.execute("CREATE TABLE t (v int)")
                }
            }
            #expect(reading?.sqlState == "25006")
            #expect(reading?.sqlStateClass == .transient)
        }
    }

    @Test func `a server that is full for us`() async throws {
        try await TestServers.withDatabase { url in
            let server = try await TestServers.postgres()
            let role = RandomName.next("full")
            try await server.execute("CREATE ROLE \"\(role)\" LOGIN CONNECTION LIMIT 0")
            let connection = PostgresConnection(url: url.as(role), name: "full")
            let error = await #expect(throws: PostgresError.self) { try await connection.connect() }
            try await server.execute("DROP ROLE \"\(role)\"")
            #expect(error?.sqlStateClass == .transient)
            #expect(error.map { "\($0)".contains("too many connections") } == true)
        }
    }

    @Test func `a row that is too large for its index is a row's fault`() async throws {
        try await TestDatabase.with { connection in
            try await connection.withSession { try $0.execute("CREATE TABLE t (v text PRIMARY KEY)") }
            let error = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction { session in
                    try session.execute(
                        "INSERT INTO t SELECT string_agg(md5(i::text), '') FROM generate_series(1, 1000) i")
                }
            }
            #expect(error?.sqlState == "54000")
            #expect(error?.sqlStateClass == .data)
        }
    }

    // MARK: What only a person can mend

    @Test func `a role and a database that are not there`() async throws {
        try await TestServers.withDatabase { url in
            for (url, state) in [(url.as("nobody-here"), "28000"), (url + "-gone", "3D000")] {
                let connection = PostgresConnection(url: url, name: "wrong")
                let error = await #expect(throws: PostgresError.self) { try await connection.connect() }
                #expect(error?.sqlState == state)
                #expect(error?.sqlStateClass == .needsPerson)
                #expect(error.map { "\($0)".contains("does not exist") } == true)
            }
        }
    }
}

/// How far two transactions have come, on their threads.
private final class Steps: Sendable {
    private let reached = Atomic(0)

    func reach(_ step: Int) { reached.store(step, ordering: .releasing) }

    func wait(for step: Int) {
        for _ in 0..<10_000 where reached.load(ordering: .acquiring) < step { usleep(1_000) }
    }
}

extension String {
    /// The URL for another role.
    fileprivate func `as`(_ role: String) -> String { replacing("//touchline@", with: "//\(role)@") }
}
