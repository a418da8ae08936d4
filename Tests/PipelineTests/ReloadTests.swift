import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// Feeds that come and go while the others run.
@Suite struct ReloadTests {
    private static let messages: Int64 = 30_000

    @Test(.timeLimit(.minutes(2))) func feedsComeAndGoAtSIGHUPAndTheOthersDoNotNotice() async throws {
        let redis = try await RedisServer.start()
        let load = LoadConfiguration(total: Self.messages, rate: 1_500)
        let steady = SportsbookServer(SportsbookConfiguration(.load(load)))
        let passing = SportsbookServer(SportsbookConfiguration(.load(LoadConfiguration(total: nil, rate: 200))))
        let steadyFeed = "steady: { provider: sportsbook, url: \"\(try await steady.start())\", streams: [odds] }"
        let passingFeed = "passing: { provider: sportsbook, url: \"\(try await passing.start())\", streams: [odds] }"
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            func configuration(_ feeds: String) -> String {
                """
                redis: { url: "\(redis.url)" }
                postgres: { url: "\(url)" }
                operations: { listen: "127.0.0.1:0" }
                feeds: { \(feeds) }
                """
            }
            func rows(of feed: String) -> String {
                "(SELECT FROM odds_ticks t JOIN feeds f USING (feed_id) WHERE f.name = '\(feed)') rows"
            }
            let stages = try StageProcesses(configuration: configuration(steadyFeed))
            #expect(try await stages.run(["migrate"]).code == 0)
            for stage in ["feed", "process", "write"] { try await stages.start(stage) }
            func reload(_ feeds: String) async throws {
                try await stages.rewrite(configuration: configuration(feeds))
                for stage in ["feed", "process", "write"] { await stages.signal(stage, SIGHUP) }
            }
            try await database.untilRows(reach: 1_000)

            try await reload("\(steadyFeed), \(passingFeed)")
            try await database.until("SELECT count(*) > 100 FROM \(rows(of: "passing"))")

            try await reload("what: { provider: nobody }")
            let before = try await database.count(rows(of: "passing"))
            try await database.until("SELECT count(*) > \(before) + 100 FROM \(rows(of: "passing"))")

            try await reload(steadyFeed)
            try await database.untilQuiet(rows(of: "passing"))
            let last = try await ChildProcess.run(
                "redis-cli", ["-u", redis.url, "--raw", "XREVRANGE", "touchline:{passing}:raw", "+", "-", "COUNT", "1"])
            let written = try await database.value(
                "SELECT max(first_frame) FROM ingest_ledger JOIN feeds f USING (feed_id) WHERE f.name = 'passing'")
            #expect(last.output.hasPrefix("\(written)-0"), "what the feed left in Redis stays there: \(written)")

            try await database.until("SELECT count(*) >= \(Self.messages) FROM \(rows(of: "steady"))", seconds: 60)
            #expect(try await database.count(rows(of: "steady")) == Self.messages)
            #expect(await steady.statistics().connections == 1, "a feed that stayed was connected anew")
            #expect(try await database.count("gaps") == 0)
            #expect(try await stages.run(["verify"]).code == 0)
            await stages.expectCleanEnd()
        }
        await steady.stop()
        await passing.stop()
        await redis.stop()
    }
}
