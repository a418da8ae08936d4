import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// The guarantee that everything rests on: whatever is killed, every message is in Postgres once and in order.
@Suite(.serialized) struct ExactlyOnceTests {
    private static let messages: Int64 = 200_000
    private static let kills = 12

    @Test(.timeLimit(.minutes(12)))
    func everyNumberIsWrittenOnceWhateverIsKilled() async throws {
        let redis = try await RedisServer.start()
        let postgres = try await PostgresServer.start()
        let url = try await postgres.createDatabase("killed")
        let load = LoadConfiguration(total: Self.messages, rate: 5_000)
        let book = SportsbookServer(SportsbookConfiguration(.load(load)))
        let stages = try StageProcesses(
            configuration: """
                redis: { url: "\(redis.url)" }
                postgres: { url: "\(url)", connections: 2 }
                operations: { listen: "127.0.0.1:0" }
                feeds:
                  numbered: { provider: sportsbook, url: "\(try await book.start())", streams: [odds] }
                """)
        let migrated = try await stages.run(["migrate"])
        #expect(migrated.code == 0, "\(migrated.output)")
        for stage in Self.stages { try await stages.start(stage) }

        try await Self.storm(stages, redis: redis, postgres: postgres, url: url)
        let isComplete = try await Self.untilCommitted(postgres, url: url)
        let complaints = await stages.complaints()
        #expect(isComplete, "\(complaints)")

        try await NumberedRows.expectAll(of: load, count: Self.messages, in: "killed", of: postgres)
        let audit = try await stages.run(["verify"])
        #expect(audit.code == 0, "\(audit.output)")
        #expect(try await postgres.execute("select count(*) from feed_gaps", database: "killed") == "0")
        let isClean = await stages.stop()
        let lastWords = await stages.complaints()
        #expect(isClean, "\(lastWords)")
        await book.stop()
        await stages.removeFiles()
        await redis.stop()
        await postgres.stop()
    }

    private static let stages = ["feed", "process", "write"]

    /// Kills a random stage every few seconds; in between Redis and Postgres are killed and started again, once each.
    private static func storm(
        _ stages: StageProcesses, redis: RedisServer, postgres: PostgresServer, url: String
    ) async throws {
        var generator = SystemRandomNumberGenerator()
        for kill in 1...kills {
            try await Task.sleep(for: .milliseconds(Int.random(in: 1_000...3_500, using: &generator)))
            // Each stage in turn at first, so that none is spared by chance.
            let stage = kill <= 3 ? Self.stages[kill - 1] : Self.stages.randomElement(using: &generator) ?? "feed"
            try await stages.killAndRestart(stage)
            if kill == 5 {
                try await Task.sleep(for: .seconds(8))
                await redis.kill()
                try await redis.restart()
                try await Task.sleep(for: .seconds(4))
            }
            if kill == 8 { try await postgres.restart(mode: .immediate) }
        }
        #expect(try await committed(postgres) < messages, "the storm ended after the messages: it proved too little")
    }

    private static func committed(_ postgres: PostgresServer) async throws -> Int64 {
        let text = try await postgres.execute("select count(*) from odds_ticks", database: "killed")
        return Int64(text) ?? 0
    }

    private static func untilCommitted(_ postgres: PostgresServer, url: String) async throws -> Bool {
        for _ in 0..<300 {
            if try await committed(postgres) >= messages { return true }
            try await Task.sleep(for: .seconds(1))
        }
        return false
    }
}
