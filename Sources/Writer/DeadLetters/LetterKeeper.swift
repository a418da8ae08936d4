import FeedModel
import Logging
import PostgresCopy
import Telemetry

/// How long dead letters are kept, and how many may wait for a person.
package struct LetterPolicy: Sendable, Equatable {
    /// From when the letter was written, however old its message was by then. What is still new at the end is dropped.
    package var keep: Duration
    /// More new letters than this are an alarm.
    package var warnAbove: Int

    package init(keep: Duration = .seconds(90 * 86_400), warnAbove: Int = 10_000) {
        self.keep = keep
        self.warnAbove = warnAbove
    }
}

/// Lets old letters go, and says when too many wait.
///
/// What takes room is the payload, and it goes first: the rest explains to `verify` why a message is missing from the history,
/// and stays as long as that part of the history does.
struct LetterKeeper {
    let policy: LetterPolicy
    let retry: SinkRetry
    let partitions: PartitionKeeper
    let health: HealthRegistry
    private var isAlarmed = false

    init(policy: LetterPolicy, retry: SinkRetry, partitions: PartitionKeeper, health: HealthRegistry) {
        self.policy = policy
        self.retry = retry
        self.partitions = partitions
        self.health = health
    }

    static let component = "dead letters"
    /// A statement's share: no lock is held for long.
    private static let lettersPerStatement: Int64 = 5_000

    // MARK: Size

    /// New letters of each feed; feeds without any come with 0.
    private static let counts = """
        SELECT f.name, (SELECT count(*) FROM dead_letters d WHERE d.feed_id = f.feed_id AND d.state = 'new') FROM feeds f
        """

    mutating func count() async throws {
        let connection = retry.connection
        let counts = try await retry.run(()) { _ in
            try await connection.withSession { session in
                let rows = try session.query(Self.counts)
                return (0..<rows.count).map { (feed: rows.text($0, 0) ?? "", count: rows.int64($0, 1) ?? 0) }
            }
        } mend: { _, _, _ in
            .wait
        }
        for (feed, count) in counts { retry.metrics.newLetters(Int(count), of: feed) }
        judge(counts.reduce(0) { $0 + Int($1.count) })
    }

    private mutating func judge(_ count: Int) {
        guard count > policy.warnAbove else {
            if isAlarmed { retry.logger.info("dead letters are below their alarm again") }
            isAlarmed = false
            return health.report(Self.component, .up)
        }
        let why = "\(count) wait to be replayed or dropped, more than dead_letters.warn_above (\(policy.warnAbove))"
        health.report(Self.component, .degraded(why))
        if !isAlarmed { retry.logger.warning("there are many dead letters", metadata: ["new": "\(count)"]) }
        isAlarmed = true
    }

    // MARK: Age

    private static let empty = """
        UPDATE dead_letters SET payload = '', state = CASE state WHEN 'new' THEN 'dropped' ELSE state END
        WHERE id IN (SELECT id FROM dead_letters WHERE written_at < $1 AND (state = 'new' OR octet_length(payload) > 0)
            ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
        RETURNING id
        """
    private static let forget = """
        DELETE FROM dead_letters WHERE id IN (
            SELECT id FROM dead_letters WHERE written_at < $1 AND first_seen < $3 ORDER BY id LIMIT $2
            FOR UPDATE SKIP LOCKED)
        RETURNING id
        """

    func retire(now: Timestamp = WallClock.now) async throws {
        let connection = retry.connection
        let limit = now - policy.keep
        let share = [PostgresValue.timestamptz(limit.microseconds), .int64(Self.lettersPerStatement)]
        let emptied = try await repeated(Self.empty, share)
        let facts = try await retry.run(()) { _ in
            try await partitions.list(connection)
        } mend: { _, _, _ in
            .wait
        }
        var forgotten = 0
        if let oldest = facts.filter({ $0.table == .ingestLedger }).map(\.from).min() {
            forgotten = try await repeated(Self.forget, share + [.timestamptz(oldest.microseconds)])
        }
        guard emptied + forgotten > 0 else { return }
        retry.logger.info(
            "old dead letters are let go", metadata: ["emptied": "\(emptied)", "forgotten": "\(forgotten)"])
    }

    /// Until nothing is left to do; how many letters that were.
    private func repeated(_ sql: String, _ parameters: [PostgresValue]) async throws -> Int {
        let connection = retry.connection
        var total = 0
        while !retry.stop.isRequested {
            let count = try await retry.run(()) { _ in
                try await connection.withSession { try $0.query(sql, parameters).count }
            } mend: { _, _, _ in
                .wait
            }
            total += count
            if count < Self.lettersPerStatement { break }
        }
        return total
    }
}
