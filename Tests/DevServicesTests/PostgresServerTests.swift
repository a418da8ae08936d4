import DevServices
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct PostgresServerTests {
    @Test func keepsCommittedRowsThroughEveryKindOfEnd() async throws {
        let server = try await PostgresServer.start()
        #expect(try await server.execute("show synchronous_commit") == "on")
        #expect(try await server.execute("show fsync") == "on")
        #expect(try await server.createDatabase("bets").hasSuffix("127.0.0.1:\(server.port)/bets"))
        try await server.execute("create table bet (id int)", database: "bets")

        try await server.execute("insert into bet values (1)", database: "bets")
        await server.kill()
        #expect(await !server.isRunning)
        try await server.restart()
        try await server.execute("insert into bet values (2)", database: "bets")
        try await server.restart(mode: .immediate)
        try await server.execute("insert into bet values (3)", database: "bets")
        try await server.restart()
        #expect(try await server.execute("select count(*), max(id) from bet", database: "bets") == "3|3")

        let pid = try #require(await server.pid)
        #expect(await server.processIDs.count > 3)
        #expect(await server.cpuSeconds > 0)
        await server.stop()
        #expect(ProcessTable.startTime(of: pid) == nil)
        #expect(!FileFacts.exists(server.directory.path))
    }

    @Test func everyTestHasADatabaseOfItsOwn() async throws {
        let server = try await TestServers.postgres()
        let name = try await TestServers.withDatabase { url in
            let name = try #require(url.split(separator: "/").last.map(String.init))
            #expect(try await server.execute("select current_database()", database: name) == name)
            return name
        }
        #expect(try await server.execute("select count(*) from pg_database where datname = '\(name)'") == "0")
        struct Deliberate: Error {}
        await #expect(throws: Deliberate.self) {
            try await TestServers.withDatabase { _ in throw Deliberate() }
        }
    }

    @Test func aWrongStatementIsTheCallersError() async throws {
        let server = try await TestServers.postgres()
        await #expect {
            try await server.execute("select from where")
        } throws: { error in
            "\(error)".contains("syntax error")
        }
    }

    @Test func redisAndPostgresMayShareADirectory() async throws {
        let directory = FileFacts.newDirectory()
        defer { FileFacts.remove(directory) }
        let redis = try await RedisServer.start(in: directory)
        let postgres = try await PostgresServer.start(in: directory)
        await redis.stop()
        #expect(try await postgres.execute("select 1") == "1")
        await postgres.stop(mode: .immediate)
        #expect(FileFacts.exists("\(directory)/postgres/data/PG_VERSION"))
    }

    @Test func aPathTooLongForSocketsIsRefused() async throws {
        let directory = FileFacts.newDirectory()
        defer { FileFacts.remove(directory) }
        let deep = directory + "/" + String(repeating: "a", count: 100)
        await #expect(throws: DevServicesError.self) { _ = try await PostgresServer.start(in: deep) }
        await #expect(throws: DevServicesError.self) { _ = try await RedisServer.start(in: deep) }
    }
}
