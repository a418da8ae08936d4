import DevServices
import Sportsbook
import TestSupport
import Testing

/// An append or a hop whose answer is lost was done or was not: it must neither be lost nor done twice.
@Suite struct LostReplyTests {
    private static let messages: Int64 = 60_000
    private static let cuts = 100

    @Test(.timeLimit(.minutes(4))) func aHundredLostAnswersLoseNothingAndRepeatNothing() async throws {
        let redis = try await RedisServer.start()
        let proxies = ["feed": ReplyCuttingProxy(cuts: Self.cuts), "process": ReplyCuttingProxy(cuts: Self.cuts)]
        let load = LoadConfiguration(total: Self.messages, rate: 2_000)
        let book = SportsbookServer(SportsbookConfiguration(.load(load)))
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)" }
                    postgres: { url: "\(url)" }
                    operations: { listen: "127.0.0.1:0" }
                    feed_client: { spool: { enabled: false } }
                    feeds: { book: { provider: sportsbook, url: "\(try await book.start())", streams: [odds] } }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            try await stages.start("write")
            for (stage, proxy) in proxies {
                let port = try await proxy.start(before: redis.port)
                try await stages.start(stage, environment: ["TOUCHLINE_REDIS_URL": "redis://127.0.0.1:\(port)/0"])
            }
            try await database.untilRows(reach: Self.messages, seconds: 180)
            for (stage, proxy) in proxies {
                #expect(proxy.cutsLeft == 0, "\(stage) was done before all answers were cut")
            }
            let postgres = try await TestServers.postgres()
            try await NumberedRows.expectAll(of: load, count: Self.messages, in: database.name, of: postgres)
            #expect(try await database.count("gaps") == 0)
            #expect(try await database.count("dead_letters") == 0)
            #expect(try await stages.run(["verify"]).code == 0)
            await stages.expectCleanEnd()
        }
        for proxy in proxies.values { await proxy.stop() }
        await book.stop()
        await redis.stop()
    }
}
