import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// A Writer's process that is stopped while its COPY waits for data, and wakes up when another has done its work.
@Suite(.serialized) struct SleepingWriterTests {
    private static let messages: Int64 = 60_000

    @Test(.enabled(if: Soak.isOn, "sleeps for a minute"), .timeLimit(.minutes(5)))
    func anotherTakesOverAndTheSleeperFindsItsWorkDone() async throws {
        let redis = try await RedisServer.start()
        let postgres = try await PostgresServer.start()
        let url = try await postgres.createDatabase("sleeper")
        let load = LoadConfiguration(total: Self.messages, rate: 1_000)
        let book = SportsbookServer(SportsbookConfiguration(.load(load)))
        let stages = try StageProcesses(
            configuration: """
                redis: { url: "\(redis.url)" }
                postgres: { url: "\(url)", connections: 1 }
                operations: { listen: "127.0.0.1:0" }
                feeds:
                  numbered: { provider: sportsbook, url: "\(try await book.start())", streams: [odds] }
                """)
        let migrated = try await stages.run(["migrate"])
        #expect(migrated.code == 0, "\(migrated.output)")
        for stage in ["feed", "process"] { try await stages.start(stage) }
        try await stages.start("write", as: "sleeper")
        func value(_ sql: String) async throws -> String { try await postgres.execute(sql, database: "sleeper") }
        func until(_ condition: String, seconds: Int) async throws {
            for _ in 0..<seconds * 10 {
                if try await value("SELECT \(condition)") == "t" { return }
                try await Task.sleep(for: .milliseconds(100))
            }
            let complaints = await stages.complaints()
            Issue.record("not true within \(seconds) s: \(condition)\n\(complaints)")
        }
        try await until("count(*) > 1000 FROM odds_ticks", seconds: 60)
        // The COPY has to wait until the process sleeps, or there is no telling where it sleeps.
        async let locked = postgres.execute(
            "BEGIN; LOCK TABLE odds_ticks; SELECT pg_sleep(3); COMMIT", database: "sleeper")
        try await until(
            "count(*) > 0 FROM pg_stat_activity WHERE query LIKE '%COPY odds_ticks%' AND wait_event_type = 'Lock'",
            seconds: 3)
        await stages.signal("sleeper", SIGSTOP)
        _ = try await locked
        try await until(
            "count(*) > 0 FROM pg_stat_activity WHERE query LIKE '%COPY odds_ticks%' AND wait_event = 'ClientRead'",
            seconds: 3)
        try await stages.start("write", as: "successor")
        try await until("count(*) = \(Self.messages) FROM odds_ticks", seconds: 150)
        await stages.signal("sleeper", SIGCONT)
        try await Task.sleep(for: .seconds(5))
        try await NumberedRows.expectAll(of: load, count: Self.messages, in: "sleeper", of: postgres)
        let audit = try await stages.run(["verify"])
        #expect(audit.code == 0, "\(audit.output)")
        #expect(await stages.isRunning("sleeper"))
        let isClean = await stages.stop()
        let lastWords = await stages.complaints()
        #expect(isClean, "\(lastWords)")
        await book.stop()
        await stages.removeFiles()
        await redis.stop()
        await postgres.stop()
    }
}
