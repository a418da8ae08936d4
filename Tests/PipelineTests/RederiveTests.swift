import DevServices
import FeedModel
import Foundation
import Sportsbook
import TestSupport
import Testing

/// `rederive` as somebody uses it whose decoder, or whose rules, were wrong yesterday.
@Suite(.serialized) struct RederiveTests {
    /// Everything that the history says, but for the order in which it was written.
    private static let fingerprint = """
        SELECT (SELECT md5(string_agg(o::text, ',' ORDER BY o::text)) FROM odds_ticks o)
            || (SELECT md5(string_agg(u::text, ',' ORDER BY u::text)) FROM fixture_updates u)
            || (SELECT coalesce(md5(string_agg(b::text, ',' ORDER BY b::text)), '') FROM bet_events b)
            || (SELECT md5(string_agg(l::text, ',' ORDER BY l::text)) FROM ingest_ledger l WHERE rows > 0)
        """
    private static let everything = ["rederive", "--from", "30d", "--to", "0s"]

    @Test(.timeLimit(.minutes(3))) func `what was written wrong is written again`()
        async throws
    {
        let redis = try await TestServers.redis()
        let book = SportsbookServer(SportsbookConfiguration(.load(LoadConfiguration(total: 20_000))))
        let url = try await book.start()
        try await TestServers.withDatabase { database in
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)", prefix: "\(RandomName.next("rederive"))" }
                    postgres: { url: "\(database)" }
                    operations: { listen: "127.0.0.1:0" }
                    writer: { raw_audit: true }
                    feeds: { book: { provider: sportsbook, url: "\(url)", streams: [odds] } }
                    """)
            let history = PipelineDatabase(database)
            #expect(try await stages.run(["migrate"]).code == 0)
            for stage in ["feed", "process", "write"] { try await stages.start(stage) }
            try await history.untilRows(reach: 20_000)
            try await history.untilQuiet("raw_frames")
            let right = try await history.value(Self.fingerprint)

            _ = try await history.value(
                """
                UPDATE odds_ticks SET odd_value = 99 WHERE position % 3 = 0;
                DELETE FROM odds_ticks WHERE position % 7 = 0;
                INSERT INTO odds_ticks SELECT * FROM odds_ticks WHERE position % 5 = 0
                """)
            let wrong = try await history.value(Self.fingerprint)
            let trial = try await stages.run(Self.everything + ["--dry-run"])
            #expect(trial.code == 0 && trial.output.contains("would be replaced"), "\(trial.output)")
            #expect(try await history.value(Self.fingerprint) == wrong)
            #expect(try await stages.run(["verify"]).code == 1)

            let mended = try await stages.run(Self.everything)
            let rows = try await history.value("SELECT sum(rows) FROM ingest_ledger")
            #expect(mended.code == 0 && mended.output.contains(" rows before, \(rows) after"), "\(mended.output)")
            #expect(try await history.value(Self.fingerprint) == right)
            #expect(try await stages.run(["verify"]).code == 0)
            try await Self.leavesWhatItCannotKnow(stages, history, right)
            for usage in [
                ["rederive"], Self.everything + ["--feed", "nobody"], ["rederive", "--from", "1h", "--to", "2h"],
            ] {
                #expect(try await stages.run(usage).code != 0, "\(usage)")
            }
            await stages.expectCleanEnd()
        }
        await book.stop()
    }

    /// Behind a hole in the raw frames the decoder knows nothing until the next image.
    private static func leavesWhatItCannotKnow(
        _ stages: StageProcesses, _ history: PipelineDatabase, _ right: String
    ) async throws {
        _ = try await history.value(
            """
            DELETE FROM raw_frames WHERE first_frame = (
                SELECT first_frame FROM raw_frames WHERE kind = 0 ORDER BY first_frame OFFSET 5 LIMIT 1)
            """)
        let told = try await stages.run(Self.everything)
        #expect(told.code == 0 && told.output.contains("no image of the provider before them is kept (1 holes"))
        #expect(try await history.value(Self.fingerprint) == right)
    }

    @Test(.timeLimit(.minutes(3)))
    func `letters of a rule that was too strict become history, of a new one history becomes letters`()
        async throws
    {
        let early = WallClock.now + .seconds(5_400)
        func odds(_ sequence: Int, _ option: String, _ time: Timestamp) -> String {
            #"{"type":"odds_change","seq":\#(sequence),"timestamp":"\#(time)","fixture_id":"fx","market_type":"1X2","option_id":"\#(option)","odd_value":2.5}"#
        }
        let now = WallClock.now
        let lines = [
            odds(1, "good", now), odds(2, "early", early), "[\(odds(3, "good", now)),\(odds(4, "early", early))]",
            #"{"type":"settlement","seq":5,"timestamp":"\#(now)","fixture_id":"fx","market_type":"1X2","option_id":"good","result":"won"}"#,
            odds(6, "last", now),
        ]
        let folder = FileManager.default.temporaryDirectory
        let file = folder.appendingPathComponent(RandomName.next("rederive") + ".ndjson")
        try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let redis = try await TestServers.redis()
        let book = RecordingServer(ReplayConfiguration(files: [file.path], dialect: .sportsbook))
        let address = try await book.start()
        try await TestServers.withDatabase { url in
            let prefix = RandomName.next("rederive")
            func configuration(_ slack: String) -> String {
                """
                redis: { url: "\(redis.url)", prefix: "\(prefix)" }
                postgres: { url: "\(url)" }
                operations: { listen: "127.0.0.1:0" }
                writer: { raw_audit: true }
                feeds: { book: { provider: sportsbook, url: "\(address)", streams: [odds], clock_slack: \(slack) } }
                """
            }
            let stages = try StageProcesses(configuration: configuration("1h"))
            let history = PipelineDatabase(url)
            #expect(try await stages.run(["migrate"]).code == 0)
            for stage in ["feed", "process", "write"] { try await stages.start(stage) }
            try await history.until("SELECT count(*) = 1 FROM odds_changes WHERE option_id = 'last'")
            try await history.until("SELECT count(*) = 2 FROM dead_letters")
            try await history.untilQuiet("raw_frames")
            // Word for word what was sent, each frame of an entry in its place.
            let archived = try await history.lines(
                "SELECT text FROM events_raw WHERE event_type IN ('odds_change', 'settlement') ORDER BY frame")
            #expect(archived == lines)
            let states = "SELECT string_agg(DISTINCT state, '+') || count(*) FROM dead_letters"

            // As a decoder would have left it that had taken one result for another.
            let result = "SELECT DISTINCT result::text FROM selections WHERE option_id = 'good'"
            let won = try await history.value(result)
            _ = try await history.value("UPDATE selections SET result = 4 WHERE option_id = 'good'")

            try await stages.rewrite(configuration: configuration("3h"))
            let relaxed = try await stages.run(Self.everything)
            #expect(relaxed.output.contains("4 rows before, 6 after"), "\(relaxed.output)")
            #expect(relaxed.output.contains("2 dead letters are in the history now"), "\(relaxed.output)")
            #expect(try await history.value(states) == "replayed2")
            #expect(try await history.value(result) == won && won == "1")
            #expect(try await history.value("SELECT count(*) FROM odds_changes WHERE option_id = 'early'") == "2")
            #expect(try await stages.run(["verify"]).code == 0)

            // As long after as letters are kept.
            _ = try await history.value(
                "UPDATE dead_letters SET payload = '', written_at = now() - interval '100 days' RETURNING id")
            try await stages.rewrite(configuration: configuration("1h"))
            let strict = try await stages.run(Self.everything)
            #expect(strict.output.contains("6 rows before, 4 after"), "\(strict.output)")
            #expect(try await history.value(states) == "new2")
            let kept = "octet_length(payload) > 0 AND written_at > now() - interval '1 hour'"
            #expect(try await history.value("SELECT count(*) FROM dead_letters WHERE \(kept)") == "2")
            #expect(try await stages.run(["verify"]).code == 0)
            await stages.expectCleanEnd()
        }
        await book.stop()
    }
}
