import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// `touchline status` and `top` beside a running pipeline with a feed that is live and one that cannot be reached.
@Suite struct StatusTests {
    private static func withPipeline(_ body: (StageProcesses, PipelineDatabase) async throws -> Void) async throws {
        let redis = try await TestServers.redis()
        try await TestServers.withDatabase { url in
            let book = SportsbookServer(SportsbookConfiguration(.load(LoadConfiguration(total: 1_000_000, rate: 200))))
            let address = try await book.start()
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)", prefix: "\(RandomName.next("status"))" }
                    postgres: { url: "\(url)" }
                    operations: { listen: "127.0.0.1:0" }
                    feeds:
                      book: { provider: sportsbook, url: "\(address)" }
                      gone: { provider: sportsbook, url: "ws://127.0.0.1:1/feed" }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            for stage in ["feed", "process", "write"] { try await stages.start(stage) }
            try await PipelineDatabase(url).untilRows(reach: 100)
            try await body(stages, PipelineDatabase(url))
            await stages.expectCleanEnd()
            await book.stop()
        }
    }

    private static func feeds(
        _ stages: StageProcesses, _ script: String = "$TOUCHLINE status --json --config \"$CONFIG\""
    ) async throws -> [String: [String: Any]] {
        let (outcome, output) = try await stages.shell(script)
        #expect(outcome.isSuccess, "\(output)")
        let feeds = try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: Any]])
        return Dictionary(feeds.map { ($0["feed"] as? String ?? "", $0) }) { first, _ in first }
    }

    @Test(.timeLimit(.minutes(3))) func `status tells states, rates and what Postgres knows`() async throws {
        try await Self.withPipeline { stages, database in
            _ = try await database.value(
                """
                INSERT INTO feed_gaps (feed_id, position, kind, from_time, to_time)
                SELECT feed_id, n, 1, now() - n * interval '50 minutes', now() - n * interval '50 minutes'
                  FROM feeds, generate_series(1, 2) AS n WHERE name = 'book'
                """)
            let feeds = try await Self.feeds(stages)
            let (book, gone) = (try #require(feeds["book"]), try #require(feeds["gone"]))
            #expect(book["state"] as? String == "live" && book["gapsLastHour"] as? Int == 1, "one of two is older")
            let rates = try #require(book["rates"] as? [String: Double])
            for rate in ["framesPerSecond", "processedFramesPerSecond", "eventsPerSecond", "writtenFramesPerSecond"] {
                #expect(rates[rate, default: 0] > 0, "\(rate)")
            }
            #expect((book["feedOwner"] as? String)?.isEmpty == false && book["processorOwner"] != nil)
            #expect((book["partitions"] as? [String: Any])?["count"] as? Int ?? 0 > 0)
            #expect((book["redisMemory"] as? [String: Any])?["usedBytes"] as? Int ?? 0 > 0)
            #expect(["connecting", "backoff"].contains(gone["state"] as? String), "\(gone)")
            #expect((gone["stateWhy"] as? String)?.isEmpty == false)

            let table = try await stages.run(["status"])
            #expect(table.code == 0 && table.output.contains("book: live, last entry "), "\(table.output)")
            for line in table.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }

            let away = try await Self.feeds(
                stages,
                "TOUCHLINE_POSTGRES_URL=postgresql://x@127.0.0.1:1/x $TOUCHLINE status --json --config \"$CONFIG\"")
            #expect(away["book"]?["gapsLastHour"] == nil && away["book"]?["state"] as? String == "live")
        }
    }

    @Test(.timeLimit(.minutes(3))) func `top draws on a terminal, gives it back, and does without one`() async throws {
        try await Self.withPipeline { stages, _ in
            let once = try await stages.run(["top", "--once", "--interval", "0.5"])
            #expect(once.code == 0 && once.output.contains("book: live") && !once.output.contains("\u{1B}"))
            try await stages.start("top", ["--interval", "0.2"])
            for _ in 0..<100 where await stages.output(of: "top").matches(of: /book: live/).count < 2 {
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(await stages.end("top", with: SIGTERM)?.isSuccess == true)
            let frames = await stages.output(of: "top").split(separator: "touchline top ")
            #expect(frames.count >= 2 && frames.allSatisfy { !$0.contains("\u{1B}") }, "\(frames)")
            for keys in ["q", "\u{3}"] { try await Self.quit(with: keys, stages) }
        }
    }

    /// Looks at the second drawing, which stands on the first, and leaves.
    private static func quit(with keys: String, _ stages: StageProcesses) async throws {
        let terminal = try PseudoTerminal(columns: 80, rows: 24)
        #expect(terminal.isAsAShellExpects)
        let top = try await stages.start(["top", "--interval", "0.2"], on: terminal)
        var shown = ""
        for _ in 0..<100 where shown.matches(of: /\e\[Htouchline top/).count < 2 {
            try await Task.sleep(for: .milliseconds(100))
            shown += terminal.shown()
        }
        #expect(shown.hasPrefix("\u{1B}[?1049h\u{1B}[?25l"), "a screen of its own, without a cursor")
        #expect(shown.contains("book: live"), "\(shown)")
        #expect(!terminal.isAsAShellExpects, "keys are not echoed")
        terminal.press(keys)
        let outcome = await top.end(with: SIGWINCH, killAfter: .seconds(20))
        shown += terminal.shown()
        #expect(outcome.isSuccess && shown.hasSuffix("\u{1B}[?25h\u{1B}[?1049l"), "\(outcome)")
        #expect(terminal.isAsAShellExpects, "as it was")
        let screens = shown.split(separator: "\u{1B}[H").dropFirst()
        for line in screens.flatMap({ $0.split(separator: "\r\n") }) {
            // The terminal adds a carriage return of its own to each line.
            #expect(line.replacing(/\e\[[?0-9]*[A-Za-z]|\r/, with: "").count <= 80, "\(line)")
        }
    }
}
