import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// `touchline tap` beside a running feed.
@Suite struct TapTests {
    /// A feed, a processor and a Redis of their own, and what runs on them.
    private static func withFeed(_ body: (StageProcesses, RedisServer) async throws -> Void) async throws {
        let redis = try await RedisServer.start()
        let book = SportsbookServer(SportsbookConfiguration(.load(LoadConfiguration(total: 1_000_000, rate: 200))))
        let address = try await book.start()
        let stages = try StageProcesses(
            configuration: """
                redis: { url: "\(redis.url)" }
                operations: { listen: "127.0.0.1:0" }
                feeds: { book: { provider: sportsbook, url: "\(address)" } }
                """)
        for stage in ["feed", "process"] { try await stages.start(stage) }
        try await lines(10, stages)
        try await body(stages, redis)
        await stages.expectCleanEnd()
        await book.stop()
        await redis.stop()
    }

    /// Waits until there are streams with so many events.
    @discardableResult
    private static func lines(_ count: Int, _ stages: StageProcesses, _ more: [String] = []) async throws -> [String] {
        for _ in 0..<100 {
            let tap = try await stages.run(["tap", "book", "--from-start", "--limit", "\(count)"] + more)
            if tap.code == 0 { return tap.output.split(separator: "\n").map(String.init) }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw CocoaError(.featureUnsupported)
    }

    private static func positions(_ output: String) -> [String] {
        output.matches(of: /"position":"(\d+\/\d+)"/).map { String($0.1) }
    }

    @Test(.timeLimit(.minutes(2))) func `what is shown can be chosen, and nothing is consumed`() async throws {
        try await Self.withFeed { stages, _ in
            let all = try await Self.lines(30, stages, ["--type", "odds_change"])
            #expect(all.count == 30 && all.allSatisfy { $0.hasPrefix(#"{"type":"odds_change","#) })
            let some = try await Self.lines(4, stages, ["--type", "odds_change", "--sample", "7"])
            #expect(some == [0, 7, 14, 21].map { all[$0] })

            let first = try JSONSerialization.jsonObject(with: Data(all[0].utf8)) as? [String: Any]
            let fixture = try #require(first?["fixture_id"] as? String)
            let market = try #require(first?["market_type"] as? String)
            let chosen = try await Self.lines(2, stages, ["--fixture", fixture, "--market", market])
            #expect(chosen.count == 2 && chosen[0] == all[0])
            for line in chosen { #expect(line.contains("\"fixture_id\":\"\(fixture)\""), "\(line)") }

            let rows = try await Self.lines(20, stages, ["--table"])
            #expect(rows.count == 20 && rows.allSatisfy { $0.count <= 80 && !$0.hasPrefix("{") }, "\(rows)")
            for wrong in [["--type", "odd"], ["--reason", "bad_value"], ["--sample", "0"], ["--json", "--table"]] {
                #expect(try await stages.run(["tap", "book"] + wrong).code == 2)
            }
            let status = try await stages.run(["status", "--json"])
            let groups = status.output.matches(of: /"name" : "(\w+)"/).map { String($0.1) }
            #expect(groups == ["processor", "raw", "writer", "events", "writer", "dead"], "\(status.output)")
        }
    }

    @Test(.timeLimit(.minutes(2))) func `it outlives a restart of Redis, and ctrl-C is a clean end`() async throws {
        try await Self.withFeed { stages, redis in
            try await stages.start("tap", ["book", "events", "--type", "odds_change"])
            try await Self.wait { Self.positions(await stages.output(of: "tap")).count >= 5 }
            await redis.kill()
            try await Self.wait { await stages.output(of: "tap").contains("waiting for it") }
            try await redis.restart()
            try await Self.wait { await stages.output(of: "tap").contains("redis is back") }
            let before = Self.positions(await stages.output(of: "tap")).count
            try await Self.wait { Self.positions(await stages.output(of: "tap")).count >= before + 5 }
            let outcome = await stages.end("tap", with: SIGINT)
            let output = await stages.output(of: "tap")
            #expect(outcome?.isSuccess == true, "\(output)")
            let frames = Self.positions(output).compactMap { $0.split(separator: "/").first.flatMap { Int64($0) } }
            #expect(zip(frames, frames.dropFirst()).allSatisfy { $0 <= $1 }, "in order, before and after")
            #expect(Set(Self.positions(output)).count == frames.count, "and none twice")
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: ["events | head -1", "dead | true"])
    func `it ends when its reader has gone, also while nothing comes`(pipeline: String) async throws {
        try await Self.withFeed { stages, _ in
            let (outcome, output) = try await stages.shell(
                #"$TOUCHLINE tap book --config "$CONFIG" \#(pipeline) > /dev/null; echo "${PIPESTATUS[0]}""#)
            #expect(outcome.isSuccess && output == "0\n", "\(output)")
        }
    }

    private static func wait(until condition: () async throws -> Bool) async throws {
        for _ in 0..<300 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("did not happen within 30 s")
    }
}
