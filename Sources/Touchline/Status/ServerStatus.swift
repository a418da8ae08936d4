import FeedModel
import PostgresCopy
import RedisStreams

/// What does not belong to one feed: the memory of Redis, and what Postgres says.
struct ServerStatus: Sendable, Equatable {
    struct Memory: Sendable, Equatable, Encodable {
        let usedBytes: Int
        /// 0: no limit.
        let maximumBytes: Int
        /// Of the limit; nil without one.
        let share: Double?

        init(usedBytes: Int, maximumBytes: Int) {
            self.usedBytes = usedBytes
            self.maximumBytes = maximumBytes
            share = maximumBytes > 0 ? Double(usedBytes) / Double(maximumBytes) : nil
        }
    }

    var memory: Memory?
    /// Nil: Postgres does not answer, or is not migrated.
    var database: DatabaseStatus?

    static func memory(of redis: RedisConnection) async throws -> Memory {
        let facts = try await redis.serverFacts()
        return Memory(usedBytes: facts.usedMemory, maximumBytes: facts.maxmemory)
    }
}

/// What Postgres says, in a few cheap queries.
struct DatabaseStatus: Sendable, Equatable {
    struct Partitions: Sendable, Equatable, Encodable {
        let count: Int
        /// The first moment for which some table has no partition, as RFC 3339.
        let until: String?
    }

    /// Gaps that were open at some time in the last hour, by feed. A feed without rows is not among them.
    let gapsLastHour: [String: Int]
    let partitions: Partitions

    private static let gaps = """
        SELECT e.name, count(g.position)
          FROM feeds e LEFT JOIN feed_gaps g
            ON g.feed_id = e.feed_id AND g.kind IS NOT NULL AND coalesce(g.to_time, now()) > now() - interval '1 hour'
         GROUP BY e.name
        """
    private static let partitionsOfTables = """
        SELECT coalesce(sum(count), 0)::bigint, to_char(min(until), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
          FROM (SELECT count(*) AS count,
                       max((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''([^'']+)''\\)'))[1]::timestamptz) AS until
                  FROM pg_inherits i
                  JOIN pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'
                  JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE pg_table_is_visible(p.oid)
                 GROUP BY p.oid) AS tables
        """

    /// Nil if Postgres does not answer within a few seconds, refuses, or has no tables of ours.
    static func read(_ url: String) async -> DatabaseStatus? {
        let connection = PostgresConnection(
            configuration: PostgresConfiguration(
                url: url, name: "status", connectTimeout: .seconds(2), statementTimeout: .seconds(2)))
        guard (try? await connection.connect()) != nil else { return nil }
        let status = try? await connection.withSession { session in
            let gaps = try session.texts(gaps)
            let partitions = try session.texts(partitionsOfTables).first ?? []
            return DatabaseStatus(gaps: gaps, partitions: partitions)
        }
        await connection.close()
        return status
    }

    private init(gaps: [[String?]], partitions: [String?]) {
        gapsLastHour = Dictionary(
            gaps.compactMap { row in row[0].flatMap { name in row[1].flatMap { Int($0) }.map { (name, $0) } } },
            uniquingKeysWith: { first, _ in first })
        self.partitions = Partitions(
            count: partitions.first?.flatMap { Int($0) } ?? 0, until: partitions.last.flatMap { $0 })
    }

    init(gapsLastHour: [String: Int], partitions: Partitions) {
        self.gapsLastHour = gapsLastHour
        self.partitions = partitions
    }
}
