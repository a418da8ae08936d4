import FeedModel
import Logging
import PostgresCopy
import RedisStreams
import Telemetry

/// Looks for entries whose predecessor was never written: a loss that nobody else can see. Only where nothing older is
/// pending any more, because until then the predecessor may still come.
struct ChainWatch {
    private let retry: SinkRetry
    private let redis: RedisConnection
    /// By feed: everything up to this frame was looked at.
    private var seen: [Int16: FrameNumber] = [:]
    /// By feed: what comes behind `seen` was received no sooner. It may be old: a backlog waits while nobody writes.
    private var since: [Int16: Timestamp]

    /// - Parameter written: when what each feed had in the ledger before this process was received last.
    init(retry: SinkRetry, redis: RedisConnection, written: [Int16: Timestamp]) {
        self.retry = retry
        self.redis = redis
        since = written
    }

    /// How far a new process looks back behind the last entry written; what is older is for `verify`.
    private static let window = Duration.seconds(120)

    /// When the last entry of each feed in the ledger was received. A feed without any is left out.
    static func lastWritten(_ feeds: [Int16], _ connection: PostgresConnection) async throws -> [Int16: Timestamp] {
        try await connection.withSession { session in
            let rows = try session.query(
                """
                SELECT f.feed_id, (SELECT l.received_at FROM ingest_ledger l WHERE l.feed_id = f.feed_id
                    ORDER BY l.first_frame DESC LIMIT 1) FROM unnest($1::smallint[]) AS f (feed_id)
                """, [.int16s(feeds)])
            return (0..<rows.count).reduce(into: [:]) { last, row in
                guard let feed = rows.int16(row, 0), let time = rows.timestamptz(row, 1) else { return }
                last[feed] = Timestamp(microseconds: time)
            }
        }
    }

    /// The predecessor is the entry that ends at `prev_frame`. Nearly always it is the one before in the ledger; only
    /// where it is not is it asked for by key: it starts at most 63 frames before its end. Before a feed's oldest entry
    /// nothing can be said to be missing, nor where a resumed term said it all again. An entry without a predecessor that is not the oldest began in an empty Redis: unless
    /// its feed knew of the loss and said so in the frames behind it, nobody else knows.
    private static let find = """
        WITH run AS (
            SELECT feed_id, first_frame, prev_frame, received_at, lag(last_frame) OVER (ORDER BY first_frame) AS before
            FROM ingest_ledger
            WHERE feed_id = $1 AND first_frame > $2 AND first_frame <= $3 AND received_at >= $4
        ),
        recorded AS (
            INSERT INTO feed_gaps (feed_id, position, kind, from_time, to_time, cause)
            SELECT feed_id, first_frame << 13, $5::smallint, (
                    SELECT o.received_at FROM ingest_ledger o
                    WHERE o.feed_id = e.feed_id AND o.first_frame < e.first_frame
                    ORDER BY o.first_frame DESC LIMIT 1), received_at, $6::text
            FROM run e
            WHERE CASE WHEN prev_frame > 0
                THEN before IS DISTINCT FROM prev_frame
                    AND NOT EXISTS (SELECT FROM ingest_ledger p WHERE p.feed_id = e.feed_id AND p.last_frame = e.prev_frame
                        AND p.first_frame <= e.prev_frame AND p.first_frame > e.prev_frame - 64)
                    AND NOT EXISTS (SELECT FROM resumed_terms t WHERE t.feed_id = e.feed_id
                        AND t.behind < e.prev_frame AND t.first_frame > e.prev_frame)
                ELSE NOT EXISTS (SELECT FROM feed_gaps g WHERE g.feed_id = e.feed_id AND g.kind = $5::smallint
                        AND g.position BETWEEN e.first_frame << 13 AND (e.first_frame + 16) << 13) END
                AND EXISTS (SELECT FROM ingest_ledger o WHERE o.feed_id = e.feed_id AND o.first_frame < e.first_frame)
            ORDER BY first_frame
            ON CONFLICT (feed_id, position) DO NOTHING RETURNING position)
        SELECT (SELECT count(*) FROM recorded), (SELECT max(received_at) FROM run)
        """

    mutating func look(at route: FeedRoute) async throws {
        guard let floor = try await redis.trimFloor(of: route.streams.events, groups: [ConsumerGroup.writer]) else {
            return
        }
        // The floor itself may be pending; what is below it is written.
        let upTo = FrameNumber(clamping: floor.milliseconds) - 1
        let from = seen[route.feedID] ?? 0
        guard upTo > from else { return }
        // What a feed without a past brings was all written since this process began.
        let start = min(since[route.feedID] ?? Timestamp(microseconds: 0), WallClock.now - Self.window)
        let statement = PostgresStatement(
            Self.find,
            [
                .int16(route.feedID), .int64(from), .int64(upTo),
                .timestamptz(start.microseconds), .int16(Int16(GapKind.lost.rawValue)),
                .text("the entry before this one was never written"),
            ])
        let connection = retry.connection
        let (found, last) = try await retry.run(()) { _ in
            try await connection.withSession { session in
                let rows = try session.query(statement)
                return (rows.int64(0, 0) ?? 0, rows.timestamptz(0, 1))
            }
        } mend: { _, _, _ in
            .wait
        }
        seen[route.feedID] = upTo
        // Times never go back within a feed.
        if let last { since[route.feedID] = Timestamp(microseconds: last) }
        guard found > 0 else { return }
        retry.logger.error(
            "entries are missing from the ledger: the loss is on record in feed_gaps",
            metadata: [LogKey.feed: "\(route.name)", LogKey.entries: "\(found)"])
    }
}
