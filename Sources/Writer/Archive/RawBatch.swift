import FeedModel
import PostgresCopy

/// Entries of `raw` on their way into `raw_frames`, and the letters of those that no partition takes.
struct RawBatch: Sendable {
    /// One entry, as it came.
    struct Row: Sendable {
        let feedID: Int16
        let header: RawEntryHeader
        let payload: [UInt8]
        /// Where its frames begin.
        let frames: Range<Int>
    }

    /// What a transaction has written.
    struct Stored: Sendable {
        var rows = 0
        var bytes = 0
        /// Letters that are new.
        var letters = 0
    }

    private(set) var rows: [Row] = []
    private var letters: [(feedID: Int16, letter: DeadLetter)] = []

    var isEmpty: Bool { rows.isEmpty && letters.isEmpty }

    /// - Throws: `EntryError` for an entry that this build cannot read.
    mutating func append(_ payload: [UInt8], feedID: Int16) throws(EntryError) {
        let (header, frames) = try RawFrames.section(of: payload)
        rows.append(Row(feedID: feedID, header: header, payload: payload, frames: frames.indices))
    }

    /// From the earliest to the latest; nil if there is nothing to write.
    var times: ClosedRange<Timestamp>? {
        let times = rows.map(\.header.receivedAt)
        guard let first = times.min(), let last = times.max() else { return nil }
        return first...last
    }

    /// Makes letters of the entries for which `reason` knows why they have no place; how many those are.
    mutating func leaveOut(_ reason: (Row) -> String?) -> Int {
        let refused = rows.compactMap { row in
            reason(row).map { (feedID: row.feedID, letter: DeadLetter(homeless: row, $0)) }
        }
        guard !refused.isEmpty else { return 0 }
        letters += refused
        rows.removeAll { reason($0) != nil }
        return refused.count
    }

    private static let insert = """
        INSERT INTO raw_frames (feed_id, first_frame, received_at, kind, frames)
        SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::timestamptz[], $4::smallint[], $5::bytea[])
        ON CONFLICT DO NOTHING
        """

    /// Rows and letters, each once by its key.
    func write(_ session: borrowing PostgresSession) throws -> Stored {
        var stored = Stored()
        if !rows.isEmpty {
            let parameters: [PostgresValue] = [
                .int16s(rows.map(\.feedID)), .int64s(rows.map(\.header.first)),
                .timestamptzs(rows.map(\.header.receivedAt.microseconds)),
                .int16s(rows.map { Int16($0.header.kind.rawValue) }),
                .byteas(rows.map { Array($0.payload[$0.frames]) }),
            ]
            stored.rows = try session.query(Self.insert, parameters).affectedRows
            stored.bytes = rows.reduce(0) { $0 + $1.frames.count }
        }
        if !letters.isEmpty { stored.letters = try session.query(LetterInsert.statement(letters)).count }
        return stored
    }
}

extension DeadLetter {
    /// A raw entry without a partition, whole. It stands behind every message of its first frame, because the entry of `events`
    /// that came of it may become a letter as well; and an entry is nothing that could be sent through again, which would
    /// write its prices twice.
    fileprivate init(homeless row: RawBatch.Row, _ why: String) {
        self.init(
            position: Position(frame: row.header.first, ordinal: Position.messagesPerFrame - 1), stage: .writer,
            reason: .writeRejected, detail: "raw frames received at \(row.header.receivedAt): \(why)",
            payload: row.payload, receivedAt: row.header.receivedAt)
    }
}
