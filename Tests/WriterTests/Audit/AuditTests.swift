import FeedModel
import PostgresCopy
import TestSupport
import Testing
import Writer

/// A small history that is in order: two entries of three prices, a fixture update, a settlement and a bet, one fixture.
private let soundHistory = """
    INSERT INTO feeds (feed_id, name, provider) VALUES (1, 'book-a', 'sportsbook');
    INSERT INTO fixtures (fixture_key, feed_id, fixture_id, updated_at, position, status)
        VALUES (1, 1, 'fx-1', '2026-11-21 12:00+00', 1000 << 13, 2);
    INSERT INTO markets (market_key, fixture_key, market_id, market_type) VALUES (1, 1, '1X2', '1X2');
    INSERT INTO selections (selection_key, market_key, option_id, result, position)
        VALUES (1, 1, 'home', 1, 1002 << 13), (2, 1, 'draw', NULL, 0), (3, 1, 'away', NULL, 0);
    INSERT INTO ingest_ledger
        (feed_id, first_frame, last_frame, prev_frame, term, received_at, first_seq, last_seq, rows) VALUES
        (1, 1000, 1000, 0, 7, '2026-11-21 12:00:00+00', 1, 1, 1),
        (1, 1001, 1002, 1000, 7, '2026-11-21 12:00:01+00', 2, 3, 4),
        (1, 1003, 1005, 1002, 7, '2026-11-21 12:00:02+00', 4, 6, 4);
    INSERT INTO fixture_updates (received_at, position, fixture_key, feed_id, status)
        VALUES ('2026-11-21 12:00:00+00', 1000 << 13, 1, 1, 2);
    INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status, odd_value)
        SELECT '2026-11-21 12:00:01+00', 1001 << 13, s, 1, 1, 1.5 + s FROM generate_series(1, 3) s;
    INSERT INTO settlements (received_at, position, selection_key, feed_id, result)
        VALUES ('2026-11-21 12:00:01+00', 1002 << 13, 1, 1, 1);
    INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status, odd_value)
        SELECT '2026-11-21 12:00:02+00', 1003 << 13, s, 1, 1, 2.5 + s FROM generate_series(1, 3) s;
    INSERT INTO bet_events (received_at, position, fixture_key, selection_key, feed_id, status, amount, odd, potential_win,
        bet_id, user_id) VALUES ('2026-11-21 12:00:02+00', 1005 << 13, 1, 1, 1, 1, 10, 2, 20, 'b1', 'u1');
    """

@Suite("Audit", .timeLimit(.minutes(1)))
struct AuditTests {
    private func findings(
        after damage: String, options: Audit.Options = .init(rowsPerSlice: 4)
    ) async throws -> AuditReport {
        try await withSchema { connection, now in
            try await connection.withSession { session in
                try session.execute(soundHistory)
                if !damage.isEmpty { try session.execute(damage) }
            }
            return try await Audit(connection, options: options, now: now + .seconds(60)).run()
        }
    }

    @Test func `a sound history is clean`() async throws {
        let report = try await findings(after: "")
        #expect(report.findings.isEmpty)
        #expect(report.isClean)
        #expect(report.entries == 3)
        #expect(report.rows == 9)
        #expect(report.window?.lowerBound.description == "2026-11-20T00:00:00.000Z")
    }

    @Test func `an empty database is clean, one without partitions as well`() async throws {
        try await withSchema { connection, now in
            let report = try await Audit(connection, now: now).run()
            #expect(report.findings.isEmpty)
            #expect(report.entries == 0)
        }
        try await withConnection { connection in
            try await SchemaMigrator().migrate(connection)
            let report = try await Audit(connection, now: testDay).run()
            #expect(report.window == nil)
            #expect(report.isClean)
        }
    }

