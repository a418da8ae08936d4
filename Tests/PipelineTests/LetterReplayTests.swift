import DevServices
import FeedModel
import Foundation
import Sportsbook
import TestSupport
import Testing

/// Dead letters as an operator has them: listed, shown, sent through again once the rule is another, or let go.
@Suite(.serialized) struct LetterReplayTests {
    private static let count = Soak.isOn ? 10_000 : 500

    /// Messages an hour and a half early, among good ones, some that stay bad, and some of a type that nobody knows.
    private static func recording() -> String {
        let early = WallClock.now + .seconds(5_400)
        var lines: [String] = []
        var sequence = 0
        func odds(_ option: String, at time: Timestamp = WallClock.now, odd: String = "2.5") -> String {
            sequence += 1
            return
                #"{"type":"odds_change","seq":\#(sequence),"timestamp":"\#(time)","fixture_id":"fx","market_type":"1X2","option_id":"\#(option)","odd_value":\#(odd)}"#
        }
        for number in stride(from: 0, to: count, by: 2) {
            let pair = (
                odds("early-\(number)", at: early), odds("good-\(number)"), odds("early-\(number + 1)", at: early)
            )
            lines.append(number % 4 == 0 ? "[\(pair.0),\(pair.1),\(pair.2)]" : "\(pair.0)\n\(pair.1)\n\(pair.2)")
        }
        lines += [odds("never", odd: "-1"), #"{"type":"weather","a":1}"#, #"{"type":"weather","a":2}"#, odds("last")]
        return lines.joined(separator: "\n")
    }

    private static func configuration(_ redis: RedisServer, _ url: String, _ prefix: String, _ feed: String) -> String {
        """
        redis: { url: "\(redis.url)", prefix: "\(prefix)" }
        postgres: { url: "\(url)" }
        operations: { listen: "127.0.0.1:0" }
        feeds: { book: { provider: sportsbook, streams: [odds], \(feed) } }
        """
    }

    @Test(.timeLimit(.minutes(Soak.isOn ? 15 : 4)))
    func `letters land once when the rule is another, whatever is killed`() async throws {
        let redis = try await TestServers.redis()
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("early") + ".ndjson")
        try Self.recording().write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let book = RecordingServer(ReplayConfiguration(files: [file.path], dialect: .sportsbook))
        let feed = "url: \"\(try await book.start())\""
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let prefix = RandomName.next("dlq")
            let stages = try StageProcesses(configuration: Self.configuration(redis, url, prefix, feed))
            #expect(try await stages.run(["migrate"]).code == 0)
            for stage in ["feed", "process", "write"] { try await stages.start(stage) }
            try await database.until("SELECT count(*) = 1 FROM odds_changes WHERE option_id = 'last'", seconds: 120)
            try await database.until("SELECT count(*) = \(Self.count + 3) FROM dead_letters", seconds: 120)

            try await Self.looks(stages, database)
            try await Self.isRefusedAgain(stages, database)
            try await stages.rewrite(
                configuration: Self.configuration(redis, url, prefix, feed + ", clock_slack: 3h"))
            await stages.signal("process", SIGHUP)
            for _ in 0..<200 where !(await Self.hasNewRules(stages)) { try await Task.sleep(for: .milliseconds(100)) }
            try await Self.replayAll(stages, database)
            try await Self.drop(stages, database)
            try await Self.waitsForAnOwner(stages, database)
            let audit = try await stages.run(["verify"])
            #expect(audit.code == 0, "\(audit.output)")
            await stages.expectCleanEnd()
        }
        await book.stop()
    }

    /// A letter that is sent before is refused again.
    private static func hasNewRules(_ stages: StageProcesses) async -> Bool {
        let said = await stages.output(of: "process")
        guard let reload = said.range(of: "feeds are read again") else { return false }
        return said[reload.upperBound...].contains("processing")
    }

    private static func looks(_ stages: StageProcesses, _ database: PipelineDatabase) async throws {
        let list = try await stages.run(["dlq", "list", "--stage", "processor", "--since", "1h", "--limit", "3"])
        #expect(
            list.code == 0 && list.output.contains("bad_value            new       \(count + 1)\n"), "\(list.output)")
        let none = try await stages.run(["dlq", "list", "--until", "1h"])
        #expect(none.output == "no dead letters\n")
        let shown = try await stages.run(["dlq", "show", "--text", #""never""#])
        let lines = shown.output.split(separator: "\n")
        let carets = try #require(lines.last { $0.contains("^") })
        let place = try #require(lines.lastIndex(of: carets))
        let marked = zip(lines[place - 1], carets).filter { $0.1 == "^" }.map { String($0.0) }.joined()
        #expect(#""odd_value":-1"#.hasSuffix(marked) && !marked.isEmpty, "\(shown.output)")
        for usage in [
            ["replay"], ["drop"], ["show"], ["replay", "1", "--feed", "book"], ["replay", "1", "--rate", "0"],
            ["replay", "--feed", "book"], ["drop", "--reason", "bad_value"],
        ] {
            #expect(try await stages.run(["dlq"] + usage).code == 2, "\(usage)")
        }
        #expect(try await database.count("dead_letters WHERE state = 'new'") == Int64(count + 3))
    }

    private static func isRefusedAgain(_ stages: StageProcesses, _ database: PipelineDatabase) async throws {
        let id = try await database.value("SELECT min(id) FROM dead_letters WHERE reason = 4")
        let replay = try await stages.run(["dlq", "replay", id])
        #expect(replay.code == 1 && replay.output.contains("refused again: timestamp: "), "\(replay.output)")
        #expect(
            try await database.value("SELECT state, deliveries FROM dead_letters WHERE id = \(id)") == "new|2")
    }

    /// Twice at the same time, while Processor and Writer are killed.
    private static func replayAll(_ stages: StageProcesses, _ database: PipelineDatabase) async throws {
        let command = [
            "dlq", "replay", "--text", "early-", "--yes", "--rate", "\(Soak.isOn ? 200 : 60)", "--timeout", "120",
        ]
        async let one = stages.run(command)
        async let other = stages.run(command)
        let replayed = "SELECT count(*) FROM dead_letters WHERE state = 'replayed'"
        for (share, stage) in [(8, "process"), (4, "write"), (2, "process")] {
            try await database.until("SELECT (\(replayed)) >= \(count / share)", seconds: 120)
            #expect(try await database.value("SELECT (\(replayed)) < \(count)") == "t", "killed too late")
            try await stages.killAndRestart(stage)
        }
        for (code, output) in [try await one, try await other] { #expect(code == 0, "\(output)") }
        #expect(
            try await database.value(
                """
                SELECT count(*), count(DISTINCT o.option_id), count(*) FILTER (WHERE o.received_at = d.first_seen)
                FROM odds_changes o LEFT JOIN dead_letters d ON d.position = o.position AND d.state = 'replayed'
                WHERE o.option_id LIKE 'early-%'
                """) == "\(count)|\(count)|\(count)")
        let again = try await stages.run(["dlq", "replay", "--text", "early-", "--yes"])
        #expect(again.code == 0 && again.output.contains("0 letters replayed"), "\(again.output)")
    }

    private static func drop(_ stages: StageProcesses, _ database: PipelineDatabase) async throws {
        let drop = try await stages.run(["dlq", "drop", "--reason", "unknown_type", "--yes"])
        #expect(drop.code == 0 && drop.output.contains("2 letters dropped"), "\(drop.output)")
        #expect(
            try await database.lines("SELECT state, count(*) FROM dead_letters GROUP BY state ORDER BY state")
                == ["dropped|2", "new|1", "replayed|\(count)"])
        let replayed = try await database.value("SELECT min(id) FROM dead_letters WHERE state = 'replayed'")
        #expect(try await stages.run(["dlq", "drop", replayed]).code == 1)
        let again = try await stages.run(["dlq", "replay", replayed])
        #expect(again.code == 1 && again.output.contains("was replayed already"), "\(again.output)")
    }

    private static func waitsForAnOwner(_ stages: StageProcesses, _ database: PipelineDatabase) async throws {
        await stages.signal("feed", SIGTERM)
        for _ in 0..<300 where await stages.isRunning("feed") { try await Task.sleep(for: .milliseconds(100)) }
        let never = try await database.value("SELECT id FROM dead_letters WHERE state = 'new'")
        let replay = try await stages.run(["dlq", "replay", never, "--timeout", "2"])
        #expect(replay.code == 1 && replay.output.contains("no FeedClient owns feed book"), "\(replay.output)")
        try await stages.start("feed")
        try await database.until(
            "SELECT state = 'new' AND deliveries = 2 AND detail LIKE 'odd_value: -1 %' FROM dead_letters WHERE id = \(never)",
            seconds: 60)
    }
}
