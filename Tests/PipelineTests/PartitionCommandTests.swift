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
            let indexed = try await program.run(["partitions", "index"])
            #expect(indexed.output.contains("indexed odds_ticks_20200101\n"), "\(indexed.output)")
            #expect(try await program.run(["partitions", "index"]).output == "all are indexed\n")
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
            let today = try await database.value(
                "SELECT 'odds_ticks_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')")
            let young = try await program.run(["partitions", "retire", today, "--keep"])
            #expect(young.code == 1)
            #expect(young.output.contains("\(today) still takes rows that come late"), "\(young.output)")
            for wrong in [
                ["retire"], ["retire", "x", "--expired"], ["create", "--ahead", "0"], ["list", "--table", "x"],
            ] {
                #expect(try await program.run(["partitions"] + wrong).code == 2, "\(wrong)")
            }
            await program.removeFiles()
        }
    }

    /// The block of docs/ops.md word for word, but for where things are.
    @Test func `a partition goes to a folder, and comes back by the commands of the guide`() async throws {
        try await TestServers.withDatabase { url in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("kept")).path
            try FileManager.default.createDirectory(
                atPath: "\(folder)/partitions", withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let database = PipelineDatabase(url)
            let program = try StageProcesses(
                configuration: """
                    postgres: { url: "\(url)" }
                    writer: { partitions: { keep: 30d, archive: "file://\(folder)/partitions" } }
                    """)
            #expect(try await program.run(["migrate"]).code == 0)
            let name = "odds_ticks_20260307"
            _ = try await database.value(
                """
                CREATE TABLE \(name) PARTITION OF odds_ticks FOR VALUES FROM ('2026-03-07') TO ('2026-03-08');
                INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status, odd_value)
                SELECT '2026-03-07 12:00', n, 1, 1, 1, 1.0 + n FROM generate_series(1, 1000) n
                """)
            let digest = "SELECT md5(string_agg(t::text, ',' ORDER BY position)) FROM \(name) t"
            let before = try await database.value(digest)
            let retired = try await program.run(["partitions", "retire", name])
            #expect(retired.code == 0, "\(retired.output)")
            #expect(retired.output.contains("dropped \(name)"), "\(retired.output)")
            let server = try await TestServers.postgres()
            let block = try Self.guideBlock(containing: "archive fetch s3://history/partitions/\(name)")
                .replacing("s3://history", with: folder).replacing("/srv/restore", with: "\(folder)/back")
                .replacing(
                    "PGUSER=touchline PGDATABASE=touchline", with: "PGUSER=touchline PGDATABASE=\(database.name)")
            let restored = try await program.shell(
                """
                set -e; touchline() { "$TOUCHLINE" "$@" --config "$CONFIG"; }
                export PGPORT=\(server.port) POSTGRES_PASSWORD=
                \(block)
                """)
            #expect(restored.outcome.isSuccess, "\(restored.output)")
            #expect(restored.output.hasSuffix("CREATE TABLE\nCOPY 1000\n"), "\(restored.output)")
            #expect(try await database.value(digest) == before)
            await program.removeFiles()
        }
    }

    @Test func `without an archive a named one goes only if that is said`() async throws {
        try await TestServers.withDatabase { url in
            let database = PipelineDatabase(url)
            let program = try StageProcesses(configuration: "postgres: { url: \"\(url)\" }")
            #expect(try await program.run(["migrate"]).code == 0)
            let name = "odds_ticks_20200101"
            _ = try await database.value(
                "CREATE TABLE \(name) PARTITION OF odds_ticks FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')")
            let unsure = try await program.run(["partitions", "retire", name])
            #expect(unsure.code == 2 && unsure.output.contains("there is no archive"), "\(unsure.output)")
            #expect(
                try await database.value("SELECT count(*) FROM pg_inherits WHERE inhrelid = '\(name)'::regclass") == "1"
            )
            let sure = try await program.run(["partitions", "retire", name, "--no-archive"])
            #expect(sure.code == 0 && sure.output.contains("dropped \(name)"), "\(sure.output)")
            await program.removeFiles()
        }
    }

    private static func guideBlock(containing line: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let guide = try String(contentsOf: root.appendingPathComponent("docs/ops.md"), encoding: .utf8)
        let blocks = guide.components(separatedBy: "```bash\n").dropFirst()
        return try #require(blocks.first { $0.contains(line) }).components(separatedBy: "```")[0]
    }

    @Test(.motoServer) func `a partition goes to a bucket, and comes back as the guide says`() async throws {
        try await TestServers.withDatabase { url in
            try await MotoServer.with(bucket: "history") { server in
                let database = PipelineDatabase(url)
                let program = try StageProcesses(
                    configuration: """
                        postgres: { url: "\(url)" }
                        object_store: { endpoint: "\(server.endpoint)", access_key: a, secret_key: hush }
                        writer: { partitions: { keep: 30d, archive: "s3://history/partitions" } }
                        """)
                #expect(try await program.run(["migrate"]).code == 0)
                let name = "odds_ticks_20200101"
                let make =
                    "CREATE TABLE \(name) PARTITION OF odds_ticks FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')"
                _ = try await database.value(
                    """
                    \(make);
                    INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status, odd_value)
                    SELECT '2020-01-01 12:00', n, 1, 1, 1, 1.0 + n FROM generate_series(1, 1000) n
                    """)
                let digest = "SELECT md5(string_agg(t::text, ',' ORDER BY position)) FROM \(name) t"
                let before = try await database.value(digest)
                let retired = try await program.run(["partitions", "retire", "--expired"])
                #expect(retired.code == 0, "\(retired.output)")
                let object = "s3://history/partitions/\(name).csv.gz"
                #expect(retired.output.contains("wrote \(object): 1000 rows"), "\(retired.output)")
                #expect(retired.output.contains("dropped \(name)"), "\(retired.output)")

                let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("back")).path
                defer { try? FileManager.default.removeItem(atPath: folder) }
                let fetched = try await program.run(["archive", "fetch", object, "--to", folder])
                #expect(fetched.code == 0, "\(fetched.output)")
                let unpacked = try await program.shell("gunzip \(folder)/\(name).csv.gz && chmod 755 \(folder)")
                #expect(unpacked.outcome.isSuccess, "\(unpacked.output)")
                _ = try await database.value(make)
                _ = try await database.value("COPY odds_ticks FROM '\(folder)/\(name).csv' WITH (FORMAT csv, HEADER)")
                #expect(try await database.value(digest) == before)
                // The same rows are the same file.
                let again = try await program.run([
                    "partitions", "retire", name, "--archive", "s3://history/partitions",
                ])
                #expect(again.code == 0, "\(again.output)")
                let sent = server.requests.count { $0.hasPrefix("PUT /history/partitions/\(name).csv.gz ") }
                #expect(sent == 1)
                await program.removeFiles()
            }
        }
    }
}