    @Test(
        arguments: [
            (
                "DELETE FROM odds_ticks WHERE selection_key = 2 AND received_at = '2026-11-21 12:00:02+00'",
                "missingRows", 1
            ),
            ("DELETE FROM odds_ticks", "missingRows", 6),
            (
                """
                INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status)
                VALUES ('2026-11-21 12:00:02+00', 1004 << 13, 1, 1, 1)
                """, "surplusRows", 1
            ),
            ("INSERT INTO odds_ticks SELECT * FROM odds_ticks WHERE selection_key = 3", "duplicateRows", 2),
            ("INSERT INTO bet_events SELECT * FROM bet_events", "duplicateRows", 1),
            (
                """
                INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status)
                VALUES ('2026-11-21 11:00:00+00', 900 << 13, 1, 1, 1)
                """, "unrecordedRows", 1
            ),
            (
                "UPDATE odds_ticks SET position = 1006 << 13 WHERE received_at = '2026-11-21 12:00:02+00'",
                "misplacedRows", 3
            ),
            ("UPDATE ingest_ledger SET prev_frame = 1001 WHERE first_frame = 1003", "brokenLink", 1),
            ("UPDATE ingest_ledger SET last_frame = 1003 WHERE first_frame = 1001", "overlap", 1),
            ("UPDATE ingest_ledger SET first_seq = 5 WHERE first_frame = 1003", "sequenceHole", 1),
            (
                """
                UPDATE odds_ticks SET selection_key = 99 WHERE selection_key = 1
                """, "orphans", 2
            ),
            ("UPDATE bet_events SET fixture_key = 99", "orphans", 1),
            ("UPDATE fixtures SET position = 5", "staleState", 1),
            ("UPDATE selections SET position = 5 WHERE selection_key = 1", "staleState", 1),
            (
                """
                INSERT INTO raw_frames (received_at, first_frame, feed_id, frames)
                VALUES ('2026-11-21 12:00:01.5+00', 1002, 1, 'x')
                """, "unwrittenFrames", 1
            ),
        ] as [(String, String, Int64)])
    func `every damage is found, and nothing else`(damage: String, kind: String, count: Int64) async throws {
        let report = try await findings(after: damage)
        let errors = report.findings.filter { $0.severity == .error }
        #expect(errors.map(\.kind.rawValue) == [kind], "\(report.findings.map(\.description))")
        #expect(errors.first?.count == count)
        #expect(!report.isClean)
    }

    @Test func `a row that is there twice while another is gone is seen as both`() async throws {
        let report = try await findings(
            after: """
                DELETE FROM odds_ticks WHERE selection_key = 2 AND received_at = '2026-11-21 12:00:02+00';
                INSERT INTO odds_ticks SELECT * FROM odds_ticks
                    WHERE selection_key = 1 AND received_at = '2026-11-21 12:00:02+00'
                """)
        #expect(Set(report.findings.map(\.kind)) == [.missingRows, .duplicateRows])
    }

