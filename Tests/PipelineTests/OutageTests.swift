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

        func end() async {
            let isClean = await stages.stop()
            let lastWords = await stages.complaints()
            #expect(isClean, "\(lastWords)")
            await stages.removeFiles()
        }
    }

    private static func value(_ sql: String, _ url: String) async throws -> String {
        let database = url.split(separator: "/").last.map { String($0.prefix { $0 != "?" }) } ?? ""
        return try await TestServers.postgres().execute(sql, database: database)
    }

    private static func until(_ condition: String, _ url: String) async throws {
        for _ in 0..<300 {
            if try await value(condition, url) == "t" { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("not true within 30 s: \(condition)")
    }

    @Test(.timeLimit(.minutes(3))) func `no stage is ready while Redis is away, and all are when it is back`()
        async throws
    {
        let redis = try await RedisServer.start()
        try await TestServers.withDatabase { url in
            let chain = try await Chain.start(redis: redis, url: url)
            try await chain.untilReady(true)
            try await Self.until("SELECT count(*) > 500 FROM odds_changes", url)
            await redis.kill()
            try await chain.untilReady(false)
            try await redis.restart()
            try await chain.untilReady(true)
            let count = try await Self.value("SELECT count(*) FROM odds_changes", url)
            try await Self.until("SELECT count(*) > \(count) + 300 FROM odds_changes", url)
            let status = try await chain.stages.run(["status"])
            #expect(status.code == 0)
            let lags = status.output.matches(of: /lag (\w+)/).map { Int($0.1) ?? .max }
            #expect(lags.count >= 3 && lags.allSatisfy { $0 < 1_000 }, "\(status.output)")
            #expect(try await Self.value("SELECT count(*) FROM gaps WHERE healed_at IS NULL", url) == "0")
            await chain.end()
        }
        await redis.stop()
    }

    @Test(.timeLimit(.minutes(3)))
    func `a Redis that forgets everything is one gap with its times, and the feed goes on`() async throws {
        let redis = try await RedisServer.start()
        try await TestServers.withDatabase { url in
            let chain = try await Chain.start(redis: redis, url: url)
            try await Self.until("SELECT count(*) > 500 FROM odds_changes", url)
            _ = try await ChildProcess.run("redis-cli", ["-u", redis.url, "FLUSHALL"])
            try await Self.until("SELECT count(*) >= 1 FROM gaps WHERE kind = 'lost'", url)
            let count = try await Self.value("SELECT count(*) FROM odds_changes", url)
            try await Self.until("SELECT count(*) > \(count) + 500 FROM odds_changes", url)
            let gaps = try await Self.value(
                "SELECT count(*), bool_and(from_time < to_time) FROM gaps WHERE kind = 'lost'", url)
            #expect(gaps == "1|t")
            let hidden = try await Self.value(
                "SELECT count(*) > 0 FROM feed_coverage(now() - interval '5 minutes', now()) WHERE coverage < 1", url)
            #expect(hidden == "t", "an incomplete minute must not look complete")
            await chain.end()
        }
        await redis.stop()
    }
}
