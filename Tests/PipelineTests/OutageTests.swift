import DevServices
import Foundation
import TestSupport
import Testing

/// What operators and analysts see of a Redis that goes away, comes back, or forgets everything.
@Suite(.serialized) struct OutageTests {
    /// A pipeline of one simulated sportsbook with a Redis of its own, each stage a process with its own health port.
    private struct Chain {
        let stages: StageProcesses
        let ports: [String: Int]

        static func start(redis: RedisServer, url: String) async throws -> Chain {
            let book = try FreePort.find()
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)" }
                    postgres: { url: "\(url)" }
                    feeds: { book: { provider: sportsbook, url: "ws://127.0.0.1:\(book)/feed" } }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            try await stages.startWithoutConfiguration(
                "sportsbook", ["--listen", "127.0.0.1:\(book)", "--rate", "300"])
            var ports: [String: Int] = [:]
            for stage in ["feed", "process", "write"] {
                let port = try FreePort.find()
                ports[stage] = port
                try await stages.start(stage, environment: ["TOUCHLINE_OPERATIONS_LISTEN": "127.0.0.1:\(port)"])
            }
            return Chain(stages: stages, ports: ports)
        }

        /// Waits until every stage says that it is ready, or not.
        func untilReady(_ isReady: Bool) async throws {
            for (stage, port) in ports.sorted(by: { $0.key < $1.key }) {
                let expected = isReady ? "200" : "503"
                var answer = ""
                for _ in 0..<300 where !answer.hasSuffix(expected) {
                    let url = "http://127.0.0.1:\(port)/health/ready"
                    answer = try await ChildProcess.run("curl", ["-s", "-w", "%{http_code}", url]).output
                    if !answer.hasSuffix(expected) { try await Task.sleep(for: .milliseconds(100)) }
                }
                #expect(answer.hasSuffix(expected), "\(stage) says \(answer)")
            }
        }
    }

    @Test(.timeLimit(.minutes(3))) func `no stage is ready while Redis is away, and all are when it is back`()
        async throws
    {
        let redis = try await RedisServer.start()
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let chain = try await Chain.start(redis: redis, url: url)
            try await chain.untilReady(true)
            try await database.until("SELECT count(*) > 500 FROM odds_changes")
            await redis.kill()
            try await chain.untilReady(false)
            try await redis.restart()
            try await chain.untilReady(true)
            let count = try await database.value("SELECT count(*) FROM odds_changes")
            try await database.until("SELECT count(*) > \(count) + 300 FROM odds_changes")
            let status = try await chain.stages.run(["status", "--json"])
            #expect(status.code == 0)
            let lags = status.output.matches(of: /"lag" : (\w+)/).map { Int($0.1) ?? .max }
            #expect(lags.count >= 3 && lags.allSatisfy { $0 < 1_000 }, "\(status.output)")
            #expect(try await database.value("SELECT count(*) FROM gaps WHERE healed_at IS NULL") == "0")
            await chain.stages.expectCleanEnd()
        }
        await redis.stop()
    }

    /// That is when somebody has to see how the streams grow, and when Redis needs its room.
    @Test(.timeLimit(.minutes(3))) func `streams are measured and trimmed while Postgres is away`() async throws {
        let redis = try await RedisServer.start()
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let chain = try await Chain.start(redis: redis, url: url)
            try await database.until("SELECT count(*) > 500 FROM odds_changes")
            let server = try await TestServers.postgres()
            let name = database.name
            _ = try await server.execute("ALTER DATABASE \"\(name)\" ALLOW_CONNECTIONS false", database: "postgres")
            _ = try await server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(name)'",
                database: "postgres")
            let port = try #require(chain.ports["write"])
            func oldest() async throws -> Double {
                let metrics = try await ChildProcess.run("curl", ["-s", "http://127.0.0.1:\(port)/metrics"]).output
                let pattern = /touchline_stream_oldest_pending_seconds.*stream="events".* ([0-9.]+)/
                return metrics.firstMatch(of: pattern).flatMap { Double($0.1) } ?? 0
            }
            for _ in 0..<300 where try await oldest() < 15 { try await Task.sleep(for: .milliseconds(100)) }
            #expect(try await oldest() >= 15)
            // 300 messages a second for so long: the Processor's checkpoint is five seconds old at most.
            let length = try await ChildProcess.run(
                "redis-cli", ["-u", redis.url, "xlen", "touchline:{book}:raw"]
            ).output
            #expect(Int(length.filter(\.isNumber)) ?? .max < 6_000, "\(length)")
            _ = try await server.execute("ALTER DATABASE \"\(name)\" ALLOW_CONNECTIONS true", database: "postgres")
            try await chain.untilReady(true)
            await chain.stages.expectCleanEnd()
        }
        await redis.stop()
    }

    @Test(.timeLimit(.minutes(3)))
    func `a Redis that forgets everything is one gap with its times, and the feed goes on`() async throws {
        let redis = try await RedisServer.start()
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let chain = try await Chain.start(redis: redis, url: url)
            try await database.until("SELECT count(*) > 500 FROM odds_changes")
            // What nobody has taken out of Redis yet is lost with it.
            for stage in ["process", "write"] { await chain.stages.kill(stage) }
            try await Task.sleep(for: .seconds(4))
            _ = try await ChildProcess.run("redis-cli", ["-u", redis.url, "FLUSHALL"])
            for stage in ["process", "write"] {
                try await chain.stages.start(stage, environment: ["TOUCHLINE_OPERATIONS_LISTEN": "127.0.0.1:0"])
            }
            try await database.until("SELECT count(*) >= 1 FROM gaps WHERE kind = 'lost'")
            let count = try await database.value("SELECT count(*) FROM odds_changes")
            try await database.until("SELECT count(*) > \(count) + 500 FROM odds_changes")
            let gaps = try await database.value(
                """
                SELECT count(*), bool_and(to_time - from_time > interval '4 seconds') FROM gaps
                WHERE cause = 'Redis lost entries that were appended'
                """)
            #expect(gaps == "1|t")
            let hidden = try await database.value(
                "SELECT count(*) > 0 FROM feed_coverage(now() - interval '5 minutes', now()) WHERE coverage < 1")
            #expect(hidden == "t", "an incomplete minute must not look complete")
            await chain.stages.expectCleanEnd()
        }
        await redis.stop()
    }

    @Test(.timeLimit(.minutes(3)))
    func `a log that cannot be read stops its feed and no other`() async throws {
        let redis = try await RedisServer.start()
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let books = [try FreePort.find(), try FreePort.find()]
            let port = try FreePort.find()
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)" }
                    postgres: { url: "\(url)" }
                    feeds:
                      sound: { provider: sportsbook, url: "ws://127.0.0.1:\(books[0])/feed" }
                      spoiled: { provider: sportsbook, url: "ws://127.0.0.1:\(books[1])/feed" }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            for book in books {
                try await stages.startWithoutConfiguration(
                    "sportsbook", ["--listen", "127.0.0.1:\(book)", "--rate", "300"], as: "book-\(book)")
            }
            let junk = ["XADD", "touchline:{spoiled}:raw", "299999999999999999-0", "junk", "junk"]
            _ = try await ChildProcess.run("redis-cli", ["-u", redis.url] + junk)
            try await stages.start("feed", environment: ["TOUCHLINE_OPERATIONS_LISTEN": "127.0.0.1:\(port)"])
            for stage in ["process", "write"] {
                try await stages.start(stage, environment: ["TOUCHLINE_OPERATIONS_LISTEN": "127.0.0.1:0"])
            }
            try await database.until("SELECT count(*) > 500 FROM odds_changes WHERE feed = 'sound'")
            let ready = try await ChildProcess.run("curl", ["-s", "http://127.0.0.1:\(port)/health/ready"]).output
            #expect(ready.contains("feed.spoiled") && ready.contains("the feed's log cannot be read"), "\(ready)")
            let before = try await database.count("odds_changes")
            try await database.until("SELECT count(*) > \(before) + 500 FROM odds_changes")
            await stages.expectCleanEnd()
        }
        await redis.stop()
    }
}
