import DevServices
import Foundation
import TestSupport
import Testing

/// Bad input end to end: each bad message is a dead letter with a reason, and its neighbours are in Postgres.
@Suite struct DeadLetterTests {
    private static func odds(_ seq: Int, option: String, odd: String = "1.5") -> String {
        #"{"type":"odds_change","seq":\#(seq),"timestamp":"2026-01-01T12:00:00.000Z","fixture_id":"fx","market_type":"1X2","option_id":"\#(option)","odd_value":\#(odd)}"#
    }

    /// Frames as a broken sportsbook could send them; every option is named once.
    private static let frames = [
        odds(1, option: "first"),
        "no JSON at all",
        #"{"type":"odds_change","seq":"#,
        "[\(odds(2, option: "before")),\(#"{"type":"weather","seq":3,"timestamp":1767268800000}"#),\(odds(4, option: "negative", odd: "-1")),\(odds(5, option: "between")),\(odds(6, option: "huge", odd: "1e400")),\(#"{"type":"odds_change","seq":7,"timestamp":1767268800000,"fixture_id":"fx"}"#),\(odds(8, option: "after"))]",
        odds(9, option: "\u{1F3C7} ünï"),
        odds(10, option: ""),
        odds(11, option: String(repeating: "x", count: 201)),
        #"{"type":"odds_change","seq":12,"padding":"\#(String(repeating: "x", count: 9 << 20))"}"#,
        odds(13, option: "behind"),
        odds(14, option: "last"),
        #"{"type":"odds_change","padding":"\#(String(repeating: "x", count: 17 << 20))"}"#,
    ]

    @Test(.timeLimit(.minutes(2))) func `bad messages are letters with reasons, their neighbours are rows`()
        async throws
    {
        let redis = try await TestServers.redis()
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)", prefix: "\(RandomName.next("letters"))" }
                    postgres: { url: "\(url)" }
                    broadcaster: { listen: "127.0.0.1:0" }
                    operations: { listen: "127.0.0.1:0" }
                    """)
            let file = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("bad") + ".ndjson")
            try Self.frames.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
            defer { try? FileManager.default.removeItem(at: file) }
            #expect(try await stages.run(["migrate"]).code == 0)
            try await stages.start("replay", [file.path, "--provider", "sportsbook", "--stay"])
            try await database.until("SELECT count(*) = 1 FROM odds_changes WHERE option_id = 'last'")

            let options = try await database.value(
                "SELECT option_id FROM odds_changes ORDER BY position")
            #expect(
                options.split(separator: "\n") == [
                    "first", "before", "between", "after", "\u{1F3C7} ünï", "behind", "last",
                ])
            try await database.until("SELECT count(*) = 10 FROM dead_letters")
            let letters = try await database.value(
                "SELECT letter_reason_name(reason), detail FROM dead_letters ORDER BY position")
            let expected = [
                ("malformed_json", "byte 0"), ("malformed_json", "cut short"), ("unknown_type", "weather"),
                ("bad_value", "odd_value: -1 "), ("bad_value", "1e400"), ("missing_field", "market_type"),
                ("bad_value", "option_id:  is not"), ("bad_value", "option_id: xxx"), ("too_large", "9437228 bytes"),
                ("too_large", "was not taken"),
            ]
            for (letter, (reason, detail)) in zip(letters.split(separator: "\n"), expected) {
                #expect(letter.hasPrefix(reason + "|") && letter.contains(detail), "\(letter)")
            }
            // No message of the sequence is missing, so that there is no gap.
            #expect(try await database.count("gaps") == 0)
            try await Self.operatorsSeeThem(stages)
            #expect(try await stages.run(["verify"]).code == 0)
            try await Self.newsIsFound(stages, database)
            await stages.expectCleanEnd()
        }
    }

    /// Whoever asks for the last hour is shown what was refused in it, also of messages of long ago.
    private static func newsIsFound(_ stages: StageProcesses, _ database: PipelineDatabase) async throws {
        let recent = ["dlq", "list", "--since", "1h"]
        _ = try await database.value("UPDATE dead_letters SET first_seen = now() - interval '1 year' RETURNING id")
        let found = try await stages.run(recent)
        #expect(found.output.contains("unknown_type         new       1\n"), "\(found.output)")
        _ = try await database.value("UPDATE dead_letters SET written_at = now() - interval '1 day' RETURNING id")
        #expect(try await stages.run(recent).output == "no dead letters\n")
    }

    private static func operatorsSeeThem(_ stages: StageProcesses) async throws {
        let list = try await stages.run(["dlq", "list", "--reason", "unknown_type"])
        #expect(list.code == 0 && list.output.contains("unknown_type         new       1\n"), "\(list.output)")
        let number = list.output.split(separator: "#").last?.prefix { $0.isNumber } ?? ""
        let letter = try await stages.run(["dlq", "show", String(number)])
        #expect(letter.code == 0 && letter.output.contains(#"{"type":"weather","seq":3,"#), "\(letter.output)")
        #expect(try await stages.run(["dlq", "show", "999999"]).code == 1)
        #expect(try await stages.run(["dlq", "list", "--reason", "weather"]).code == 2)
    }
}
