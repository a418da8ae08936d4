import DevServices
import Foundation
import TestSupport
import Testing

/// `touchline partitions` as people use it.
@Suite(.timeLimit(.minutes(1))) struct PartitionCommandTests {
    @Test func `partitions are listed, made and retired`() async throws {
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let archive = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("archive")).path
            try FileManager.default.createDirectory(atPath: archive, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: archive) }
            let program = try StageProcesses(
                configuration: """
                    postgres: { url: "\(url)" }
                    writer: { partitions: { ahead: 2, keep: 30d, keep_raw: 10d, archive: "\(archive)" } }
                    """)
            #expect(try await program.run(["migrate"]).code == 0)
            let made = try await program.run(["partitions", "create", "--ahead", "3"])
            #expect(made.output.split(separator: "\n").count == 6, "\(made.output)")
            _ = try await database.value(
                """
                CREATE TABLE odds_ticks_20200101 PARTITION OF odds_ticks FOR VALUES FROM ('2020-01-01') TO ('2020-01-02');
                INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status)
                SELECT '2020-01-01 12:00', n, 1, 1, 1 FROM generate_series(1, 10) n; ANALYZE odds_ticks_20200101
                """)
            let listed = try await program.run(["partitions", "list", "--table", "odds_ticks"])
            #expect(listed.code == 0)
            let row = try #require(listed.output.split(separator: "\n").first { $0.contains("20200101") })
            #expect(row.contains("2020-01-01T00:00Z  2020-01-02T00:00Z") && row.contains("~10") && row.hasSuffix("due"))
            #expect(!listed.output.contains("bet_events"))

            let retired = try await program.run(["partitions", "retire", "--expired"])
            #expect(retired.code == 0, "\(retired.output)")
            #expect(retired.output.contains("dropped odds_ticks_20200101"), "\(retired.output)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: archive).count == 2)
            #expect(try await program.run(["partitions", "retire", "--expired"]).output == "nothing is due\n")
            let refused = try await program.run(["partitions", "retire", "odds_ticks_20200101"])
            #expect(refused.code == 1)
            #expect(refused.output.contains("there is no partition odds_ticks_20200101"), "\(refused.output)")
            for wrong in [
                ["retire"], ["retire", "x", "--expired"], ["create", "--ahead", "0"], ["list", "--table", "x"],
            ] {
                #expect(try await program.run(["partitions"] + wrong).code == 2, "\(wrong)")
            }
            await program.removeFiles()
        }
    }
}
