import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// What people and accidents do to keys in Redis: nothing is lost without a trace, and nothing stands still for it.
@Suite(.serialized) struct TamperedRedisTests {
    private static let messages: Int64 = 6_000

    private struct Chain {
        let redis: RedisServer
        let book: SportsbookServer
        let load: LoadConfiguration
        let stages: StageProcesses
        let database: PipelineDatabase
        let prefix: String

        func key(_ name: String) -> String { "\(prefix):{book}:\(name)" }

        @discardableResult
        func redis(_ command: String...) async throws -> String {
            try await ChildProcess.run("redis-cli", ["-u", redis.url] + command).output
        }

        func everythingIsThere() async throws {
            try await database.untilRows(reach: TamperedRedisTests.messages, seconds: 90)
            try await NumberedRows.expectAll(
                of: load, count: TamperedRedisTests.messages, in: database.name, of: try await TestServers.postgres())
            let audit = try await stages.run(["verify"])
            #expect(audit.code == 0, "\(audit.output)")
        }
    }

    private static func with(_ body: (Chain) async throws -> Void) async throws {
        let redis = try await TestServers.redis()
        let load = LoadConfiguration(total: messages, rate: 600)
        let book = SportsbookServer(SportsbookConfiguration(.load(load)))
        let address = try await book.start()
        try await TestServers.withDatabase { url in
            let prefix = RandomName.next("tampered")
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)", prefix: "\(prefix)" }
                    postgres: { url: "\(url)" }
                    operations: { listen: "127.0.0.1:0" }
                    feeds:
                      book: { provider: sportsbook, url: "\(address)", streams: [odds] }
                      other: { provider: sportsbook, url: "ws://127.0.0.1:1", streams: [odds] }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            for stage in ["feed", "process", "write"] { try await stages.start(stage) }
            let chain = Chain(
                redis: redis, book: book, load: load, stages: stages, database: PipelineDatabase(url), prefix: prefix)
            try await chain.database.untilRows(reach: 500)
            try await body(chain)
            await stages.expectCleanEnd()
        }
        await book.stop()
    }

    @Test(.timeLimit(.minutes(3))) func `events that are deleted are forwarded again`() async throws {
        try await Self.with { chain in
            for _ in 0..<3 {
                try await chain.redis("DEL", chain.key("events"))
                try await Task.sleep(for: .seconds(1))
            }
            try await chain.everythingIsThere()
        }
    }

    @Test(.timeLimit(.minutes(3))) func `what is no entry is a letter, and the next one is read`() async throws {
        try await Self.with { chain in
            for stream in ["raw", "events", "requests"] {
                try await chain.redis("XADD", chain.key(stream), "*", "foo", "bar")
                try await chain.redis("XADD", chain.key(stream), "*", "e", "")
            }
            let future = #"{"replayLetter":{"payload":"e30=","position":1,"receivedAt":9223372036854775807,"stage":1}}"#
            try await chain.redis("XADD", chain.key("requests"), "*", "e", future)
            try await chain.redis("SET", chain.key("decoder"), "garbage")
            try await chain.everythingIsThere()
            try await chain.database.until(
                "SELECT count(*) >= 2 FROM dead_letters WHERE detail LIKE 'unreadable entry%'")
            let checkpoint = try await chain.redis("GETRANGE", chain.key("decoder"), "0", "19")
            #expect(UInt64(checkpoint.trimmingCharacters(in: .whitespacesAndNewlines)) != nil, "\(checkpoint)")
        }
    }

    @Test(.timeLimit(.minutes(3))) func `an entry that ends every process becomes letters, and the rest goes on`()
        async throws
    {
        try await Self.with { chain in
            await chain.stages.kill("process")
            try await Task.sleep(for: .seconds(1))
            let (raw, group) = (chain.key("raw"), "processor")
            let taken = try await chain.redis("XREADGROUP", "GROUP", group, "owner", "COUNT", "5", "STREAMS", raw, ">")
            let ids = taken.split(whereSeparator: \.isWhitespace).filter { $0.hasSuffix("-0") }.map(String.init)
            let poison = try #require(ids.dropFirst(2).first)
            for _ in 0..<6 { try await chain.redis("XCLAIM", raw, group, "owner", "0", poison) }
            try await chain.redis("SET", chain.key("decoder:trial"), "\(poison) 2")
            try await chain.stages.start("process")
            let letters = "dead_letters WHERE reason = 6 AND detail LIKE 'decoding it has ended the process%'"
            try await chain.database.until("SELECT count(*) > 0 FROM \(letters)", seconds: 60)
            // The decoder asks for the provider's whole state: what is sent meanwhile is a gap, or comes after all.
            let last = chain.load.expectation(Self.messages)
            try await chain.database.until(
                """
                SELECT count(*) > 0 FROM odds_changes WHERE fixture_id = '\(last.fixtureID)' AND odd_value = \(last.odd)
                    AND market_type = '\(last.marketType)' AND option_id = '\(last.optionID)'
                """, seconds: 60)
            let audit = try await chain.stages.run(["verify"])
            #expect(audit.code == 0, "\(audit.output)")
            #expect(try await chain.redis("EXISTS", chain.key("decoder:trial")).hasPrefix("0"))
        }
    }

    @Test(.timeLimit(.minutes(3))) func `what is wrong with one feed's keys stops no other`() async throws {
        try await Self.with { chain in
            for stream in ["events", "dead"] {
                let key = chain.key(stream).replacing("{book}", with: "{other}")
                try await chain.redis("DEL", key)
                try await chain.redis("SET", key, "x")
            }
            try await chain.everythingIsThere()
            #expect(await chain.stages.output(of: "write").contains("something else is under the name of a stream"))
            let status = try await chain.stages.run(["status"])
            #expect(status.code == 0 && status.output.contains("other: unreadable, "), "\(status.output)")
            #expect(status.output.contains("book: live, "), "\(status.output)")
        }
    }

    @Test(.timeLimit(.minutes(3))) func `a lease that never ends is told, and the feed goes on once it is deleted`()
        async throws
    {
        try await Self.with { chain in
            let leases = ["feed": chain.key("owner:feed"), "process": chain.key("owner:processor")]
            for (stage, lease) in leases {
                await chain.stages.kill(stage)
                try await chain.redis("SET", lease, "somebody")
                let port = try FreePort.find()
                try await chain.stages.start(stage, environment: ["TOUCHLINE_OPERATIONS_LISTEN": "127.0.0.1:\(port)"])
                var answer = ""
                for _ in 0..<100 where !answer.contains("never ends") {
                    answer = try await ChildProcess.run("curl", ["-s", "http://127.0.0.1:\(port)/health/ready"]).output
                    try await Task.sleep(for: .milliseconds(100))
                }
                #expect(answer.contains("the lease \(lease) never ends"), "\(stage) says \(answer)")
                try await chain.redis("DEL", lease)
            }
            try await chain.everythingIsThere()
        }
    }

    @Test(.timeLimit(.minutes(3))) func `letters wait while their stream is something else`() async throws {
        try await Self.with { chain in
            try await chain.redis("DEL", chain.key("dead"))
            try await chain.redis("SET", chain.key("dead"), "x")
            try await chain.redis("XADD", chain.key("raw"), "*", "foo", "bar")
            try await Task.sleep(for: .seconds(3))
            try await chain.redis("DEL", chain.key("dead"))
            try await chain.everythingIsThere()
            try await chain.database.until("SELECT count(*) = 1 FROM dead_letters")
        }
    }
}
