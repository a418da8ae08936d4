import DevServices
import FeedModel
import Foundation
import PostgresCopy
import RedisStreams
import Telemetry
import TestSupport
import Testing

@testable import Writer

/// What breaks under a Writer that works: afterwards every message is a row once, and the audit finds nothing wrong.
@Suite("Writer: faults under load", .timeLimit(.minutes(3)))
struct WriterFaultTests {
    private func expectWhole(_ writer: WriterHarness, entries: Int) async throws {
        try await writer.eventually("postgres answers") { (try? await writer.count("ingest_ledger")) != nil }
        #expect(try await writer.count("ingest_ledger") == entries)
        #expect(try await writer.count("odds_ticks") == entries * 5)
        let report = try await Audit(writer.postgres, now: WallClock.now).run()
        #expect(report.isClean, "\(report.findings.map(\.description))")
    }

    @Test("a backend killed with SIGKILL in the middle of a COPY takes all others with it, and no row")
    func backendSIGKILL() async throws {
        let server = try await PostgresServer.start()
        let url = try await server.createDatabase("killed")
        try await WriterHarness.with(url: url) { writer in
            var samples = SampleEntries()
            try await writer.drainPartitions()
            try await writer.running {
                for _ in 0..<5 {
                    // The COPY waits for the lock: it is surely under way.
                    try await writer.postgres.connect()
                    try await writer.whileLocked("odds_ticks") {
                        try await writer.append(samples.priced(100))
                        var pid: Int32?
                        try await writer.eventually("a COPY is under way") {
                            pid = try await writer.value(
                                "SELECT pid FROM pg_stat_activity WHERE query LIKE '%COPY odds%' AND wait_event_type = 'Lock'"
                            ).flatMap { Int32($0) }
                            return pid != nil
                        }
                        if let pid { kill(pid, SIGKILL) }
                    }
                    try await writer.settled()
                }
            }
            try await expectWhole(writer, entries: 500)
        }
        await server.stop()
    }

    @Test("pg_ctl stop -m immediate under load, again and again")
    func stoppedImmediately() async throws {
        let server = try await PostgresServer.start()
        let url = try await server.createDatabase("stopped")
        try await WriterHarness.with(url: url) {
            $0.batch = BatchPolicy(rows: 200, period: .milliseconds(5))
        } _: {
            writer in
            var samples = SampleEntries()
            try await writer.running {
                for _ in 0..<Soak.rounds {
                    try await writer.append(samples.priced(100))
                    try await server.restart(mode: .immediate)
                    try await writer.append(samples.priced(20))
                }
                try await writer.settled()
            }
            try await expectWhole(writer, entries: 120 * Soak.rounds)
        }
        await server.stop()
    }

