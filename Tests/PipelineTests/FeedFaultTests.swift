import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// A provider that misbehaves: every message is in Postgres once all the same, and the record says what happened.
@Suite(.serialized) struct FeedFaultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let faults: [String]
        /// Rows of `gaps`, as `kind|is healed`.
        var gaps: [String] = []
        /// Rows of `letters`, by reason.
        var letters: [String] = []
        /// Further keys of the feed.
        var settings = ""
        var testDescription: String { faults.joined(separator: " ") }
    }

    private static let messages: Int64 = 20_000

    static let cases = [
        Case(faults: ["1:messages=5000:drop"]),
        Case(faults: ["1:messages=5000:reset"]),
        Case(faults: ["1:messages=5000:silence=20s"]),
        Case(faults: ["1:messages=5000:half-open=20s"]),
        Case(faults: ["1:messages=5000:skip=10"], gaps: ["sequence|t"]),
        Case(faults: ["1:messages=5000:skip=10", "1:messages=9000:skip=300"], gaps: ["sequence|t", "sequence|t"]),
        Case(faults: ["1:messages=5000:duplicate=50"]),
        Case(faults: ["1:messages=5000:garbage"], letters: ["malformed_json"]),
        Case(faults: ["1:messages=5000:oversized=52428800"], letters: ["too_large"]),
        Case(faults: ["1:messages=5000:close=1001", "2:messages=500:close=1012", "3:messages=500:close=1013"]),
        Case(faults: ["1:messages=5000:close=4401", "2:opened:refuse=401"]),
        Case(faults: ["1:opened:refuse=401"]),
        Case(faults: ["1:messages=5000:drop", "2:opened:refuse=503,2s", "3:opened:refuse=429,1s"]),
        Case(faults: ["<\(Soak.isOn ? 120 : 10)s:subscribed:drop"]),
        Case(faults: ["1:messages=5000:bomb=52428800"], settings: ", compress: true"),
        Case(faults: ["1:messages=2000:slow=200000,5s"]),
    ]

    @Test(.timeLimit(.minutes(5)), arguments: cases)
    func everyMessageIsThereOnce(fault: Case) async throws {
        let redis = try await TestServers.redis()
        let postgres = try await TestServers.postgres()
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let load = LoadConfiguration(total: Self.messages, rate: 10_000)
            var configuration = SportsbookConfiguration(.load(load))
            configuration.faults = try FaultScript(fault.faults)
            let book = SportsbookServer(configuration)
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)", prefix: "\(RandomName.next("faults"))" }
                    postgres: { url: "\(url)" }
                    broadcaster: { listen: "127.0.0.1:0" }
                    operations: { listen: "127.0.0.1:0" }
                    feeds:
                      book:
                        { provider: sportsbook, url: "\(try await book.start())", streams: [odds]\(fault.settings) }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            try await stages.start("run")
            try await database.untilRows(reach: Self.messages, seconds: Soak.isOn ? 240 : 60)
            // Letters and gaps may come a moment later.
            try await Task.sleep(for: .seconds(1))
            #expect(try await database.lines("SELECT reason FROM letters ORDER BY position") == fault.letters)
            let gaps = try await database.lines(
                "SELECT kind || '|' || CASE WHEN healed_at IS NULL THEN 'f' ELSE 't' END FROM gaps ORDER BY position")
            #expect(gaps == fault.gaps)
            try await NumberedRows.expectAll(of: load, count: Self.messages, in: database.name, of: postgres)
            let audit = try await stages.run(["verify"])
            #expect(audit.code == 0, "\(audit.output)")
            await stages.expectCleanEnd()
            await book.stop()
        }
    }
}
