import ExportFiles
import FeedModel
import Foundation
import Logging
import PostgresCopy
import Telemetry
import TestSupport
import Testing

@testable import Writer

@Suite("Writer: retirement by policy", .timeLimit(.minutes(1)))
struct PartitionRetirerTests {
    @Test("what is due goes, what a person has kept stays, what was interrupted is finished")
    func due() async throws {
        try await withSchema { connection, now in
            let day = Duration.seconds(86_400)
            try await PartitionKeeper().ensure(at: now - day * 40, connection)
            try await PartitionRetirement().retire("odds_ticks_20261012", .keep, connection)
            _ = try await connection.withSession { session in
                try session.execute(
                    """
                    ALTER TABLE odds_ticks DETACH PARTITION odds_ticks_20261011;
                    COMMENT ON TABLE odds_ticks_20261011 IS '\(PartitionFacts.retiringMark)'
                    """)
            }
            let retirer = PartitionRetirer(
                policy: PartitionPolicy(keep: day * 30), connection: connection, stop: StopSignal(),
                health: HealthRegistry(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await retirer.retireExpired(at: now)
            let left = try await PartitionKeeper().listAll(connection)
            #expect(left.filter(\.isDetached).map(\.name) == ["odds_ticks_20261012"])
            #expect(left.filter { !$0.isDetached }.allSatisfy { $0.to > now - day * 30 })
            #expect(left.contains { $0.name == "odds_ticks_20261121" })
        }
    }

    @Test("one whose name in the archive is taken does not keep the others, and is told")
    func occupied() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(RandomName.next("archive")).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let taken = "\(folder)/odds_ticks_20261011.csv.gz"
        try "another day's".write(toFile: taken, atomically: true, encoding: .utf8)
        try await withSchema { connection, now in
            let day = Duration.seconds(86_400)
            try await PartitionKeeper().ensure(at: now - day * 40, connection)
            let retirer = PartitionRetirer(
                policy: PartitionPolicy(keep: day * 30, archive: .folder(folder)), connection: connection,
                stop: StopSignal(), health: HealthRegistry(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            await #expect(throws: ExportError.occupied(path: taken)) { try await retirer.retireExpired(at: now) }
            let old = try await PartitionKeeper().listAll(connection).filter { $0.to <= now - day * 30 }
            #expect(old.map(\.name) == ["odds_ticks_20261011"])
            #expect(try String(contentsOfFile: taken, encoding: .utf8) == "another day's")
        }
    }

    @Test("somebody hears of it when nothing can be retired")
    func trouble() async throws {
        try await withSchema { connection, now in
            try await PartitionKeeper().ensure(at: now - .seconds(40 * 86_400), connection)
            let (health, stop) = (HealthRegistry(), StopSignal())
            let policy = PartitionPolicy(keep: .seconds(86_400), archive: .folder("/proc/no-such-folder"))
            let retirer = PartitionRetirer(
                policy: policy, connection: connection, stop: stop, health: health,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            async let running: Void = retirer.run()
            func trouble() -> Bool {
                health.readyDocument().json.contains("partitions could not be retired")
            }
            for _ in 0..<200 where !trouble() { try await Task.sleep(for: .milliseconds(50)) }
            #expect(trouble())
            #expect(health.readyDocument().isReady, "prices are written all the same")
            stop.request()
            try await running
        }
    }
}
