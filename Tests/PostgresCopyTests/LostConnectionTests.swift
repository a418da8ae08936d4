import PostgresCopy
import TestSupport
import Testing

@Suite("Lost and cancelled connections", .timeLimit(.minutes(1)))
struct LostConnectionTests {
    private func kill(_ victim: PostgresConnection, by killer: PostgresConnection) async throws {
        let process = try await victim.withSession { try $0.query("SELECT pg_backend_pid()").int32(0, 0) }
        try await kill(process, by: killer)
    }

    private func kill(_ process: Int32?, by killer: PostgresConnection) async throws {
        guard let process else { return }
        _ = try await killer.withSession {
            try $0.query("SELECT pg_terminate_backend($1, 5000)", [.int32(process)]).count
        }
    }

    @Test func `a backend killed while idle is seen at the next statement, and connect mends it`() async throws {
        try await TestServers.withDatabase { url in
            let victim = PostgresConnection(url: url, name: "victim")
            let killer = PostgresConnection(url: url, name: "killer")
            try await victim.connect()
            try await killer.connect()
            try await kill(victim, by: killer)
            let error = await #expect(throws: PostgresError.self) {
                try await victim.withTransaction { _ = try $0.query("SELECT 1") }
            }
            #expect(error?.sqlState == "57P01")
            #expect(error?.sqlStateClass == .transient)
            #expect(await victim.isConnected == false)
            let closed = await #expect(throws: PostgresError.self) {
                try await victim.withSession { _ = try $0.query("SELECT 1") }
            }
            #expect(closed?.isRetriable == true)
            try await victim.connect()
            let one = try await victim.withSession { try $0.query("SELECT 1").int64(0, 0) }
            #expect(one == 1)
            await victim.close()
            await killer.close()
        }
    }

    @Test func `a backend killed in the middle of a COPY`() async throws {
        try await TestServers.withDatabase { url in
            let victim = PostgresConnection(url: url, name: "victim")
            let killer = PostgresConnection(url: url, name: "killer")
            try await victim.connect()
            try await killer.connect()
            try await killer.withSession { try $0.execute("CREATE TABLE t (v bigint)") }
            let process = try await victim.withSession { try $0.query("SELECT pg_backend_pid()").int32(0, 0) }
            async let murder: Void = killOnceCopying(process, by: killer)
            let error = await #expect(throws: PostgresError.self) {
                try await victim.withTransaction { session in
                    _ = try session.copyIn(["COPY t FROM STDIN (FORMAT binary)"], committing: true) { _, stream in
                        var encoder = BinaryCopyEncoder()
                        for value in 0..<10_000 {
                            encoder.beginRow(columns: 1)
                            encoder.int64(Int64(value))
                        }
                        try BinaryCopyEncoder.header.withUnsafeBytes { try stream.write($0) }
                        // Longer than it takes to notice and kill it, and not for ever.
                        for _ in 0..<5_000 { try encoder.withRows(0..<10_000) { try stream.write($0) } }
                    }
                }
            }
            try await murder
            #expect(error?.sqlStateClass == .transient)
            #expect(await victim.isConnected == false)
            let count = try await killer.withSession { try $0.query("SELECT count(*) FROM t").int64(0, 0) }
            #expect(count == 0)
            await victim.close()
            await killer.close()
        }
    }

    private func killOnceCopying(_ process: Int32?, by killer: PostgresConnection) async throws {
        guard let process else { return }
        var isCopying = false
        for _ in 0..<10_000 where !isCopying {
            isCopying = try await killer.withSession { session in
                try session.query(
                    "SELECT EXISTS (SELECT FROM pg_stat_progress_copy WHERE pid = $1 AND bytes_processed > 0)",
                    [.int32(process)]
                ).bool(0, 0) ?? false
            }
        }
        try await kill(process, by: killer)
    }

    @Test func `a cancel from outside stops the statement`() async throws {
        try await TestServers.withDatabase { url in
            let connection = PostgresConnection(url: url, name: "cancelled")
            let watcher = PostgresConnection(url: url, name: "watcher")
            try await connection.connect()
            try await watcher.connect()
            let sleeping = Task { _ = try await connection.withSession { try $0.execute("SELECT pg_sleep(1000)") } }
            try await waitUntilSleeping(watcher)
            connection.canceller.cancel()
            let result = await sleeping.result
            #expect(throws: PostgresError.cancelled) { try result.get() }
            #expect(await connection.isConnected)
            let one = try await connection.withSession { try $0.query("SELECT 1").int64(0, 0) }
            #expect(one == 1)
            await connection.close()
            await watcher.close()
        }
    }

    @Test func `cancelling the task stops the statement`() async throws {
        try await TestServers.withDatabase { url in
            let connection = PostgresConnection(url: url, name: "cancelled")
            let watcher = PostgresConnection(url: url, name: "watcher")
            try await connection.connect()
            try await watcher.connect()
            let sleeping = Task { _ = try await connection.withSession { try $0.execute("SELECT pg_sleep(1000)") } }
            try await waitUntilSleeping(watcher)
            sleeping.cancel()
            let result = await sleeping.result
            #expect(throws: PostgresError.cancelled) { try result.get() }
            await connection.close()
            await watcher.close()
        }
    }

    private func waitUntilSleeping(_ watcher: PostgresConnection) async throws {
        let query = """
            SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'cancelled' AND wait_event = 'PgSleep')
            """
        while try await watcher.withSession({ try $0.query(query).bool(0, 0) }) != true {}
    }

    @Test func `a cancel that finds nothing running harms nobody`() async throws {
        try await TestDatabase.with { connection in
            for _ in 0..<20 {
                connection.canceller.cancel()
                let count = try await connection.withSession { try $0.query("SELECT 1").count }
                #expect(count == 1)
            }
        }
    }

    @Test func `a URL that cannot be read, and a server that is not there`() async throws {
        #expect(throws: PostgresError.self) { try PostgresConnection.validate(url: "postgresql://host:port:port/x?a") }
        let wrong = PostgresConnection(url: "postgresql://127.0.0.1/x?no_such_option=1", name: "wrong")
        let error = await #expect(throws: PostgresError.self) { try await wrong.connect() }
        guard case .invalidURL(let why) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(why.contains("no_such_option"))
        let absent = PostgresConnection(url: "postgresql://127.0.0.1:1/x", name: "absent")
        let refused = await #expect(throws: PostgresError.self) { try await absent.connect() }
        #expect(refused?.sqlStateClass == .transient)
        #expect(await absent.isConnected == false)
    }

    @Test func `a second host is tried when the first is not there`() async throws {
        try await TestServers.withDatabase { url in
            guard let host = url.firstIndex(of: "@").map({ url.index(after: $0) }) else { return }
            let hosts = url[..<host] + "127.0.0.1:1," + url[host...] + "?target_session_attrs=read-write"
            let connection = PostgresConnection(url: String(hosts), name: "failover")
            try await connection.connect()
            #expect(await connection.isConnected)
            await connection.close()
        }
    }
}
