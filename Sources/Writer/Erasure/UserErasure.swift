import FeedModel
package import PostgresCopy

/// Replaces a user's id by a token wherever the history has it: raw frames, dead letters, bets; in this order, so that a run
/// that was interrupted can be told by the bets that are left, and repeated.
package struct UserErasure: Sendable {
    /// How many rows were changed.
    package struct Outcome: Sendable, Equatable {
        package var bets = 0
        package var rawEntries = 0
        package var letters = 0
        /// Letters in whose bytes nothing can be replaced: their payload is gone, and they cannot be replayed.
        package var emptiedLetters = 0
    }

    private let user: String
    private let token: String
    private let mentions: UserMentions

    package init(user: String, token: String) {
        self.user = user
        self.token = token
        mentions = UserMentions(user: user, token: token)
    }

    /// - Parameter connection: without a `statementTimeout`: all raw frames are looked through.
    package func run(
        _ connection: PostgresConnection, report: @Sendable (_ step: String) -> Void = { _ in }
    ) async throws -> Outcome {
        let tables = try await PartitionKeeper().listAll(connection)
        var outcome = Outcome()
        for table in tables where table.table == .rawFrames {
            report(table.name)
            outcome.rawEntries += try await eraseFrames(in: table.name, connection)
        }
        report("dead_letters")
        try await eraseLetters(connection, &outcome)
        for table in tables where table.table == .betEvents {
            report(table.name)
            outcome.bets += try await eraseBets(in: table.name, connection)
        }
        return outcome
    }

    private func eraseBets(in table: String, _ connection: PostgresConnection) async throws -> Int {
        try await connection.withSession { [user, token] session in
            try session.query(
                "UPDATE \(table) SET user_id = $2 WHERE user_id = $1", [.text(user), .text(token)]
            ).affectedRows
        }
    }

    // MARK: Raw frames

    private struct EntryKey: Sendable {
        var feedID: Int16 = .min
        var first: Int64 = .min
        var receivedAt: Int64 = 0
    }

    private static let entriesPerBatch: Int64 = 500

    /// What may mention the user: the id as it is, or any escape, behind which it may hide.
    private static let mayMention = "(position($1::bytea IN %) > 0 OR position('\\x5c'::bytea IN %) > 0)"

    private static func condition(_ column: String) -> String { mayMention.replacing("%", with: column) }

    private func eraseFrames(in table: String, _ connection: PostgresConnection) async throws -> Int {
        var key = EntryKey()
        var changed = 0
        while true {
            let after = key
            let batch = try await connection.withTransaction { try rewrite(table, after: after, $0) }
            changed += batch.changed
            guard let last = batch.last else { return changed }
            key = last
        }
    }

    private func rewrite(
        _ table: String, after key: EntryKey, _ session: borrowing PostgresSession
    ) throws -> (changed: Int, last: EntryKey?) {
        let rows = try session.query(
            """
            SELECT feed_id, first_frame, received_at, frames FROM \(table)
             WHERE (feed_id, first_frame) > ($2::smallint, $3::bigint) AND \(Self.condition("frames"))
             ORDER BY feed_id, first_frame LIMIT $4 FOR UPDATE
            """, [.bytea(mentions.user), .int16(key.feedID), .int64(key.first), .int64(Self.entriesPerBatch)])
        var keys: [EntryKey] = []
        var frames: [[UInt8]] = []
        var last: EntryKey?
        for row in 0..<rows.count {
            let place = EntryKey(
                feedID: rows.int16(row, 0) ?? 0, first: rows.int64(row, 1) ?? 0,
                receivedAt: rows.timestamptz(row, 2) ?? 0)
            last = place
            guard let section = rows.bytes(row, 3), let rewritten = RawFrames.rewritten(section, mentions.replaced)
            else { continue }
            keys.append(place)
            frames.append(rewritten)
        }
        if !keys.isEmpty {
            _ = try session.query(
                """
                UPDATE \(table) r SET frames = n.frames
                  FROM unnest($1::smallint[], $2::bigint[], $3::timestamptz[], $4::bytea[])
                       AS n (feed_id, first_frame, received_at, frames)
                 WHERE r.feed_id = n.feed_id AND r.first_frame = n.first_frame AND r.received_at = n.received_at
                """,
                [
                    .int16s(keys.map(\.feedID)), .int64s(keys.map(\.first)), .timestamptzs(keys.map(\.receivedAt)),
                    .byteas(frames),
                ])
        }
        return (keys.count, last)
    }

    // MARK: Letters

    private func eraseLetters(_ connection: PostgresConnection, _ outcome: inout Outcome) async throws {
        var after: Int64 = 0
        while true {
            let from = after
            let batch = try await connection.withTransaction { try rewriteLetters(after: from, $0) }
            outcome.letters += batch.changed
            outcome.emptiedLetters += batch.emptied
            guard let last = batch.last else { break }
            after = last
        }
        // A detail names field and value.
        try await connection.withSession { [user, token] session in
            _ = try session.query(
                """
                UPDATE dead_letters SET detail = replace(detail, $1, $2)
                 WHERE strpos(detail, 'user_id') > 0 AND strpos(detail, $1) > 0
                """, [.text(user), .text(token)])
        }
    }

    private func rewriteLetters(
        after: Int64, _ session: borrowing PostgresSession
    ) throws -> (changed: Int, emptied: Int, last: Int64?) {
        let rows = try session.query(
            """
            SELECT id, payload FROM dead_letters WHERE id > $2 AND \(Self.condition("payload"))
             ORDER BY id LIMIT $3 FOR UPDATE
            """, [.bytea(mentions.user), .int64(after), .int64(Self.entriesPerBatch)])
        var ids: [Int64] = []
        var payloads: [[UInt8]] = []
        var last: Int64?
        for row in 0..<rows.count {
            guard let id = rows.int64(row, 0), let payload = rows.bytes(row, 1) else { continue }
            last = id
            guard let rewritten = rewritten(payload) else { continue }
            ids.append(id)
            payloads.append(rewritten)
        }
        if !ids.isEmpty {
            _ = try session.query(
                """
                UPDATE dead_letters d
                   SET payload = n.payload,
                       state = CASE WHEN n.payload = '' AND d.state = 'new' THEN 'dropped' ELSE d.state END
                  FROM unnest($1::bigint[], $2::bytea[]) AS n (id, payload) WHERE d.id = n.id
                """, [.int64s(ids), .byteas(payloads)])
        }
        return (ids.count, payloads.count { $0.isEmpty }, last)
    }

    /// Nil if nothing is to be changed. Our own binary form of a message has lengths everywhere: it goes as a whole.
    private func rewritten(_ payload: [UInt8]) -> [UInt8]? {
        if let replaced = mentions.replaced(in: payload) { return replaced }
        let isText = payload.first.map { $0 >= 0x09 } ?? true
        return isText || !payload.contains(mentions.user) ? nil : []
    }
}
