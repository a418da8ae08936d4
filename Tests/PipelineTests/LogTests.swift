import DevServices
import Foundation
import TestSupport
import Testing

/// How a process writes its log, and that this may change while it runs.
@Suite struct LogTests {
    private struct Line: Decodable {
        var ts: String
        var level: String
        var component: String
        var msg: String
        var suppressed: Int?
    }

    private static func lines(_ stages: StageProcesses) async -> [Line] {
        await stages.output(of: "process").split(separator: "\n").compactMap {
            try? JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
    }

    @Test(.timeLimit(.minutes(1))) func formatAndLevelsAreThoseOfTheConfiguration() async throws {
        let redis = try await TestServers.redis()
        let prefix = RandomName.next("log")
        func configuration(_ log: String) -> String {
            """
            redis: { url: "\(redis.url)", prefix: "\(prefix)" }
            operations: { listen: "127.0.0.1:0" }
            log: \(log)
            feeds: { a: { provider: sportsbook, url: "ws://127.0.0.1:1/feed" } }
            """
        }
        let stages = try StageProcesses(
            configuration: configuration("{ level: warning, levels: { operations: debug }, format: json }"))
        try await stages.start("process")
        try await Self.wait { await Self.lines(stages).contains { $0.msg == "operations endpoint is up" } }
        var lines = await Self.lines(stages)
        #expect(Set(lines.map(\.component)) == ["operations"], "\(lines)")
        #expect(lines.contains { $0.level == "debug" })

        // A mistake is answered each time that somebody asks, and changes nothing.
        try await stages.rewrite(configuration: configuration("{ level: loud }"))
        for count in 1...3 {
            await stages.signal("process", SIGHUP)
            try await Self.wait {
                await Self.lines(stages).count { $0.msg.hasPrefix("the configuration is not") } == count
            }
        }
        try await stages.rewrite(configuration: configuration("{ level: info, format: logfmt }"))
        await stages.signal("process", SIGHUP)
        try await Self.wait {
            await stages.output(of: "process").contains(#"level=notice msg="feeds are read again" component=touchline"#)
        }
        await stages.signal("process", SIGTERM)
        try await Self.wait { await stages.output(of: "process").contains(#"level=info msg="stopped""#) }
        lines = await Self.lines(stages)
        #expect(lines.allSatisfy { $0.ts.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil })
        await stages.expectCleanEnd()
    }

    private static func wait(_ condition: () async -> Bool) async throws {
        for _ in 0..<200 {
            if await condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("not within ten seconds")
    }
}
