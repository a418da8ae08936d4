import DevServices
import FeedModel
import PostgresCopy
import RedisStreams
import Telemetry
import TestSupport
import Testing

@testable import Writer

@Suite("Writer: failures of Postgres", .timeLimit(.minutes(3)))
struct WriterFailureTests {
    @Test("a bet that the COPY refuses by its line becomes a dead letter, its neighbours go in")
    func badLine() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            let entries = (0..<50).map { index in
                samples.entry { encoder, frame in
                    encoder.price("2", at: Position(frame: frame, ordinal: 0))
                    encoder.bet(index == 33 ? "zero\0byte" : "bet-\(index)", at: Position(frame: frame, ordinal: 1))
                    encoder.price("3", at: Position(frame: frame, ordinal: 2))
                }
            }
            try await writer.append(entries)
            try await writer.drain()
            #expect(try await writer.count("bet_events") == 49)
            #expect(try await writer.count("odds_ticks") == 100)
            #expect(
                try await writer.rows("SELECT position, stage, reason, sqlstate, state FROM dead_letters")
                    == [["\(Position(frame: 1_033, ordinal: 1).rawValue)", "2", "7", "22021", "new"]])
            #expect(try await writer.rows("SELECT rows FROM ingest_ledger WHERE first_frame = 1033") == [["2"]])
        }
    }

    @Test("a fixture that no line names is found by halving; nothing of it stays behind")
    func badWithoutLine() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            let entries = (0..<40).map { index in
                samples.entry { encoder, frame in
                    let isBad = index == 7 || index == 29
                    encoder.price("2", at: Position(frame: frame, ordinal: 0))
                    encoder.fixture(
                        isBad ? "f\0-\(index)" : "f-\(index)", status: .live, at: Position(frame: frame, ordinal: 1))
                }
            }
            try await writer.append(entries)
            try await writer.drain()
            #expect(try await writer.count("fixture_updates") == 38)
            #expect(try await writer.count("fixtures") == 39)
            #expect(try await writer.count("odds_ticks") == 40)
            #expect(
                try await writer.rows("SELECT sqlstate, reason FROM dead_letters") == [
                    ["22021", "7"], ["22021", "7"],
                ])
            #expect(try await writer.value("SELECT sum(rows) FROM ingest_ledger") == "78")
        }
    }

    @Test("the dead letter of a refused message holds the frame as the provider sent it, while raw has it")
    func letterPayload() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            let entry = samples.entry { $0.bet("zero\0byte", at: Position(frame: $1, ordinal: 0)) }
            let lone = samples.entry { $0.bet("zero\0too", at: Position(frame: $1, ordinal: 0)) }
            var raw: [UInt8] = []
            RawEntry.append(
                RawEntryHeader(
                    kind: .frames, term: Term(rawValue: 77), first: 1_000, frameCount: 1, prev: 0,
                    receivedAt: WallClock.now),
                to: &raw)
            Array("the frame".utf8).withUnsafeBytes { RawEntry.append(frame: $0, to: &raw) }
            try await writer.append([StreamEntry(id: entry.id, payload: raw)], toStream: writer.feed.raw)
            try await writer.append([entry, lone])
            try await writer.drain()
            let payloads = try await writer.rows("SELECT encode(payload, 'escape') FROM dead_letters ORDER BY position")
            #expect(payloads.first == ["the frame"])
            #expect(payloads.last?.first??.contains("zero\\000too") == true)
        }
    }

    @Test("a missing partition is made and the batch goes in; rows that no partition takes become letters")
    func missingPartition() async throws {
        try await WriterHarness.with { writer in
            try await writer.drain()
            let days = try await writer.rows(
                "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'odds_ticks'::regclass")
            for day in days.compactMap(\.first) { try await writer.execute("DROP TABLE \"\(day ?? "")\"") }
            var samples = SampleEntries()
            try await writer.append(samples.priced(10))
            var old = SampleEntries(first: 5_000, receivedAt: Timestamp(milliseconds: 1_000_000_000_000))
            try await writer.append(old.priced(2))
            try await writer.drain()
            #expect(try await writer.count("odds_ticks") == 50)
            let letters = try await writer.rows("SELECT position >> 13, sqlstate FROM dead_letters ORDER BY 1")
            #expect(letters == [["5000", "23514"], ["5001", "23514"]])
            #expect(try await writer.count("ingest_ledger") == 10)
        }
    }

    @Test("without its table the sink stops, unready, and goes on when it is there again")
    func missingTable() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.append(samples.priced(4))
            try await writer.execute("ALTER TABLE odds_ticks RENAME TO hidden")
            try await writer.running {
                try await writer.eventually("not ready") { !writer.isReady }
                #expect(try await writer.count("ingest_ledger") == 0)
                #expect(try await writer.redis.streamInfo(of: writer.feed.events)?.length == 4)
            }
            try await writer.execute("ALTER TABLE hidden RENAME TO odds_ticks")
            try await writer.drain()
            #expect(try await writer.count("odds_ticks") == 20)
        }
    }

    @Test(
        "a table that takes no row any more stops the sink: no message is blamed",
        arguments: [
            ("ADD CONSTRAINT strange CHECK (status > 100)", "DROP CONSTRAINT strange"),
            ("ALTER lay_value SET NOT NULL", "ALTER lay_value DROP NOT NULL"),
            ("ADD region text NOT NULL", "DROP region"),
        ])
    func changedTable(change: String, back: String) async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.append(samples.priced(4))
            try await writer.execute("ALTER TABLE odds_ticks \(change)")
            try await writer.running {
                try await writer.eventually("not ready") { !writer.isReady }
                try await writer.eventually("says which table") {
                    writer.health.readyDocument().json.contains("odds_ticks takes no row at all")
                }
            }
            #expect(try await writer.count("dead_letters") == 0)
            try await writer.execute("ALTER TABLE odds_ticks \(back)")
            try await writer.drain()
            #expect(try await writer.count("odds_ticks") == 20)
            #expect(try await writer.count("dead_letters") == 0)
        }
    }

    @Test(
        "a dimension that takes no row any more stops the sink: no message is blamed",
        arguments: [
            ("fixtures", "ADD region text NOT NULL", "DROP region"),
            ("fixtures", "ADD CONSTRAINT strange CHECK (status < 0)", "DROP CONSTRAINT strange"),
            ("markets", "ALTER name SET NOT NULL", "ALTER name DROP NOT NULL"),
            ("selections", "ADD CONSTRAINT strange CHECK (market_key < 0)", "DROP CONSTRAINT strange"),
            ("selections", "ALTER line SET NOT NULL", "ALTER line DROP NOT NULL"),
            ("selections", "ADD CONSTRAINT strange UNIQUE (name)", "DROP CONSTRAINT strange"),
            ("feed_gaps", "ADD CONSTRAINT strange CHECK (cause IS NULL)", "DROP CONSTRAINT strange"),
        ])
    func changedDimension(table: String, change: String, back: String) async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            let entries = (0..<4).map { index in
                samples.entry { encoder, frame in
                    let selection = SampleSelection(market: "market-\(index % 2)", option: "o-\(index)")
                    encoder.price(
                        "2", of: selection, at: Position(frame: frame, ordinal: 0), selectionName: "the same")
                    encoder.fixture(status: .live, at: Position(frame: frame, ordinal: 1))
                }
            }
            let gap = samples.control(.gap(.init(kind: .sequence, cause: "a hole")))
            try await writer.append(entries + [gap])
            try await writer.execute("ALTER TABLE \(table) \(change)")
            try await writer.running {
                try await writer.eventually("not ready") { !writer.isReady }
                try await writer.eventually("says which table") {
                    writer.health.readyDocument().json.contains("\(table) takes no row at all")
                }
            }
            #expect(try await writer.count("dead_letters") == 0)
            #expect(try await writer.count("ingest_ledger") < 5)
            #expect(try await writer.redis.streamInfo(of: writer.feed.events)?.length == 5)
            try await writer.execute("ALTER TABLE \(table) \(back)")
            try await writer.drain()
            #expect(try await writer.count("odds_ticks") == 4)
            #expect(try await writer.count("fixture_updates") == 4)
            #expect(try await writer.count("feed_gaps") == 1)
            #expect(try await writer.count("dead_letters") == 0)
            // Nothing of what was tried stays.
            #expect(try await writer.rows("SELECT fixture_id FROM fixtures") == [["fixture-1"]])
        }
    }

    @Test("a unique key on a history that refuses a message's second row stops the sink")
    func changedKey() async throws {
        try await WriterHarness.with { writer in
            try await writer.drain()
            var samples = SampleEntries()
            let entry = samples.entry { encoder, frame in
                for option in ["home", "away"] {
                    encoder.price("2", of: SampleSelection(option: option), at: Position(frame: frame, ordinal: 0))
                }
            }
            try await writer.append([entry])
            try await writer.execute("CREATE UNIQUE INDEX strange ON odds_ticks (received_at, position)")
            try await writer.running {
                try await writer.eventually("says which table") {
                    writer.health.readyDocument().json.contains("takes no row at all")
                }
            }
            #expect(try await writer.count("dead_letters") == 0)
            try await writer.execute("DROP INDEX strange")
            try await writer.drain()
            #expect(try await writer.count("odds_ticks") == 2)
        }
    }

    @Test("a foreign key that somebody added is no reason to stop for one bad row")
    func addedForeignKey() async throws {
        try await WriterHarness.with { writer in
            var samples = SampleEntries()
            try await writer.execute(
                "ALTER TABLE odds_ticks ADD CONSTRAINT strange FOREIGN KEY (selection_key) REFERENCES selections")
            let bad = samples.entry { $0.bet("zero\0byte", at: Position(frame: $1, ordinal: 0)) }
            try await writer.append([bad] + samples.priced(4))
            try await writer.drain()
            #expect(try await writer.count("odds_ticks") == 20)
            #expect(try await writer.count("dead_letters") == 1)
        }
    }

    @Test("a role that may no longer write stops the sink, and goes on when it may")
    func revokedGrant() async throws {
        let role = RandomName.next("writer")
        try await TestServers.withDatabase { url in
            try await WriterHarness.with(url: url) { configuration in
                configuration.postgresURL = url.replacing("//touchline@", with: "//\(role)@")
            } _: { writer in
                // It has what the owner has, but is no superuser.
                try await writer.execute("CREATE ROLE \"\(role)\" LOGIN; GRANT touchline TO \"\(role)\"")
                var samples = SampleEntries()
                try await writer.append(samples.priced(4))
                try await writer.execute("REVOKE INSERT ON odds_ticks FROM touchline")
                try await writer.running { try await writer.eventually("not ready") { !writer.isReady } }
                #expect(try await writer.count("ingest_ledger") == 0)
                try await writer.execute("GRANT INSERT ON odds_ticks TO touchline")
                try await writer.drain()
                #expect(try await writer.count("odds_ticks") == 20)
                #expect(try await writer.count("dead_letters") == 0)
                try await writer.execute("REASSIGN OWNED BY \"\(role)\" TO touchline; DROP ROLE \"\(role)\"")
            }
        }
    }

    @Test("Postgres killed, stopped at once and restarted under load: every row once")
    func killed() async throws {
        let server = try await PostgresServer.start()
        let url = try await server.createDatabase("killed")
        try await WriterHarness.with(feeds: 2, url: url) { configuration in
            configuration.connections = 2
            configuration.batch = BatchPolicy(rows: 200, period: .milliseconds(5), maximumRows: 400)
        } _: { writer in
            try await writer.running {
                var samples = [SampleEntries(), SampleEntries()]
                for round in 0..<6 {
                    for feed in 0..<2 {
                        try await writer.append(samples[feed].priced(150), to: writer.feeds[feed])
                    }
                    if round % 2 == 0 {
                        await server.kill()
                        for feed in 0..<2 {
                            try await writer.append(samples[feed].priced(50), to: writer.feeds[feed])
                        }
                    }
                    try await server.restart(mode: .immediate)
                }
                try await writer.settled()
            }
            let entries = 2 * (6 * 150 + 3 * 50)
            try await writer.eventually("postgres answers") { (try? await writer.count("ingest_ledger")) != nil }
            #expect(try await writer.count("ingest_ledger") == entries)
            #expect(try await writer.count("odds_ticks") == entries * 5)
            #expect(
                try await writer.value("SELECT count(DISTINCT (feed_id, position)) FROM odds_ticks") == "\(entries * 5)"
            )
            #expect(writer.isReady)
        }
        await server.stop()
    }

    @Test("backends killed while they work: every row once")
    func backendsKilled() async throws {
        try await WriterHarness.with { configuration in
            configuration.batch = BatchPolicy(rows: 100, period: .milliseconds(2), maximumRows: 200)
        } _: { writer in
            var samples = SampleEntries()
            try await writer.running {
                for _ in 0..<20 {
                    try await writer.append(samples.priced(40))
                    try await writer.execute(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND application_name LIKE 'writer-pg%'
                        """)
                }
                try await writer.settled()
            }
            #expect(try await writer.count("ingest_ledger") == 800)
            #expect(try await writer.count("odds_ticks") == 4_000)
        }
    }
}