    @Test("a table locked for long, and the statements that wait for it cancelled: tried again until it is free")
    func lockedTable() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.running {
                try await writer.append(samples.priced(10))
                try await writer.settled()
                try await writer.holding("BEGIN; LOCK TABLE odds_ticks IN ACCESS EXCLUSIVE MODE") {
                    try await writer.append(samples.priced(50))
                    for _ in 0..<3 {
                        // What statement_timeout would do after half a minute: SQLSTATE 57014.
                        try await writer.eventually("a statement waits and is cancelled") {
                            try await writer.value(
                                """
                                SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                                 WHERE datname = current_database() AND wait_event_type = 'Lock'
                                   AND application_name ~ '^writer-pg-[0-9]'
                                """) == "t"
                        }
                        try await writer.eventually("readiness says so") { !writer.isReady }
                    }
                    #expect(try await writer.count("ingest_ledger") == 10)
                }
                try await writer.settled()
                try await writer.eventually("ready again") { writer.isReady }
            }
            try await expectWhole(writer, entries: 60)
        }
    }

    @Test("a partition dropped under way is made again; what comes later goes in")
    func droppedPartition() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.running {
                try await writer.append(samples.priced(20))
                try await writer.settled()
                // The upkeep looks after partitions when it starts, and then not for minutes.
                try await writer.eventually("the upkeep has begun") {
                    try await writer.value(
                        """
                        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                           AND application_name = 'writer-pg-upkeep' AND query LIKE '%ingest_ledger%'
                        """
                    ) != "0"
                }
                let today = try await writer.value("SELECT tableoid::regclass FROM odds_ticks LIMIT 1")
                try await writer.execute("DROP TABLE \(today ?? "?")")
                try await writer.append(samples.priced(30))
                try await writer.settled()
            }
            #expect(try await writer.count("odds_ticks") == 150)
            #expect(try await writer.count("ingest_ledger") == 50)
            #expect(try await writer.count("dead_letters") == 0)
            // What went with the table is missed, and nothing else.
            let report = try await Audit(writer.postgres, now: WallClock.now).run()
            let wrong = report.findings.filter { $0.severity == .error }
            #expect(wrong.map(\.kind) == [.missingRows])
            #expect(wrong.first?.count == 100)
        }
    }

    @Test("one bad row in 5,000 costs itself")
    func oneBadRow() async throws {
        try await WriterHarness.with {
            $0.batch = BatchPolicy(rows: 10_000, period: .milliseconds(50))
        } _: { writer in
            var samples = SampleEntries()
            let entries = (0..<50).map { entry in
                samples.entry { encoder, frame in
                    for ordinal in 0..<100 {
                        let number = entry * 100 + ordinal
                        encoder.bet(
                            number == 3_217 ? "bad\0id" : "bet-\(number)", at: Position(frame: frame, ordinal: ordinal))
                    }
                }
            }
            try await writer.append(entries)
            try await writer.drain()
            #expect(try await writer.count("bet_events") == 4_999)
            #expect(
                try await writer.rows("SELECT position, sqlstate FROM dead_letters")
                    == [["\(Position(frame: 1_032, ordinal: 17).rawValue)", "22021"]])
            let report = try await Audit(writer.postgres, now: WallClock.now).run()
            #expect(report.isClean, "\(report.findings.map(\.description))")
        }
    }

    @Test("the same entries in the hands of two Writers, of whom one commits late: each row once")
    func twoWriters() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.append(samples.priced(40))
            try await writer.drainPartitions()
            let waiting = """
                SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name ~ '^writer-pg-[0-9]'
                """
            try await writer.whileLocked("odds_ticks") {
                try await writer.running("zombie") {
                    try await writer.eventually("the first is about to COPY") { try await writer.value(waiting) == "1" }
                    _ = try await writer.redis.command(["XGROUP", "SETID", .text(writer.feed.events), "writer", "0"])
                    try await writer.running("successor") {
                        try await writer.eventually("both wait") { try await writer.value(waiting) == "2" }
                        try await writer.releaseLocks(on: "odds_ticks")
                        try await writer.settled()
                    }
                }
            }
            try await expectWhole(writer, entries: 40)
        }
    }

    /// `statement_timeout` does not run out while a COPY waits for data, and `idle_in_transaction_session_timeout` is about others.
    @Test("a Writer that sleeps in the middle of a COPY is ended, and its entries are another's: each row once")
    func sleepingWriter() async throws {
        try await WriterHarness.with { writer in
            let time = WallClock.now
            var samples = SampleEntries(receivedAt: time)
            try await writer.append(samples.priced(5))
            try await writer.drain()
            let sleeper = PostgresConnection(url: writer.configuration.postgresURL, name: "writer-pg-9")
            try await sleeper.connect()
            let gate = Gate()
            let sleeping = Task {
                try await sleeper.withTransaction { session in
                    // The entry that comes next, as its Writer has it.
                    _ = try session.query(
                        """
                        INSERT INTO ingest_ledger
                            (feed_id, first_frame, received_at, last_frame, prev_frame, term, first_seq, last_seq, rows)
                            VALUES (1, 1005, $1, 1005, 1004, 77, 0, 0, 5)
                        """, [.timestamptz((time + .milliseconds(5)).microseconds)])
                    _ = try session.copyIn([CopyTarget.oddsTicks.statement], committing: true) { _, _ in
                        gate.open()
                        gate.waitUntilClosed()
                    }
                }
            }
            await gate.opened()
            // It may take all the time that it wants.
            let filler = PostgresConnection(url: writer.configuration.postgresURL, name: "fill")
            try await filler.connect()
            let fillerGate = Gate()
            let filling = Task {
                try await filler.withTransaction { session in
                    try session.copyIn([CopyTarget.oddsTicks.statement], committing: true) { _, _ in
                        fillerGate.open()
                        fillerGate.waitUntilClosed()
                    }
                }
            }
            await fillerGate.opened()
            try await writer.append(samples.priced(20))
            try await writer.running {
                try await writer.eventually("the other waits for it") {
                    try await writer.value(
                        """
                        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                           AND wait_event_type = 'Lock' AND application_name ~ '^writer-pg-[0-9]'
                        """) == "1"
                }
                #expect(try await SleepingWriters().end(writer.postgres) == 0)
                #expect(try await SleepingWriters(patience: .zero).end(writer.postgres) == 1)
                try await writer.settled()
            }
            gate.close()
            await #expect(throws: PostgresError.self) { try await sleeping.value }
            await sleeper.close()
            fillerGate.close()
            // It writes nothing, which is no COPY in binary: that it is told so says that it was let live.
            let verdict = await #expect(throws: PostgresError.self) { try await filling.value }
            #expect(verdict?.sqlState == "22P04")
            await filler.close()
            try await expectWhole(writer, entries: 25)
        }
    }

    @Test(
        "a table that is locked for a minute: statements that wait run out of time, and no row is lost",
        .enabled(if: Soak.isOn, "takes a minute and a half"))
    func lockedForAMinute() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            var entries = 0
            try await writer.running {
                try await writer.append(samples.priced(10))
                try await writer.settled()
                var wasUnready = false
                // Whoever holds it may do nothing for longer than our own sessions may.
                let lock = """
                    SET idle_in_transaction_session_timeout = 0;
                    BEGIN; LOCK TABLE odds_ticks IN ACCESS EXCLUSIVE MODE
                    """
                try await writer.holding(lock) {
                    for _ in 0..<60 {
                        try await writer.append(samples.priced(20))
                        entries += 20
                        try await Task.sleep(for: .seconds(1))
                        wasUnready = wasUnready || !writer.isReady
                    }
                    #expect(try await writer.count("ingest_ledger") == 10)
                }
                #expect(wasUnready, "statement_timeout has never run out")
                try await writer.settled()
                try await writer.eventually("ready again") { writer.isReady }
            }
            try await expectWhole(writer, entries: 10 + entries)
        }
    }

    @Test(
        "a disk that is full: nothing is lost, and when there is room it goes on",
        .enabled(if: getuid() == 0, "needs root, to mount a small file system"))
    func fullDisk() async throws {
        try await SmallDisk.with(megabytes: 16) { disk in
            let server = try await PostgresServer.start()
            try await disk.give(toOwnerOf: server.dataDirectory)
            let url = try await server.createDatabase("small")
            try await server.execute("CREATE TABLESPACE small LOCATION '\(disk.path)'")
            try await server.execute("ALTER DATABASE small SET default_tablespace = small")
            try await WriterHarness.with(url: url) { writer in
                var samples = SampleEntries()
                try await writer.running {
                    var entries = 0
                    while writer.isReady, entries < 100_000 {
                        try await writer.append(samples.priced(2_000))
                        entries += 2_000
                        try await Task.sleep(for: .milliseconds(300))
                    }
                    #expect(!writer.isReady)
                    #expect(writer.health.readyDocument().json.contains("53100"))
                    try await disk.grow(megabytes: 400)
                    try await writer.settled()
                    try await writer.eventually("ready again") { writer.isReady }
                    try await expectWhole(writer, entries: entries)
                }
            }
            await server.stop()
        }
    }
}

extension WriterHarness {
    /// Runs `body` while a table is locked by a session that may be killed meanwhile.
    func whileLocked(_ table: String, _ body: () async throws -> Void) async throws {
        do {
            try await holding("BEGIN; LOCK TABLE \(table) IN ACCESS EXCLUSIVE MODE", body)
        } catch is NotInTime {
            throw NotInTime()
        } catch {
            // The server has ended the session.
        }
    }

    /// What a Writer does first, so that it has nothing to wait for later.
    func drainPartitions() async throws {
        try await postgres.connect()
        try await PartitionKeeper().ensure(at: WallClock.now, postgres)
    }

    /// Ends the sessions that hold an exclusive lock on a table.
    func releaseLocks(on table: String) async throws {
        _ = try await rows(
            """
            SELECT pg_terminate_backend(pid) FROM pg_locks
             WHERE relation = '\(table)'::regclass AND granted AND mode = 'AccessExclusiveLock'
            """)
    }
}
