import DevServices
import Foundation
import Sportsbook
import TestSupport
import Testing

/// What a feed recorded is as good as the feed: replayed, it gives the same history.
@Suite struct RecordTests {
    private static let messages: Int64 = 5_000

    @Test(.timeLimit(.minutes(2))) func aRecordedFeedIsReplayedToTheSameHistory() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("record")).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let load = LoadConfiguration(total: Self.messages, rate: nil)
        try await live(load, recordingTo: folder)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
        #expect(files.count == 1)
        try await expectHistory(of: load) { stages in
            try await stages.start("replay", files + ["--provider", "sportsbook", "--stay"])
        }
    }

    @Test(.motoServer, .timeLimit(.minutes(2))) func `a recording goes to a bucket and is replayed from there`()
        async throws
    {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("record")).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let load = LoadConfiguration(total: Self.messages, rate: nil)
        try await live(load, recordingTo: folder)
        try await MotoServer.with(bucket: "history") { server in
            let store = "{ endpoint: \"\(server.endpoint)\", access_key: a, secret_key: b }"
            let program = try StageProcesses(configuration: "object_store: \(store)")
            let pushed = try await program.run(["archive", "push", folder, "s3://history/recordings", "--remove"])
            #expect(pushed.code == 0, "\(pushed.output)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
            let listed = try await program.run(["archive", "list", "s3://history/recordings/book-"])
            let url = try #require(listed.output.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("s3://") })
            await program.removeFiles()
            try await expectHistory(of: load, store: store) { stages in
                try await stages.start("replay", [String(url), "--provider", "sportsbook", "--stay"])
            }
        }
    }

    private func live(_ load: LoadConfiguration, recordingTo folder: String) async throws {
        let book = SportsbookServer(SportsbookConfiguration(.load(load)))
        let url = try await book.start()
        try await expectHistory(
            of: load,
            feeds: "{ book: { provider: sportsbook, url: \"\(url)\", streams: [odds], record: \"\(folder)\" } }"
        ) { stages in
            for stage in ["feed", "process", "write"] { try await stages.start(stage) }
        }
        await book.stop()
    }

    /// What `start` starts must bring every number of the load into an empty database, once.
    private func expectHistory(
        of load: LoadConfiguration, feeds: String = "{}", store: String = "{}",
        _ start: (StageProcesses) async throws -> Void
    ) async throws {
        let redis = try await TestServers.redis()
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let stages = try StageProcesses(
                configuration: """
                    redis: { url: "\(redis.url)", prefix: "\(RandomName.next("record"))" }
                    postgres: { url: "\(url)" }
                    broadcaster: { listen: "127.0.0.1:0" }
                    operations: { listen: "127.0.0.1:0" }
                    feeds: \(feeds)
                    object_store: \(store)
                    """)
            #expect(try await stages.run(["migrate"]).code == 0)
            try await start(stages)
            try await database.untilRows(reach: Self.messages)
            let postgres = try await TestServers.postgres()
            try await NumberedRows.expectAll(of: load, count: Self.messages, in: database.name, of: postgres)
            await stages.expectCleanEnd()
        }
    }
}
