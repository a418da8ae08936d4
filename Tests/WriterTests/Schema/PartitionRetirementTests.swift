import DevServices
import ExportFiles
import FeedModel
import Foundation
import PostgresCopy
import Synchronization
import TestSupport
import Testing

@testable import Writer

@Suite("Retiring partitions", .timeLimit(.minutes(2)))
struct PartitionRetirementTests {
    private let keeper = PartitionKeeper()

    @Test func `retired ones are gone, kept ones stand beside and are not attached again`() async throws {
        try await withSchema { connection, now in
            try await insertTicks(1, connection, at: now)
            let retirement = PartitionRetirement()
            try await retirement.retire("odds_ticks_20261120", .drop, connection)
            try await retirement.retire("odds_ticks_20261121", .keep, connection)
            let left = try await keeper.list(connection).filter { $0.table == .oddsTicks }.map(\.name)
            #expect(left.first == "odds_ticks_20261122")
            #expect(try await count("odds_ticks_20261121", connection) == 1)
            let kept = try await keeper.listAll(connection).filter(\.isDetached)
            #expect(kept.map(\.name) == ["odds_ticks_20261121"])
            #expect(kept.first?.from.description == "2026-11-21T00:00:00.000Z")
            #expect(kept.first?.isRetiring == false)
            #expect(try await keeper.ensure(at: now, connection).detached.map(\.name) == ["odds_ticks_20261121"])
            await #expect(throws: PartitionError.unknown("odds_ticks_19990101")) {
                try await retirement.retire("odds_ticks_19990101", .drop, connection)
            }
        }
    }

    @Test func `an archived one can be read back, row by row, and its checksum holds`() async throws {
        try await withFolder { folder in
            try await withSchema { connection, now in
                try await insertTicks(1_000, connection, at: now)
                let before = try await connection.withSession {
                    try $0.texts("SELECT * FROM odds_ticks ORDER BY position")
                }
                let steps = Steps()
                try await PartitionRetirement().retire("odds_ticks_20261121", .archive(.folder(folder)), connection) {
                    steps.add($0)
                }
                let path = "\(folder)/odds_ticks_20261121.csv.gz"
                #expect(steps.all.count == 3)
                guard case .archived(let file)? = steps.all.dropFirst().first else { throw Missing() }
                #expect(file.path == path)
                #expect(file.rows == 1_000)
                let check = try await ChildProcess.run(
                    "bash", ["-c", "cd \(folder) && sha256sum -c *.sha256 && gunzip -c *.gz | tail -n +2"])
                #expect(check.output.hasPrefix("odds_ticks_20261121.csv.gz: OK\n"))
                let csv = check.output.split(separator: "\n").dropFirst().map(String.init)
                try await keeper.ensure(at: now, connection)
                let restored = try await connection.withSession { session in
                    _ = try session.copyIn(["COPY odds_ticks FROM STDIN WITH (FORMAT csv)"]) { _, stream in
                        try Array((csv.joined(separator: "\n") + "\n").utf8).withUnsafeBytes { try stream.write($0) }
                    }
                    return try session.texts("SELECT * FROM odds_ticks ORDER BY position")
                }
                #expect(restored == before)
            }
        }
    }

    @Test func `where there is no folder for it, a partition stays in its table`() async throws {
        try await withDatabaseURL { _, connection in
            try await insertTicks(50, connection, at: testDay)
            let error = await #expect(throws: ExportError.self) {
                try await PartitionRetirement()
                    .retire("odds_ticks_20261121", .archive(.folder("/nowhere")), connection)
            }
            #expect(error?.description == "/nowhere cannot be written to: No such file or directory")
            #expect(try await count("odds_ticks", connection) == 50)
        }
    }

    /// Whatever was done before the interruption, the next run does the rest.
    @Test(arguments: ["detached", "half detached", "archived"])
    func `an interrupted retirement goes on`(state: String) async throws {
        try await withFolder { folder in
            try await withDatabaseURL { url, connection in
                try await insertTicks(50, connection, at: testDay)
                try await interrupt(state, folder, url, connection)
                let left = try await keeper.listAll(connection).filter { $0.name == "odds_ticks_20261121" }
                #expect(left.count == 1)
                #expect(left.first?.isDetachPending == (state == "half detached"))
                try await PartitionRetirement().retire("odds_ticks_20261121", .archive(.folder(folder)), connection)
                #expect(try await keeper.listAll(connection).allSatisfy { $0.name != "odds_ticks_20261121" })
                let lines = try await ChildProcess.run("bash", ["-c", "gunzip -c \(folder)/odds*.gz | wc -l"])
                #expect(lines.output == "51\n")
                #expect(try await count("odds_ticks", connection) == 0)
            }
        }
    }

    private func interrupt(
        _ state: String, _ folder: String, _ url: String, _ connection: PostgresConnection
    ) async throws {
        let name = "odds_ticks_20261121"
        switch state {
        case "half detached":
            // A reader keeps the second half from its lock until the attempts are over.
            let reader = PostgresConnection(url: url, name: "reader")
            try await reader.connect()
            let gate = Gate()
            let reading = Task {
                try await reader.withSession { session in
                    try session.execute("BEGIN; SELECT count(*) FROM \(name)")
                    gate.open()
                    gate.waitUntilClosed()
                    try session.execute("COMMIT")
                }
            }
            await gate.opened()
            await #expect(throws: PartitionError.busy(name)) {
                try await PartitionRetirement(attempts: 1).retire(name, .drop, connection)
            }
            gate.close()
            try await reading.value
            await reader.close()
        case "detached":
            await #expect(throws: CancellationError.self) {
                try await PartitionRetirement(isStopping: { true }).retire(name, .drop, connection)
            }
        default:
            // Killed between the file and the drop: the file has the same bytes.
            try await PartitionRetirement().retire(name, .keep, connection)
            _ = try await connection.withSession { session in
                let sink = try ExportSink(path: "\(folder)/\(name).csv.gz", gzip: true)
                _ = try session.copyOut("COPY \(name) TO STDOUT WITH (FORMAT csv, HEADER true)") { try sink.write($0) }
                return try sink.finish()
            }
        }
    }

    /// A late row made the day again: what is retired then is that row, and the archive is the whole day.
    @Test func `a day that is retired a second time does not replace its archive`() async throws {
        try await withFolder { folder in
            try await withSchema { connection, now in
                let (name, end) = ("odds_ticks_20261121", PartitionRetirement.End.archive(.folder(folder)))
                let path = "\(folder)/\(name).csv.gz"
                try await insertTicks(1_000, connection, at: now)
                try await PartitionRetirement().retire(name, end, connection)
                let whole = try FileChecksum.sha256(of: path)
                try await keeper.ensure(at: now, connection)
                try await insertTicks(1, connection, at: now)
                let error = await #expect(throws: ExportError.self) {
                    try await PartitionRetirement().retire(name, end, connection)
                }
                #expect(
                    error?.description
                        == "\(path) is another file already and is left alone: use another folder, or move it away")
                #expect(try FileChecksum.sha256(of: path) == whole)
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
                #expect(try await count(name, connection) == 1)
                // Somebody has moved it away.
                try FileManager.default.moveItem(atPath: path, toPath: "\(path).first")
                try await PartitionRetirement().retire(name, end, connection)
                #expect(try await keeper.listAll(connection).allSatisfy { $0.name != name })
            }
        }
    }

    @Test func `what may still get rows is not retired by name, unless its time is over or it is out already`() throws {
        let day = Duration.seconds(86_400)
        func facts(pending: Bool = false) -> PartitionFacts {
            PartitionFacts(
                table: .oddsTicks, name: "odds_ticks_20261121", from: testDay - day / 2, to: testDay + day / 2,
                estimatedRows: 0, bytes: 0, isDetachPending: pending)
        }
        let end = testDay + day / 2 + day * 7
        #expect(PartitionPolicy().objection(toRetiring: facts(), at: end) == nil)
        let objection = PartitionPolicy().objection(toRetiring: facts(), at: end - .seconds(1))
        #expect(objection == .young("odds_ticks_20261121", until: end))
        #expect(
            objection?.description
                == "odds_ticks_20261121 still takes rows that come late: it can be retired from 2026-11-29T00:00:00.000Z on"
        )
        #expect(PartitionPolicy(keep: day * 2).objection(toRetiring: facts(), at: testDay + day) != nil)
        #expect(PartitionPolicy(keep: day * 2).objection(toRetiring: facts(), at: testDay + day * 3) == nil)
        #expect(PartitionPolicy().objection(toRetiring: facts(pending: true), at: testDay) == nil)
        var detached = facts()
        detached.isDetached = true
        #expect(PartitionPolicy().objection(toRetiring: detached, at: testDay) == nil)
    }

    @Test func `only one process retires at a time`() async throws {
        try await withDatabaseURL { url, connection in
            let other = PostgresConnection(url: url, name: "other")
            try await other.connect()
            _ = try await other.withSession { try $0.execute("SELECT pg_advisory_lock(\(0x544C_0003))") }
            await #expect(throws: PartitionError.othersAreAtIt) {
                try await PartitionRetirement().retire("odds_ticks_20261120", .drop, connection)
            }
            await other.close()
        }
    }

    @Test func `the policy says what is due, raw frames by their own`() async throws {
        try await withSchema { connection, now in
            let day = Duration.seconds(86_400)
            let policy = PartitionPolicy(keep: day * 30, keepRaw: day * 10)
            let facts = try await keeper.list(connection)
            #expect(policy.expired(facts, at: now).isEmpty)
            let raw = policy.expired(facts, at: now + day * 11)
            #expect(raw.map(\.name) == ["raw_frames_20261120", "raw_frames_20261121"])
            #expect(policy.expired(facts, at: now + day * 100).count == facts.count)
            #expect(PartitionPolicy().expired(facts, at: now + day * 10_000).isEmpty)
        }
    }

    @Test func `where days become hours, what is there stays and the rest is hours`() async throws {
        try await withSchema { connection, now in
            let hours = PartitionKeeper(planner: PartitionPlanner(unit: .hour, ahead: 4))
            #expect(try await hours.ensure(at: now, connection) == PartitionsMade())
            let later = now + .seconds(4 * 86_400 + 10 * 3_600)
            let made = try await hours.ensure(at: later, connection).made.filter { $0.hasPrefix("odds") }
            #expect(made == ["odds_ticks_20261126_00", "odds_ticks_20261126_01", "odds_ticks_20261126_02"])
            let again = try await keeper.ensure(at: later + .seconds(86_400), connection)
            #expect(again.made.filter { $0.hasPrefix("odds_ticks_20261126") }.count == 21)
            try await insertTicks(1, connection, at: later + .seconds(86_400))
        }
    }

    // MARK: Support

    private struct Missing: Error {}

    private func insertTicks(_ count: Int, _ connection: PostgresConnection, at time: Timestamp) async throws {
        _ = try await connection.withTransaction { session in
            try session.query(
                """
                INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status, odd_value)
                SELECT $1, n, 1, 1, 1, 1.5 FROM generate_series(1, $2::int) n
                """, [.timestamptz(time.microseconds), .int32(Int32(count))]
            ).affectedRows
        }
    }

    private func count(_ table: String, _ connection: PostgresConnection) async throws -> Int64? {
        try await connection.withSession { try $0.query("SELECT count(*) FROM \(table)").int64(0, 0) }
    }

    private func withDatabaseURL(_ body: (String, PostgresConnection) async throws -> Void) async throws {
        try await TestServers.withDatabase { url in
            let connection = PostgresConnection(url: url, name: "test", statementTimeout: nil)
            try await connection.connect()
            try await SchemaMigrator().migrate(connection)
            try await PartitionKeeper().ensure(at: testDay, connection)
            try await body(url, connection)
            await connection.close()
        }
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("archive"))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }
}

/// Collects what a retirement reports.
private final class Steps: Sendable {
    private let steps = Mutex<[PartitionRetirement.Step]>([])

    var all: [PartitionRetirement.Step] { steps.withLock { $0 } }

    func add(_ step: PartitionRetirement.Step) { steps.withLock { $0.append(step) } }
}
