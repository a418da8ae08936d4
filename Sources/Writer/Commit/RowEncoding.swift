import FeedModel
import PostgresCopy

/// The rows of each history table in COPY's binary format, columns in the order of `CopyTarget`.
enum RowEncoding {
    /// Whether a row, by its entry number and position, is to be written; nil means all are.
    typealias Filter = (_ entry: Int32, _ position: Int64) -> Bool

    static func odds(
        _ batch: WriteBatch, _ order: [UInt32], _ resolved: ResolvedDimensions, isWanted: Filter?
    ) -> EncodedRows {
        let stamps = EntryStamps(batch)
        var encoder = BinaryCopyEncoder(capacity: order.count * 112 + 64)
        var written = order
        if let isWanted {
            written = order.filter { isWanted(batch.odds[Int($0)].entry, batch.odds[Int($0)].position) }
        }
        batch.odds.withUnsafeBufferPointer { rows in
            for index in written {
                let row = rows[Int(index)]
                encoder.beginRow(columns: 11)
                stamps.encode(row.entry, row.position, row.sourceTime, &encoder)
                encoder.int32(resolved.selection(row.selection))
                encoder.int16(stamps.feedID(row.entry))
                encoder.int16(Int16(row.status))
                encoder.optionalNumeric(row.odd)
                encoder.optionalNumeric(row.lay)
                encoder.optionalNumeric(row.backSize)
                encoder.optionalNumeric(row.laySize)
                encoder.optionalNumeric(row.lastTraded)
            }
        }
        return EncodedRows(encoder, written)
    }

    static func bets(
        _ batch: WriteBatch, _ order: [UInt32], _ resolved: ResolvedDimensions, isWanted: Filter?
    ) -> EncodedRows {
        let stamps = EntryStamps(batch)
        var encoder = BinaryCopyEncoder(capacity: order.count * 192 + 64)
        let written = order.filter { index in
            isWanted.map { $0(batch.bets[Int(index)].entry, batch.bets[Int(index)].position) } ?? true
        }
        batch.arena.withUnsafeBytes { arena in
            for index in written {
                let row = batch.bets[Int(index)]
                encoder.beginRow(columns: 14)
                stamps.encode(row.entry, row.position, row.sourceTime, &encoder)
                encoder.int32(resolved.fixture(row.fixture))
                encoder.int32(resolved.selection(row.selection))
                encoder.int16(stamps.feedID(row.entry))
                encoder.int16(Int16(row.status))
                encoder.numeric(scaled: row.amount)
                encoder.numeric(scaled: row.odd)
                encoder.numeric(scaled: row.potentialWin)
                encoder.text(arena.text(row.betID))
                encoder.text(arena.text(row.userID))
                encoder.optionalText(arena.text(row.currency))
                encoder.int16(Int16(row.side))
            }
        }
        return EncodedRows(encoder, written)
    }

    static func fixtures(
        _ batch: WriteBatch, _ order: [UInt32], _ resolved: ResolvedDimensions, isWanted: Filter?
    ) -> EncodedRows {
        let stamps = EntryStamps(batch)
        var encoder = BinaryCopyEncoder(capacity: order.count * 160 + 64)
        let written = order.filter { index in
            isWanted.map { $0(batch.fixtures[Int(index)].entry, batch.fixtures[Int(index)].position) } ?? true
        }
        batch.arena.withUnsafeBytes { arena in
            for index in written {
                let row = batch.fixtures[Int(index)]
                encoder.beginRow(columns: 15)
                stamps.encode(row.entry, row.position, row.sourceTime, &encoder)
                encoder.optionalTime(row.startTime)
                encoder.int32(resolved.fixture(row.fixture))
                encoder.optionalScore(row.homeScore)
                encoder.optionalScore(row.awayScore)
                encoder.int16(stamps.feedID(row.entry))
                encoder.int16(Int16(row.status))
                for text in row.description { encoder.optionalText(arena.text(text)) }
            }
        }
        return EncodedRows(encoder, written)
    }

    static func settlements(
        _ batch: WriteBatch, _ order: [UInt32], _ resolved: ResolvedDimensions, isWanted: Filter?
    ) -> EncodedRows {
        let stamps = EntryStamps(batch)
        var encoder = BinaryCopyEncoder(capacity: order.count * 96 + 64)
        let written = order.filter { index in
            isWanted.map { $0(batch.settlements[Int(index)].entry, batch.settlements[Int(index)].position) } ?? true
        }
        for index in written {
            let row = batch.settlements[Int(index)]
            encoder.beginRow(columns: 6)
            stamps.encode(row.entry, row.position, row.sourceTime, &encoder)
            encoder.int32(resolved.selection(row.selection))
            encoder.int16(stamps.feedID(row.entry))
            encoder.int16(Int16(row.result))
        }
        return EncodedRows(encoder, written)
    }
}

/// Feed and receipt of each entry, side by side: rows are visited by selection, in no order of entries.
private struct EntryStamps {
    private let feedIDs: [Int16]
    private let receivedAt: [Int64]

    init(_ batch: WriteBatch) {
        feedIDs = batch.entries.map(\.feedID)
        receivedAt = batch.entries.map(\.rowsReceivedAt.microseconds)
    }

    @inline(__always)
    func feedID(_ entry: Int32) -> Int16 { feedIDs[Int(entry)] }

    /// `received_at, position, source_time`, with which every history table begins.
    @inline(__always)
    func encode(_ entry: Int32, _ position: Int64, _ sourceTime: Int64, _ encoder: inout BinaryCopyEncoder) {
        encoder.timestamptz(microsecondsSince1970: receivedAt[Int(entry)])
        encoder.int64(position)
        encoder.optionalTime(sourceTime)
    }
}

extension BinaryCopyEncoder {
    @inline(__always)
    fileprivate mutating func optionalNumeric(_ scaled: Int64) {
        if scaled == Absent.value { null() } else { numeric(scaled: scaled) }
    }

    @inline(__always)
    fileprivate mutating func optionalTime(_ microseconds: Int64) {
        if microseconds == Absent.value { null() } else { timestamptz(microsecondsSince1970: microseconds) }
    }

    fileprivate mutating func optionalScore(_ score: Int32) {
        if score == Absent.score { null() } else { int32(score) }
    }

    fileprivate mutating func optionalText(_ text: UnsafeRawBufferPointer) {
        if text.isEmpty { null() } else { self.text(text) }
    }
}
