import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// A Redis that is away for long: the feed goes on, and everything it took arrives once and in order.
@Suite(.serialized) struct SpoolOutageTests {
    private static let messages: Int64 = Soak.isOn ? 1_800_000 : 60_000
    private static let rate = Soak.isOn ? 20_000.0 : 5_000.0
    private static let outage = Duration.seconds(Soak.isOn ? 60 : 6)

    private struct Chain {
        let load: LoadConfiguration
        let book: SportsbookServer
        let stages: StageProcesses
        let spool: String

        static func start(redis: RedisServer, url: String, settings: String = "") async throws -> Chain {
            let load = LoadConfiguration(total: messages, rate: rate)
            let book = SportsbookServer(SportsbookConfiguration(.load(load)))
            let spool = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("spool")).path
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)" }
                    postgres: { url: "\(url)" }
                    operations: { listen: "127.0.0.1:0" }
                    feed_client: { spool: { directory: "\(spool)"\(settings) } }
                    feeds: { book: { provider: sportsbook, url: "\(try await book.start())", streams: [odds] } }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            for stage in ["feed", "process", "write"] { try await stages.start(stage) }
            return Chain(load: load, book: book, stages: stages, spool: spool)
        }

        /// Bytes on disk that wait for Redis.
        var spooledBytes: Int {
            let files = FileManager.default.enumerator(atPath: spool)?.allObjects as? [String] ?? []
            return files.reduce(0) { sum, file in
                let attributes = try? FileManager.default.attributesOfItem(atPath: spool + "/" + file)
                return sum + (file.hasSuffix(".segment") ? attributes?[.size] as? Int ?? 0 : 0)
            }
        }

        func end() async {
            await stages.expectCleanEnd()
            await book.stop()
            try? FileManager.default.removeItem(atPath: spool)
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func theFeedGoesOnWhileRedisIsAwayAndNothingIsLostOrTwice() async throws {
        let redis = try await RedisServer.start()
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let chain = try await Chain.start(redis: redis, url: url)
            try await database.untilRows(reach: 5_000)
            await redis.kill()
            try await Task.sleep(for: Self.outage)
            // Messages of 300 bytes, less what the start takes.
            #expect(chain.spooledBytes > 4_000_000, "the socket was not read while Redis was away")
            let memory = ProcessTable.residentBytes(of: try #require(await chain.stages.pid(of: "feed")))
            #expect((memory ?? .max) < 500 << 20, "what waits for Redis is in memory")
            try await redis.restart()
            try await database.untilRows(reach: Self.messages, seconds: 300)
            let postgres = try await TestServers.postgres()
            try await NumberedRows.expectAll(
                of: chain.load, count: Self.messages, in: database.name, of: postgres)
            #expect(try await database.count("gaps") == 0)
            #expect(try await chain.stages.run(["verify"]).code == 0)
            for _ in 0..<200 where chain.spooledBytes > 0 { try await Task.sleep(for: .milliseconds(100)) }
            #expect(chain.spooledBytes == 0, "the spool is not empty after the drain")
            await chain.end()
        }
        await redis.stop()
    }

    @Test(.timeLimit(.minutes(10)))
    func whatIsInTheSpoolOfAKilledProcessIsGivenByTheNext() async throws {
        let redis = try await RedisServer.start()
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let chain = try await Chain.start(redis: redis, url: url)
            try await database.untilRows(reach: 5_000)
            await redis.kill()
            try await Task.sleep(for: Self.outage - .seconds(2))
            await chain.stages.kill("feed")
            // Nobody can send anything again.
            await chain.book.stop()
            let before = try await database.count("odds_ticks")
            #expect(chain.spooledBytes > 2_000_000)
            try await redis.restart()
            try await chain.stages.start("feed")
            try await database.untilRows(reach: before + 8_000, seconds: 300)
            for _ in 0..<600 where chain.spooledBytes > 0 { try await Task.sleep(for: .milliseconds(100)) }
            #expect(chain.spooledBytes == 0)
            try await database.untilQuiet("odds_ticks")
            let postgres = try await TestServers.postgres()
            try await NumberedRows.expectAll(
                of: chain.load, count: try await database.count("odds_ticks"), in: database.name, of: postgres)
            #expect(try await chain.stages.run(["verify"]).code == 0)
            await chain.end()
        }
        await redis.stop()
    }

    @Test(.timeLimit(.minutes(10)))
    func theOwnerWithASpoolGoesBeforeAStandby() async throws {
        let redis = try await RedisServer.start()
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let chain = try await Chain.start(redis: redis, url: url)
            try await database.untilRows(reach: 5_000)
            try await chain.stages.start("feed", as: "standby")
            try await Task.sleep(for: .seconds(2))
            await redis.kill()
            // Longer than the lease, so that the standby could have it.
            try await Task.sleep(for: .seconds(9))
            try await redis.restart()
            try await database.untilRows(reach: Self.messages, seconds: 300)
            let terms = try await database.value("SELECT count(DISTINCT term) FROM ingest_ledger")
            #expect(terms == "1", "the standby took the feed before the spool was given")
            #expect(try await database.count("gaps") == 0)
            await chain.end()
        }
        await redis.stop()
    }

    @Test(.timeLimit(.minutes(10)))
    func aFullSpoolMayDropItsOldestAndThatIsOnRecord() async throws {
        let redis = try await RedisServer.start()
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let chain = try await Chain.start(
                redis: redis, url: url, settings: ", max_bytes: 2MiB, policy: drop_oldest")
            try await database.untilRows(reach: 5_000)
            await redis.kill()
            // Four times what the spool may hold.
            try await Task.sleep(for: .seconds(6))
            #expect((1_000_000...2 << 20).contains(chain.spooledBytes))
            try await redis.restart()
            try await database.until("SELECT count(*) > 0 FROM feed_gaps WHERE kind = 4")
            let newest = "SELECT trim_scale(odd_value)::text FROM odds_ticks ORDER BY position DESC LIMIT 1"
            try await database.until("SELECT (\(newest)) = '\(chain.load.expectation(Self.messages).odd)'", seconds: 60)
            let cause = try await database.value("SELECT cause FROM feed_gaps WHERE kind = 4")
            #expect(cause.contains("dropped its oldest"))
            // The load begins anew for whoever does not resume, so that only repeats can be counted.
            let different = try await database.count("(SELECT DISTINCT position, selection_key FROM odds_ticks) t")
            #expect(try await database.count("odds_ticks") == different)
            let audit = try await chain.stages.run(["verify"])
            #expect(audit.code == 0, "what is missing is not on record: \(audit.output)")
            await chain.end()
        }
        await redis.stop()
    }

    @Test(.timeLimit(.minutes(10)))
    func aRedisThatIsNearlyFullGetsNothingUntilThereIsRoom() async throws {
        var options = RedisServer.Options()
        options.maximumMemoryBytes = 256 << 20
        let redis = try await RedisServer.start(options: options)
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let chain = try await Chain.start(redis: redis, url: url)
            try await database.untilRows(reach: 2_000)
            // 90 % of the memory: not so much that Redis would refuse anything, and in pieces, so that it always answers.
            let fill =
                "for i in $(seq 46); do redis-cli -p \(redis.port) EVAL "
                + "\"redis.call('SET', KEYS[1], string.rep('x', 5 * 1024 * 1024))\" 1 filler:$i; done"
            _ = try await ChildProcess.run("bash", ["-c", fill])
            for _ in 0..<100 where chain.spooledBytes < 1_000_000 { try await Task.sleep(for: .milliseconds(100)) }
            #expect(chain.spooledBytes >= 1_000_000, "the feed filled a Redis that was nearly full")
            let fillers = (1...46).map { "filler:\($0)" }
            _ = try await ChildProcess.run("redis-cli", ["-p", "\(redis.port)", "UNLINK"] + fillers)
            try await database.untilRows(reach: Self.messages, seconds: 300)
            let postgres = try await TestServers.postgres()
            try await NumberedRows.expectAll(of: chain.load, count: Self.messages, in: database.name, of: postgres)
            let gaps = try await database.value("SELECT string_agg(g::text, '; ') FROM gaps g")
            let complaints = await chain.stages.complaints()
            #expect(gaps.isEmpty, "\(complaints)")
            await chain.end()
        }
        await redis.stop()
    }

    @Test(.timeLimit(.minutes(3)))
    func aRedisThatHangsIsNotHeldAgainstTheProvider() async throws {
        var options = RedisServer.Options()
        options.settings = ["enable-debug-command local"]
        let redis = try await RedisServer.start(options: options)
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let chain = try await Chain.start(redis: redis, url: url)
            try await database.untilRows(reach: 5_000)
            // Longer than two heartbeats, and than it takes until the disk takes over.
            _ = try await ChildProcess.run("redis-cli", ["-p", "\(redis.port)", "DEBUG", "SLEEP", "20"])
            try await database.untilRows(reach: Self.messages, seconds: 300)
            let postgres = try await TestServers.postgres()
            try await NumberedRows.expectAll(of: chain.load, count: Self.messages, in: database.name, of: postgres)
            #expect(await chain.book.statistics().connections == 1, "the provider was accused of our silence")
            #expect(try await database.count("gaps") == 0)
            await chain.end()
        }
        await redis.stop()
    }
}
