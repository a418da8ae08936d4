import DevServices
import ExportFiles
import FeedModel
import Foundation
import ObjectStore
import PostgresCopy
import Synchronization
import TestSupport
import Testing
import Writer

/// Partitions that go to an S3 server: dropped only when they are there.
@Suite(.motoServer, .timeLimit(.minutes(2))) struct PartitionObjectArchiveTests {
    private static let name = "odds_ticks_20261121"
    private static let bucket = "history"
    private let keeper = PartitionKeeper()

    @Test func `a partition is stored, verified and dropped, and can be read back`() async throws {
        try await withStore { server, store, folder in
            try await withSchema { connection, now in
                try await insertTicks(20_000, connection)
                let before = try await texts(connection)
                let steps = Mutex<[PartitionRetirement.Step]>([])
                try await PartitionRetirement().retire(Self.name, target(store), connection) { step in
                    steps.withLock { $0.append(step) }
                }
                guard case .archived(let object)? = steps.withLock({ $0 }).dropFirst().first else {
                    Issue.record("nothing was archived")
                    return
                }
                #expect(object.path == "s3://history/partitions/\(Self.name).csv.gz")
                #expect(object.rows == 20_000)
                #expect(try await partition(connection) == nil)
                #expect(try FileManager.default.contentsOfDirectory(atPath: store.staging).isEmpty)

                let file = "\(folder)/back.csv.gz"
                let fetched = try await ObjectDownload(ObjectStoreClient(store)).fetch(location, to: file)
                #expect(fetched.sha256 == object.checksum)
                try await keeper.ensure(at: now, connection)
                try await restore(file, connection)
                #expect(try await texts(connection) == before)
            }
        }
    }

    /// What was detached nobody sees any more: it is looked first whether there is a place for it.
    @Test(arguments: ["nobody there", "no bucket"]) func `where it cannot go, it stays in its table`(
        state: String
    ) async throws {
        try await withStore { server, store, _ in
            try await withSchema { connection, _ in
                try await insertTicks(10, connection)
                var location = self.location.folder
                if state == "no bucket" {
                    location = ObjectLocation(bucket: "nowhere", key: "partitions")
                } else {
                    await server.stop()
                }
                let error = await #expect(throws: ObjectStoreError.self) {
                    try await PartitionRetirement().retire(
                        Self.name, .archive(.objects(location, store)), connection)
                }
                #expect(error?.description.contains("\(location)") == true, "\(String(describing: error))")
                let left = try #require(try await partition(connection))
                #expect(!left.isDetached && !left.isRetiring)
                #expect(try await texts(connection).count == 10)
            }
        }
    }

    /// The same name from another database: neither is lost.
    @Test func `another file of that name is left alone, and the partition is kept until it is gone`() async throws {
        try await withStore { server, store, folder in
            try await withSchema { connection, _ in
                try await insertTicks(10, connection)
                let other = "\(folder)/other"
                try "somebody's".write(toFile: other, atomically: true, encoding: .utf8)
                try await ObjectUpload(ObjectStoreClient(store)).push(other, to: location)
                await #expect(throws: ObjectStoreError.occupied(location)) {
                    try await PartitionRetirement().retire(Self.name, target(store), connection)
                }
                let left = try #require(try await partition(connection))
                #expect(left.isDetached && left.isRetiring)
                #expect(try FileManager.default.contentsOfDirectory(atPath: store.staging).isEmpty)

                _ = try await server.curl(
                    ["-X", "DELETE", "\(server.endpoint)/\(location.bucket)/\(location.key)"] + auth)
                try await PartitionRetirement().retire(Self.name, target(store), connection)
                #expect(try await partition(connection) == nil)
            }
        }
    }

    /// Killed between storing and dropping: the file that is there already is this one.
    @Test func `what was stored and not dropped is not sent again`() async throws {
        try await withStore { server, store, folder in
            try await withSchema { connection, _ in
                try await insertTicks(1_000, connection)
                let upload = ObjectUpload(try ObjectStoreClient(store))
                // The first attempt, up to where it was killed.
                try await PartitionRetirement().retire(Self.name, .keep, connection)
                let copy = "\(folder)/\(Self.name).csv.gz"
                _ = try await connection.withSession { session in
                    let sink = try ExportSink(path: copy, gzip: true)
                    _ = try session.copyOut("COPY \(Self.name) TO STDOUT WITH (FORMAT csv, HEADER true)") {
                        try sink.write($0)
                    }
                    return try sink.finish()
                }
                try await upload.push(copy, to: location)
                func sent() -> Int {
                    server.requests.count { $0.hasPrefix("PUT /history/partitions/\(Self.name).csv.gz ") }
                }
                #expect(sent() == 1)
                try await PartitionRetirement().retire(Self.name, target(store), connection)
                #expect(sent() == 1)
                #expect(try await partition(connection) == nil)
            }
        }
    }

    @Test func `a stage that is to end does not wait for a store that does not answer`() async throws {
        try await withStore { server, store, _ in
            try await withSchema { connection, _ in
                let isOver = Atomic(false)
                let retirement = PartitionRetirement(isStopping: { isOver.load(ordering: .relaxed) })
                server.freeze()
                let retired = Task { try await retirement.retire(Self.name, target(store), connection) }
                try await Task.sleep(for: .milliseconds(300))
                isOver.store(true, ordering: .relaxed)
                let started = ContinuousClock.now
                await #expect(throws: CancellationError.self) { try await retired.value }
                #expect(ContinuousClock.now - started < .seconds(10))
                #expect(try await partition(connection)?.isDetached == false)
            }
        }
    }

    // MARK: Support

    private var location: ObjectLocation {
        ObjectLocation(bucket: Self.bucket, key: "partitions/\(Self.name).csv.gz")
    }

    private var auth: [String] { ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", "a:b"] }

    private func target(_ store: ObjectStoreConfiguration) -> PartitionRetirement.End {
        .archive(.objects(location.folder, store))
    }

    private func withStore(
        _ body: (MotoServer, ObjectStoreConfiguration, String) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("archive"))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await MotoServer.with(bucket: Self.bucket) { server in
            let store = ObjectStoreConfiguration(
                endpoint: server.endpoint, credentials: ObjectStoreCredentials(accessKey: "a", secretKey: "b"),
                attempts: 2, staging: "\(folder.path)/staging")
            try await body(server, store, folder.path)
        }
    }

    private func partition(_ connection: PostgresConnection) async throws -> PartitionFacts? {
        try await keeper.listAll(connection).first { $0.name == Self.name }
    }

    private func insertTicks(_ count: Int, _ connection: PostgresConnection) async throws {
        _ = try await connection.withTransaction { session in
            try session.query(
                """
                INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status, odd_value)
                SELECT $1, n, 1, 1, 1, 1.5 FROM generate_series(1, $2::int) n
                """, [.timestamptz(testDay.microseconds), .int32(Int32(count))]
            ).affectedRows
        }
    }

    private func texts(_ connection: PostgresConnection) async throws -> [[String?]] {
        try await connection.withSession { try $0.texts("SELECT * FROM odds_ticks ORDER BY position") }
    }

    private func restore(_ file: String, _ connection: PostgresConnection) async throws {
        let csv = try await ChildProcess.run("gunzip", ["-c", file]).output
        try await connection.withSession { session in
            _ = try session.copyIn(["COPY odds_ticks FROM STDIN WITH (FORMAT csv, HEADER true)"]) { _, stream in
                try Array(csv.utf8).withUnsafeBytes { try stream.write($0) }
            }
        }
    }
}

extension ObjectLocation {
    /// What is before the name.
    fileprivate var folder: ObjectLocation {
        ObjectLocation(bucket: bucket, key: String(key.dropLast(name.count + 1)))
    }
}
