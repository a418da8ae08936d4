import FeedModel
import PostgresCopy
import TestSupport
import Testing
import Writer

@Suite("Partitions of a real database", .timeLimit(.minutes(1)))
struct PartitionKeeperTests {
    @Test func `they are made once and take rows`() async throws {
        try await withSchema { connection, now in
            let keeper = PartitionKeeper()
            #expect(try await keeper.ensure(at: now, connection) == PartitionsMade())
            let facts = try await keeper.list(connection)
            #expect(facts.count == 36)
            #expect(keeper.planner.aheadCount(facts, at: now) == 4)
            let odds = facts.filter { $0.table == .oddsTicks }
            #expect(odds.map(\.from) == keeper.planner.required(at: now).filter { $0.table == .oddsTicks }.map(\.from))
            try await insertTick(connection, at: now)
            let stored = try await connection.withSession { session in
                try session.query("SELECT count(*) FROM odds_ticks_20261121").int64(0, 0)
            }
            #expect(stored == 1)
            // Indexes of the table, not copies beside it.
            let indexes = try await connection.withSession { session in
                try session.texts(
                    """
                    SELECT p.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
                     WHERE c.relname LIKE 'odds\\_ticks\\_20261121\\_%' ORDER BY 1
                    """)
            }
            #expect(indexes == [["odds_ticks_selection"], ["odds_ticks_time"]])
        }
    }

    @Test func `many processes may make them at once`() async throws {
        try await TestServers.withDatabase { url in
            let first = PostgresConnection(url: url, name: "first")
            try await first.connect()
            try await SchemaMigrator().migrate(first)
            await first.close()
            let made = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<5 {
                    group.addTask {
                        let connection = PostgresConnection(url: url, name: "keeper-\(number)")
                        try await connection.connect()
                        let made = try await PartitionKeeper().ensure(at: testDay, connection)
                        await connection.close()
                        return made.made.count
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 }
            }
            #expect(made == 36)
        }
    }

    @Test func `an analyst's open query and a writer's open transaction are in nobody's way`() async throws {
        try await TestServers.withDatabase { url in
            let keeperConnection = PostgresConnection(url: url, name: "keeper", statementTimeout: .seconds(20))
            try await keeperConnection.connect()
            try await SchemaMigrator().migrate(keeperConnection)
            let keeper = PartitionKeeper()
            try await keeper.ensure(at: testDay, keeperConnection)
            let other = PostgresConnection(url: url, name: "other")
            try await other.connect()
            try await insertTick(other, at: testDay)
            // The reader holds its lock on every partition while this closure runs.
            let gate = Gate()
            let reading = Task {
                try await other.withTransaction { session in
                    try session.execute(
                        "SELECT count(*) FROM odds_ticks; INSERT INTO odds_ticks SELECT * FROM odds_ticks LIMIT 1")
                    gate.open()
                    gate.waitUntilClosed()
                }
            }
            await gate.opened()
            let made = try await keeper.ensure(at: testDay + .seconds(86_400), keeperConnection)
            #expect(made.made.count == 6)
            gate.close()
            try await reading.value
            await other.close()
            await keeperConnection.close()
        }
    }

    @Test func `late rows get their partition, rows outside the window do not`() async throws {
        try await withSchema { connection, now in
            let keeper = PartitionKeeper()
            let late = now - .seconds(5 * 86_400)
            let refused = await #expect(throws: PostgresError.self) { try await insertTick(connection, at: late) }
            #expect(refused?.sqlStateClass == .missingPartition)
            let made = try await keeper.ensure(covering: late...late, now: now, connection)
            #expect(made.made.contains("odds_ticks_20261116"))
            try await insertTick(connection, at: late)
            let old = now - .seconds(8 * 86_400)
            await #expect(throws: PartitionError.outsideWindow(old)) {
                try await keeper.ensure(covering: old...now, now: now, connection)
            }
            let future = now + .seconds(6 * 86_400)
            await #expect(throws: PartitionError.outsideWindow(future)) {
                try await keeper.ensure(covering: now...future, now: now, connection)
            }
        }
    }

    @Test func `what was detached is told, and the others are made all the same`() async throws {
        try await withSchema { connection, now in
            let keeper = PartitionKeeper()
            try await connection.withSession { session in
                try session.execute(
                    """
                    ALTER TABLE odds_ticks DETACH PARTITION odds_ticks_20261121;
                    DROP TABLE settlements_20261121; DROP TABLE ingest_ledger_20261122
                    """)
            }
            let result = try await keeper.ensure(at: now, connection)
            #expect(result.made == ["settlements_20261121", "ingest_ledger_20261122"])
            #expect(result.detached.map(\.name) == ["odds_ticks_20261121"])
            #expect(
                result.trouble?.description
                    == "odds_ticks_20261121 exists but was detached: attach it again or drop it")
            let again = try await keeper.ensure(covering: now...now, now: now, connection)
            #expect(again.made.isEmpty && again.detached == result.detached)
            #expect(try await keeper.ensure(at: now + .seconds(3 * 86_400), connection).trouble == nil)
        }
    }

    @Test func `one that is half detached has no room either`() async throws {
        try await TestServers.withDatabase { url in
            let connection = PostgresConnection(url: url, name: "keeper", statementTimeout: nil)
            try await connection.connect()
            try await SchemaMigrator().migrate(connection)
            let keeper = PartitionKeeper()
            try await keeper.ensure(at: testDay, connection)
            let reader = PostgresConnection(url: url, name: "reader")
            try await reader.connect()
            let gate = Gate()
            let reading = Task {
                try await reader.withTransaction { session in
                    try session.execute("SELECT count(*) FROM odds_ticks_20261121")
                    gate.open()
                    gate.waitUntilClosed()
                }
            }
            await gate.opened()
            await #expect(throws: PartitionError.busy("odds_ticks_20261121")) {
                try await PartitionRetirement(attempts: 1).retire("odds_ticks_20261121", .keep, connection)
            }
            let result = try await keeper.ensure(at: testDay, connection)
            #expect(result.made.isEmpty && result.detached.map(\.name) == ["odds_ticks_20261121"])
            gate.close()
            try await reading.value
            await reader.close()
            await connection.close()
        }
    }

    private func insertTick(_ connection: PostgresConnection, at time: Timestamp) async throws {
        try await connection.withTransaction { session in
            _ = try session.query(
                "INSERT INTO odds_ticks (received_at, position, selection_key, feed_id, status) VALUES ($1, 1, 1, 1, 1)",
                [.timestamptz(time.microseconds)])
        }
    }
}
