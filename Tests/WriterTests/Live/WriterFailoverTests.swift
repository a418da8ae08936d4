import DevServices
import PostgresCopy
import TestSupport
import Testing

@testable import Writer

@Suite("Writer: Postgres fails over", .timeLimit(.minutes(2)))
struct WriterFailoverTests {
    @Test("the primary is killed under load, its standby promoted: every row once, on the new primary")
    func promotion() async throws {
        let primary = try await PostgresServer.start()
        let standby = try await PostgresServer.start()
        try await primary.createDatabase("history")
        try await standby.follow(primary)
        try await primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        try await primary.execute("SELECT pg_reload_conf()")
        // The standby stands first, and is passed over until it is promoted.
        let hosts = "127.0.0.1:\(standby.port),127.0.0.1:\(primary.port)"
        try await WriterHarness.with(url: primary.url(database: "history")) { configuration in
            configuration.postgresURL = "postgresql://touchline@\(hosts)/history"
            configuration.batch = BatchPolicy(rows: 200, period: .milliseconds(5), maximumRows: 400)
        } _: { writer in
            var samples = SampleEntries()
            try await writer.running {
                try await writer.append(samples.priced(200))
                try await writer.eventually("writes to the primary") {
                    Int(try await primary.execute("SELECT count(*) FROM ingest_ledger", database: "history")) ?? 0 > 0
                }
                await primary.kill()
                try await writer.append(samples.priced(200))
                try await writer.eventually("not ready") { !writer.isReady }
                try await standby.promote()
                try await writer.settled()
            }
            #expect(try await standby.execute("SELECT count(*) FROM ingest_ledger", database: "history") == "400")
            #expect(try await standby.execute("SELECT count(*) FROM odds_ticks", database: "history") == "2000")
            #expect(writer.isReady)
        }
        await primary.stop()
        await standby.stop()
    }

    @Test("a server that only reads from now on is left for one that takes writes")
    func demotion() async throws {
        let servers = [try await PostgresServer.start(), try await PostgresServer.start()]
        for server in servers {
            let connection = PostgresConnection(url: try await server.createDatabase("history"), name: "test")
            try await connection.connect()
            try await SchemaMigrator().migrate(connection)
            await connection.close()
        }
        let ports = servers.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
        try await WriterHarness.with(url: "postgresql://touchline@\(ports)/history") { writer in
            var samples = SampleEntries()
            try await writer.running {
                try await writer.append(samples.priced(20))
                try await writer.settled()
                try await servers[0].execute("ALTER SYSTEM SET default_transaction_read_only = on")
                try await servers[0].execute("SELECT pg_reload_conf()")
                try await writer.append(samples.priced(20))
                try await writer.settled()
            }
            for server in servers {
                #expect(try await server.execute("SELECT count(*) FROM ingest_ledger", database: "history") == "20")
            }
        }
        for server in servers { await server.stop() }
    }
}