    @Test func `an entry that is gone breaks the chain and the sequence; its rows are on nobody's account`()
        async throws
    {
        let report = try await findings(after: "DELETE FROM ingest_ledger WHERE first_frame = 1001")
        #expect(Set(report.findings.map(\.kind)) == [.brokenLink, .sequenceHole, .unrecordedRows])
        let link = report.findings.first { $0.kind == .brokenLink }
        #expect(
            link?.description
                == "book-a: 1 entries follow on frames that were never written, and no gap says so (frame 1003)")
    }

    @Test func `a broken link says which frames are missing, and when they came`() async throws {
        let report = try await findings(after: "DELETE FROM ingest_ledger WHERE first_frame = 1001")
        let link = try #require(report.findings.first { $0.kind == .brokenLink })
        #expect(
            link.missing.map(\.description) == [
                "frames 1001 to 1002 are missing, "
                    + "received between 2026-11-21T12:00:00.000Z and 2026-11-21T12:00:02.000Z"
            ])
        // A link that contradicts what is there lacks nothing.
        let odd = try await findings(after: "UPDATE ingest_ledger SET prev_frame = 1001 WHERE first_frame = 1003")
        #expect(odd.findings.first?.kind == .brokenLink && odd.findings.first?.missing.isEmpty == true)
    }

    @Test func `of many missing frames the first ten are told`() async throws {
        let report = try await findings(
            after: """
                INSERT INTO ingest_ledger
                    (feed_id, first_frame, last_frame, prev_frame, term, received_at, first_seq, last_seq, rows)
                SELECT 1, 2000 + n * 10, 2000 + n * 10, 1999 + n * 10, 7, '2026-11-21 12:00:30+00', 0, 0, 0
                  FROM generate_series(1, 20) n
                """)
        let link = try #require(report.findings.first { $0.kind == .brokenLink })
        #expect(link.count == 20)
        #expect(link.missing.map(\.first) == [1_006] + (1...9).map { 2_001 + $0 * 10 })
    }

    @Test func `frames that were archived but never written are told as ranges, those between two entries together`()
        async throws
    {
        let report = try await findings(
            after: """
                INSERT INTO raw_frames (received_at, first_frame, feed_id, frames) VALUES
                    ('2026-11-21 12:00:03+00', 1006, 1, 'x'), ('2026-11-21 12:00:04+00', 1010, 1, 'x'),
                    ('2026-11-21 12:00:06+00', 1021, 1, 'x');
                INSERT INTO ingest_ledger
                    (feed_id, first_frame, last_frame, prev_frame, term, received_at, first_seq, last_seq, rows) VALUES
                    (1, 1020, 1020, 1019, 7, '2026-11-21 12:00:05+00', 7, 7, 0),
                    (1, 1022, 1022, 1021, 7, '2026-11-21 12:00:07+00', 8, 8, 0);
                """)
        let finding = try #require(report.findings.first { $0.kind == .unwrittenFrames })
        #expect(finding.count == 3)
        #expect(
            finding.missing.map(\.description) == [
                "frames 1006 to 1019 are missing, "
                    + "received between 2026-11-21T12:00:02.000Z and 2026-11-21T12:00:05.000Z",
                "frame 1021 is missing, received between 2026-11-21T12:00:05.000Z and 2026-11-21T12:00:07.000Z",
            ])
    }

    @Test func `gaps that are open although their numbers came are a note`() async throws {
        func filled(_ gap: String) async throws -> [String] {
            let report = try await findings(
                after: """
                    INSERT INTO feed_gaps (feed_id, position, kind, from_time, to_time, from_sequence, to_sequence, healed_at)
                    VALUES (1, 1003 << 13, 2, '2026-11-21 12:00:00+00', '2026-11-21 12:00:01+00', \(gap))
                    """)
            #expect(report.isClean)
            return report.findings.filter { $0.kind == .filledGap }.map(\.description)
        }
        // Of two entries together.
        #expect(
            try await filled("2, 4, NULL") == ["book-a: 1 gaps of kind sequence are open although their numbers came"])
        #expect(try await filled("2, 7, NULL").isEmpty, "the last has not come")
        #expect(try await filled("2, 4, now()").isEmpty, "it is healed")
        #expect(try await filled("NULL, NULL, NULL").isEmpty)
    }

    @Test func `an entry with a jump in it does not prove what it jumped over`() async throws {
        let report = try await findings(
            after: """
                UPDATE ingest_ledger SET last_seq = 60 WHERE first_frame = 1003;
                INSERT INTO feed_gaps (feed_id, position, kind, from_time, to_time, from_sequence, to_sequence)
                VALUES (1, 1004 << 13, 2, '2026-11-21 12:00:02+00', '2026-11-21 12:00:02+00', 5, 58)
                """)
        #expect(report.findings.map(\.kind) == [.openGap])
    }

    @Test(arguments: [
        // The Writer's own record, at the first frame of the entry that lacks its predecessor.
        """
        INSERT INTO feed_gaps (feed_id, position, kind, from_time) VALUES (1, 1003 << 13, 5, '2026-11-21 12:00:01+00')
        """,
        // A refused entry left a letter.
        """
        INSERT INTO dead_letters (feed_id, position, stage, reason, deliveries, first_seen, detail, payload)
        VALUES (1, 1001 << 13, 2, 1, 5, '2026-11-21 12:00:01+00', '', '')
        """,
    ])
    func `a loss that is on record is told, and is no error`(record: String) async throws {
        let lost = """
            DELETE FROM ingest_ledger WHERE first_frame = 1001;
            DELETE FROM odds_ticks WHERE received_at = '2026-11-21 12:00:01+00'; DELETE FROM settlements;
            UPDATE selections SET position = 0, result = NULL;
            """
        let report = try await findings(after: lost + record)
        #expect(report.isClean, "\(report.findings.map(\.description))")
        #expect(report.findings.contains { $0.kind == .recordedLoss && $0.count == 1 })
    }

    /// `FLUSHALL` behind the archiver: it had read what the Processor had not.
    @Test func `frames that were archived and lost with a gap on record are no error`() async throws {
        let archived = """
            INSERT INTO raw_frames (received_at, first_frame, feed_id, frames)
                SELECT received_at, first_frame, 1, 'x' FROM ingest_ledger;
            INSERT INTO raw_frames (received_at, first_frame, feed_id, frames)
                VALUES ('2026-11-21 12:00:02.5+00', 1006, 1, 'x');
            INSERT INTO ingest_ledger
                (feed_id, first_frame, last_frame, prev_frame, term, received_at, first_seq, last_seq, rows)
                VALUES (1, 2000, 2000, 0, 8, '2026-11-21 12:00:03+00', 0, 0, 0);
            INSERT INTO raw_frames (received_at, first_frame, feed_id, frames)
                VALUES ('2026-11-21 12:00:03+00', 2000, 1, 'x');
            """
        let gap = """
            INSERT INTO feed_gaps (feed_id, position, kind, from_time, to_time)
            VALUES (1, 2000 << 13, 5, '2026-11-21 12:00:02+00', '2026-11-21 12:00:03+00')
            """
        let silent = try await findings(after: archived)
        #expect(silent.findings.contains { $0.kind == .unwrittenFrames })
        let told = try await findings(after: archived + gap)
        #expect(told.isClean, "\(told.findings.map(\.description))")
    }

    @Test func `a predecessor may still be on its way for as long as grace says`() async throws {
        let pending = """
            DELETE FROM ingest_ledger WHERE first_frame = 1001;
            DELETE FROM odds_ticks WHERE received_at = '2026-11-21 12:00:01+00'; DELETE FROM settlements;
            UPDATE ingest_ledger SET first_seq = 2 WHERE first_frame = 1003;
            UPDATE selections SET position = 0, result = NULL;
            """
        let patient = try await findings(after: pending, options: .init(grace: .seconds(90)))
        #expect(patient.findings.map(\.kind) == [.pendingLink])
        let strict = try await findings(after: pending, options: .init(grace: .seconds(50)))
        #expect(strict.findings.map(\.kind) == [.brokenLink])
    }

    @Test func `a new term below what was written is a fork`() async throws {
        let report = try await findings(
            after: """
                INSERT INTO ingest_ledger
                    (feed_id, first_frame, last_frame, prev_frame, term, received_at, first_seq, last_seq, rows)
                VALUES (1, 2000, 2000, 1002, 8, '2026-11-21 12:00:03+00', 0, 0, 0),
                       (1, 2001, 2001, 2000, 8, '2026-11-21 12:00:04+00', 4, 7, 0)
                """)
        #expect(report.findings.map(\.kind) == [.fork])
    }

    /// Its Redis was empty: what was there and not yet written is gone.
    @Test func `a new term that knows of no predecessor needs a gap`() async throws {
        let term = """
            INSERT INTO ingest_ledger
                (feed_id, first_frame, last_frame, prev_frame, term, received_at, first_seq, last_seq, rows)
            VALUES (1, 2000, 2000, 0, 8, '2026-11-21 12:00:03+00', 0, 0, 0),
                   (1, 2001, 2001, 2000, 8, '2026-11-21 12:00:04+00', 0, 0, 0);
            """
        let silent = try await findings(after: term)
        #expect(
            silent.findings.map(\.description) == [
                "book-a: 1 times a feed began without knowing what was before, and no gap says what may be missing "
                    + "(frame 2000)"
            ])
        #expect(!silent.isClean)
        let soon = try await findings(after: term, options: .init(grace: .seconds(120)))
        #expect(soon.findings.map(\.kind) == [.pendingLink])
        let gap = """
            INSERT INTO feed_gaps (feed_id, position, kind, from_time)
            VALUES (1, 2000 << 13, 5, '2026-11-21 12:00:02+00')
            """
        let told = try await findings(after: term + gap)
        #expect(Set(told.findings.map(\.kind)) == [.recordedLoss, .openGap])
        #expect(told.isClean)
    }

    @Test func `a new term whose predecessor's end is missing needs a gap`() async throws {
        let term = """
            INSERT INTO ingest_ledger
                (feed_id, first_frame, last_frame, prev_frame, term, received_at, first_seq, last_seq, rows)
            VALUES (1, 2000, 2000, 1500, 8, '2026-11-21 12:00:03+00', 0, 0, 0),
                   (1, 2001, 2001, 2000, 8, '2026-11-21 12:00:04+00', 0, 0, 0);
            """
        let silent = try await findings(after: term)
        #expect(silent.findings.map(\.kind) == [.brokenLink])
        let gap = """
            INSERT INTO feed_gaps (feed_id, position, kind, from_time)
            VALUES (1, 2001 << 13, 5, '2026-11-21 12:00:02+00')
            """
        let told = try await findings(after: term + gap)
        #expect(Set(told.findings.map(\.kind)) == [.recordedLoss, .openGap])
    }

    @Test func `gaps, healed gaps and letters are told by kind and state`() async throws {
        let report = try await findings(
            after: """
                INSERT INTO feed_gaps (feed_id, position, kind, from_time, healed_at) VALUES
                    (1, 1000 << 13, 1, '2026-11-21 11:00:00+00', NULL),
                    (1, 1001 << 13, 1, '2026-11-21 11:30:00+00', '2026-11-21 12:00:00+00');
                INSERT INTO dead_letters (feed_id, position, stage, reason, deliveries, first_seen, detail, payload)
                    VALUES (1, 1001 << 13, 1, 4, 1, '2026-11-21 12:00:01+00', 'odd_value: 0.5', '{}')
                """)
        #expect(report.isClean)
        #expect(
            report.findings.map(\.description) == [
                "book-a: 1 gaps of kind reconnect are on record and healed",
                "book-a: 1 gaps of kind reconnect are on record and not healed",
                "book-a: 1 dead letters are new, refused by the processor",
            ])
    }

    @Test func `a row may stand nowhere but in its entry, whatever a letter says`() async throws {
        let stray = """
            INSERT INTO ingest_ledger
                (feed_id, first_frame, last_frame, prev_frame, term, received_at, first_seq, last_seq, rows)
            VALUES (1, 1006, 1006, 1005, 7, '2026-11-21 12:00:03+00', 0, 0, 1);
            INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status)
            VALUES ('2026-11-21 12:00:03+00', 1001 << 13 | 1, 1, 1, 1);
            """
        let unexplained = try await findings(after: stray)
        #expect(unexplained.findings.map(\.kind) == [.misplacedRows])
        let letter = """
            INSERT INTO dead_letters (feed_id, position, stage, reason, deliveries, first_seen, detail, payload, state)
            VALUES (1, 1001 << 13 | 1, 1, 4, 1, '2026-11-21 12:00:01+00', '', '', 'replayed')
            """
        let explained = try await findings(after: stray + letter)
        #expect(explained.findings.map(\.kind) == [.misplacedRows, .deadLetters])
    }

    @Test func `entries without raw frames are told between the first and the last that have them`() async throws {
        let report = try await findings(
            after: """
                INSERT INTO raw_frames (received_at, first_frame, feed_id, frames)
                SELECT received_at, first_frame, feed_id, 'x' FROM ingest_ledger WHERE first_frame <> 1001
                """)
        #expect(report.isClean)
        #expect(report.findings.map(\.kind) == [.unarchivedEntries])
    }

    @Test func `a window looks at its own part only`() async throws {
        let damage = "DELETE FROM odds_ticks WHERE received_at = '2026-11-21 12:00:01+00'"
        let after = Timestamp(microseconds: testDay.microseconds + 2_000_000)
        let later = try await findings(after: damage, options: .init(from: after))
        #expect(later.findings.isEmpty)
        #expect(later.rows == 4)
        let before = try await findings(after: damage, options: .init(from: testDay - .seconds(864_000), to: after))
        #expect(before.findings.map(\.kind) == [.notAudited, .missingRows])
    }
}
