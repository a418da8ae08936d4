import ArgumentParser
import FeedModel
import PostgresCopy

/// A dead letter as `dlq` needs it.
struct StoredLetter: Sendable {
    let id: Int64
    let feed: String
    let provider: String
    let position: Int64
    let stage: UInt8
    let receivedAt: Int64
    let state: String
    let deliveries: Int32
    let payload: [UInt8]
}

/// What became of a letter so far.
struct LetterState: Sendable {
    let state: String
    let deliveries: Int32
    let detail: String
}

/// `dead_letters` as the commands use it.
struct LetterTable: Sendable {
    let connection: PostgresConnection

    private static let from = "FROM dead_letters d JOIN feeds f USING (feed_id) WHERE \(LetterFilter.condition)"

    /// Fails for a feed that the database does not know: a slip of the pen must not look like a feed without letters.
    func require(feed: String?) async throws {
        guard let feed else { return }
        let names = try await connection.withSession { try $0.texts("SELECT name FROM feeds ORDER BY name", []) }
        let known = names.compactMap { $0.first ?? nil }
        guard !known.contains(feed) else { return }
        throw CommandFailure(
            description: "no feed '\(feed.printable)' in the database; it has: "
                + (known.isEmpty ? "none" : known.joined(separator: ", ")), exitCode: ExitCode(2))
    }

    /// Reason, state and number of letters, the most first.
    func counts(_ parameters: [PostgresValue]) async throws -> [[String?]] {
        try await connection.withSession {
            try $0.texts(
                "SELECT letter_reason_name(d.reason), d.state, count(*) \(Self.from) GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
                parameters)
        }
    }

    /// Id, feed, stage, reason, state, first seen and detail, newest first.
    func list(_ parameters: [PostgresValue], limit: Int) async throws -> [[String?]] {
        let parameters = parameters + [.int64(Int64(limit))]
        return try await connection.withSession {
            try $0.texts(
                """
                SELECT d.id, f.name, letter_stage_name(d.stage), letter_reason_name(d.reason), d.state, d.first_seen, d.detail
                \(Self.from) ORDER BY d.id DESC LIMIT $9
                """, parameters)
        }
    }

    /// Ids in the order in which their messages stood.
    func ids(_ parameters: [PostgresValue]) async throws -> [Int64] {
        try await connection.withSession { session in
            let rows = try session.query("SELECT d.id \(Self.from) ORDER BY d.feed_id, d.position, d.stage", parameters)
            return (0..<rows.count).compactMap { rows.int64($0, 0) }
        }
    }

    /// The letters of `ids` that are there, in the order of `ids`.
    func letters(_ ids: [Int64]) async throws -> [StoredLetter] {
        try await connection.withSession { session in
            let rows = try session.query(
                """
                SELECT d.id, f.name, f.provider, d.position, d.stage, d.first_seen, d.state, d.deliveries, d.payload
                FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (id, place)
                JOIN dead_letters d USING (id) JOIN feeds f USING (feed_id) ORDER BY wanted.place
                """, [.int64s(ids)])
            return (0..<rows.count).map { row in
                StoredLetter(
                    id: rows.int64(row, 0) ?? 0, feed: rows.text(row, 1) ?? "", provider: rows.text(row, 2) ?? "",
                    position: rows.int64(row, 3) ?? 0, stage: UInt8(clamping: rows.int16(row, 4) ?? 0),
                    receivedAt: rows.timestamptz(row, 5) ?? 0, state: rows.text(row, 6) ?? "",
                    deliveries: rows.int32(row, 7) ?? 0, payload: rows.bytes(row, 8) ?? [])
            }
        }
    }

    func states(_ ids: [Int64]) async throws -> [Int64: LetterState] {
        try await connection.withSession { session in
            let rows = try session.query(
                "SELECT id, state, deliveries, detail FROM dead_letters WHERE id = ANY ($1::bigint[])", [.int64s(ids)])
            var states: [Int64: LetterState] = [:]
            for row in 0..<rows.count {
                guard let id = rows.int64(row, 0) else { continue }
                states[id] = LetterState(
                    state: rows.text(row, 1) ?? "", deliveries: rows.int32(row, 2) ?? 0, detail: rows.text(row, 3) ?? ""
                )
            }
            return states
        }
    }

    /// Marks letters that nobody sends through again; how many those were.
    func drop(_ ids: [Int64]) async throws -> Int {
        try await connection.withSession {
            try $0.query(
                "UPDATE dead_letters SET state = 'dropped' WHERE id = ANY ($1::bigint[]) AND state = 'new' RETURNING id",
                [.int64s(ids)]
            ).count
        }
    }
}
