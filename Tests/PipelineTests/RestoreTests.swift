import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// A database that is restored from a backup lacks what was written since: what the feed recorded fills it in.
@Suite struct RestoreTests {
    private static let messages: Int64 = 20_000

    @Test(.timeLimit(.minutes(3))) func `recorded frames fill the hole that a restore leaves`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("record")).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var load = LoadConfiguration(total: Self.messages, rate: 1_000)
        load.announcesFixtures = false
        let book = SportsbookServer(SportsbookConfiguration(.load(load)))
        let address = try await book.start()
        let redis = try await TestServers.redis()
        let postgres = try await TestServers.postgres()
        try await TestServers.withDatabase { url in
            let history = PipelineDatabase(url)
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)", prefix: "\(RandomName.next("restore"))" }
                    postgres: { url: "\(url)" }
                    operations: { listen: "127.0.0.1:0" }
                    writer: { raw_audit: true }
                    feeds:
                      book: { provider: sportsbook, url: "\(address)", streams: [odds], record: "\(folder)" }
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            for stage in ["feed", "process", "write"] { try await stages.start(stage) }
            try await history.untilRows(reach: 2_000)
            try await whileStopped("write", stages) {
                try await postgres.execute("CREATE DATABASE \"\(history.name)-backup\" TEMPLATE \"\(history.name)\"")
            }
            try await history.untilRows(reach: 6_000)
            try await whileStopped("write", stages) {
                try await postgres.dropDatabase(history.name)
                try await postgres.execute("ALTER DATABASE \"\(history.name)-backup\" RENAME TO \"\(history.name)\"")
            }
            try await history.until("SELECT max(last_seq) = \(Self.messages) FROM ingest_ledger")
            #expect(await stages.end("feed", with: SIGTERM)?.isSuccess == true)
            try await expectFilled(from: folder, stages, history)
            try await NumberedRows.expectAll(of: load, count: Self.messages, in: history.name, of: postgres)
            await stages.expectCleanEnd()
        }
        await book.stop()
    }

    private func whileStopped(_ stage: String, _ stages: StageProcesses, _ body: () async throws -> Void) async throws {
        #expect(await stages.end(stage, with: SIGTERM)?.isSuccess == true)
        try await body()
        try await stages.start(stage)
    }

    private func expectFilled(
        from folder: String, _ stages: StageProcesses, _ history: PipelineDatabase
    ) async throws {
        try await history.until("SELECT count(*) = 1 FROM feed_gaps WHERE kind = 5 AND healed_at IS NULL", seconds: 60)
        #expect(try await history.count("odds_ticks") < Self.messages)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
        let fill = ["replay"] + files + ["--provider", "sportsbook", "--fill", "--feed"]
        let stranger = try await stages.run(fill + ["nobody"])
        #expect(stranger.code == 2 && stranger.output.contains("no feed 'nobody'"), "\(stranger.output)")
        let filled = try await stages.run(fill + ["book"])
        #expect(filled.code == 0 && filled.output.contains("the provider's numbers go through"), "\(filled.output)")
        #expect(try await history.value("SELECT count(*) FROM feed_gaps WHERE healed_at IS NULL") == "0")
        let again = try await stages.run(fill + ["book"])
        #expect(again.code == 0 && again.output.contains("no frames are missing"), "\(again.output)")
        let audit = try await stages.run(["verify", "--from", "1d"])
        #expect(audit.code == 0, "\(audit.output)")
        // raw_frames has the frames that were filled in as well; the archiver had stopped at moments of its own.
        let unarchived = """
            SELECT count(*) FROM ingest_ledger l LEFT JOIN raw_frames r USING (feed_id, first_frame, received_at)
             WHERE l.rows > 0 AND r.feed_id IS NULL
            """
        #expect(Int(try await history.value(unarchived)) ?? .max < 500)
    }
}
