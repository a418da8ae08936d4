package import FeedModel
package import PostgresCopy

/// An entry of `raw` as the archive has it.
package struct ArchivedEntry: Sendable {
    /// Term and predecessor are the ledger's; what only a running feed needs is empty.
    package let header: RawEntryHeader
    /// As it stood in `raw`, with `RawEntry.readableSlack` bytes of capacity behind its end.
    package let payload: [UInt8]
    /// False: nothing of it was written yet, or the ledger no longer goes back so far.
    package let isInLedger: Bool

    /// What our own session said; nil for frames of the provider.
    package var control: ControlEvent? {
        header.kind == .control ? ArchivedFrames.control(in: payload, behindHeader: true) : nil
    }
}

/// A feed's raw frames as Postgres keeps them, with what the ledger says of each entry.
package struct ArchivedFrames: Sendable {
    private let feedID: Int16
    private let connection: PostgresConnection

    package init(feedID: Int16, connection: PostgresConnection) {
        self.feedID = feedID
        self.connection = connection
    }

    // MARK: Where to begin

    /// Where a decoder can begin without knowing anything of what was before.
    package enum Beginning: Sendable, Equatable {
        /// An image begins with this frame, or the feed itself does.
        case image(at: FrameNumber)
        /// The archive does not reach back to one: it begins with this frame.
        case middle(at: FrameNumber)
        /// There are no raw frames of the feed in this time.
        case nothing
    }

    /// The last image that the provider began to send before `time`.
    package func beginning(before time: Timestamp) async throws -> Beginning {
        var below = FrameNumber.max
        while true {
            let controls = try await controls(below: below, before: time)
            if let image = controls.first(where: { $0.event == .snapshotBegan }) { return .image(at: image.frame) }
            guard let last = controls.last else { return try await oldest() }
            below = last.frame
        }
    }

    private func controls(
        below frame: FrameNumber, before time: Timestamp
    ) async throws -> [(frame: FrameNumber, event: ControlEvent?)] {
        let statement = PostgresStatement(
            """
            SELECT first_frame, frames FROM raw_frames
             WHERE feed_id = $1 AND first_frame < $2 AND received_at < $3 AND kind IS DISTINCT FROM 0
             ORDER BY first_frame DESC LIMIT 256
            """, [.int16(feedID), .int64(frame), .timestamptz(time.microseconds)])
        return try await connection.withSession { session in
            let rows = try session.query(statement)
            return (0..<rows.count).map { row in
                (rows.int64(row, 0) ?? 0, rows.bytes(row, 1).flatMap { Self.control(in: $0, behindHeader: false) })
            }
        }
    }

    private func oldest() async throws -> Beginning {
        let statement = PostgresStatement(
            """
            SELECT r.first_frame, l.prev_frame FROM raw_frames r
              LEFT JOIN ingest_ledger l USING (feed_id, first_frame, received_at)
             WHERE r.feed_id = $1 ORDER BY r.first_frame LIMIT 1
            """, [.int16(feedID)])
        return try await connection.withSession { session in
            let rows = try session.query(statement)
            guard rows.count > 0, let first = rows.int64(0, 0) else { return .nothing }
            return rows.int64(0, 1) == 0 ? .image(at: first) : .middle(at: first)
        }
    }

    // MARK: Entries

    /// The next entries from `frame` on that were received before `time`.
    package func entries(from frame: FrameNumber, before time: Timestamp, limit: Int64) async throws -> [ArchivedEntry]
    {
        let statement = PostgresStatement(
            """
            SELECT r.first_frame, r.received_at, r.kind, r.frames, l.prev_frame, l.term FROM raw_frames r
              LEFT JOIN ingest_ledger l USING (feed_id, first_frame, received_at)
             WHERE r.feed_id = $1 AND r.first_frame >= $2 AND r.received_at < $3
             ORDER BY r.first_frame LIMIT $4
            """, [.int16(feedID), .int64(frame), .timestamptz(time.microseconds), .int64(limit)])
        return try await connection.withSession { session in
            let rows = try session.query(statement)
            var entries: [ArchivedEntry] = []
            entries.reserveCapacity(rows.count)
            for row in 0..<rows.count { entries.append(try Self.entry(rows, row)) }
            return entries
        }
    }

    private static func entry(_ rows: borrowing PostgresRows, _ row: Int) throws -> ArchivedEntry {
        guard let first = rows.int64(row, 0), let receivedAt = rows.timestamptz(row, 1), let frames = rows.bytes(row, 3)
        else { throw PostgresError.unexpectedResult("raw_frames has a row without frames") }
        guard let count = frameCount(frames), count > 0 else {
            throw PostgresError.unexpectedResult("raw_frames holds no whole frames at frame \(first)")
        }
        let isControl = rows.int16(row, 2).map { $0 == 1 } ?? (control(in: frames, behindHeader: false) != nil)
        let header = RawEntryHeader(
            kind: isControl ? .control : .frames,
            term: Term(rawValue: UInt64(bitPattern: rows.int64(row, 5) ?? 0)), first: first, frameCount: count,
            prev: rows.int64(row, 4) ?? 0, receivedAt: Timestamp(microseconds: receivedAt))
        var payload: [UInt8] = []
        payload.reserveCapacity(frames.count + 64 + RawEntry.readableSlack)
        RawEntry.append(header, to: &payload)
        payload.append(contentsOf: frames)
        return ArchivedEntry(header: header, payload: payload, isInLedger: !rows.isNull(row, 4))
    }

    /// Nil if the section does not end with a frame.
    private static func frameCount(_ section: [UInt8]) -> Int? {
        section.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            var count = 0
            while !cursor.isAtEnd {
                guard (try? RawEntry.frame(&cursor)) != nil else { return nil }
                count += 1
            }
            return count
        }
    }

    /// The control event that is all of `bytes`.
    static func control(in bytes: [UInt8], behindHeader: Bool) -> ControlEvent? {
        bytes.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            if behindHeader { _ = try? RawEntry.header(&cursor) }
            guard let frame = try? RawEntry.frame(&cursor), cursor.isAtEnd else { return nil }
            return try? ControlEvent(decoding: frame.bytes)
        }
    }
}
