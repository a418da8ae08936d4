/// The head of one entry of a feed's `events` stream: everything one raw entry became, under the same id.
///
/// Payload version 1, little-endian: `version u8, flags u8 (bit 0: control), events u32, term u64, first i64, last i64,
/// prev i64, received_at i64 µs, first_seq i64, last_seq i64`, then the events (`EventsEntryEncoder` has their layout).
///
/// Version 2 is a dead letter that was sent through again. Its header goes on with the `ReplayedLetter`, and its events are
/// relative to the letter's frame.
///
/// Version 3 is of a term that resumed. Its header goes on with the `ResumedTerm`.
package struct EventsEntryHeader: Sendable, Equatable {
    package var isControl: Bool
    package var eventCount: Int
    package var term: Term
    package var first: FrameNumber
    package var last: FrameNumber
    package var prev: FrameNumber
    package var receivedAt: Timestamp
    /// Lowest and highest sequence of the provider among the entry's messages; 0 if they carry none.
    package var firstSequence: Int64
    package var lastSequence: Int64
    /// The letter that the events come from; nil for what came from the provider just then.
    package var letter: ReplayedLetter?
    /// The term, if it went on from the provider's stored token; nil for control entries and letters.
    package var resumed: ResumedTerm?

    package init(_ raw: RawEntryHeader, replaying letter: ReplayedLetter? = nil, resumed: ResumedTerm? = nil) {
        self.letter = letter
        self.resumed = letter == nil ? resumed : nil
        isControl = raw.kind == .control
        eventCount = 0
        term = raw.term
        first = raw.first
        last = raw.last
        prev = raw.prev
        receivedAt = raw.receivedAt
        firstSequence = 0
        lastSequence = 0
    }

    package init(decoding payload: [UInt8]) throws(EntryError) {
        do {
            self = try payload.withUnsafeBytes { bytes in
                var cursor = ByteCursor(bytes)
                return try EventsEntryHeader(&cursor)
            }
        } catch let error as EntryError {
            throw error
        } catch {
            throw .truncated("header")
        }
    }

    package static let version: UInt8 = 1
    /// Of a replayed letter. A build that does not know it stops, rather than take the events for news.
    package static let letterVersion: UInt8 = 2

    /// Of a resumed term. A build that does not know it would write what is written already.
    package static let resumedVersion: UInt8 = 3

    package var encodedBytes: Int {
        if letter != nil { return 62 + ReplayedLetter.encodedBytes }
        return resumed == nil ? 62 : 62 + ResumedTerm.encodedBytes
    }

    private var version: UInt8 {
        if letter != nil { return Self.letterVersion }
        return resumed == nil ? Self.version : Self.resumedVersion
    }

    /// The frame that the events' positions are relative to.
    package var baseFrame: FrameNumber { letter?.position.frame ?? first }

    package init(_ cursor: inout ByteCursor) throws(EntryError) {
        let version = try cursor.integer(UInt8.self, "version")
        guard (Self.version...Self.resumedVersion).contains(version) else { throw .unknownVersion(version) }
        isControl = try cursor.integer(UInt8.self, "flags") & 1 != 0
        eventCount = Int(try cursor.integer(UInt32.self, "event count"))
        term = Term(rawValue: try cursor.integer(UInt64.self, "term"))
        first = try cursor.integer(Int64.self, "first frame")
        last = try cursor.integer(Int64.self, "last frame")
        prev = try cursor.integer(Int64.self, "previous frame")
        receivedAt = Timestamp(microseconds: try cursor.integer(Int64.self, "received_at"))
        firstSequence = try cursor.integer(Int64.self, "first_seq")
        lastSequence = try cursor.integer(Int64.self, "last_seq")
        letter = version == Self.letterVersion ? try ReplayedLetter(&cursor) : nil
        resumed = version == Self.resumedVersion ? try ResumedTerm(&cursor) : nil
    }

    func encode(to buffer: UnsafeMutableRawPointer) {
        buffer.storeBytes(of: version, toByteOffset: 0, as: UInt8.self)
        buffer.storeBytes(of: isControl ? 1 : 0, toByteOffset: 1, as: UInt8.self)
        buffer.storeBytes(of: UInt32(eventCount).littleEndian, toByteOffset: 2, as: UInt32.self)
        buffer.storeBytes(of: term.rawValue.littleEndian, toByteOffset: 6, as: UInt64.self)
        let words = [first, last, prev, receivedAt.microseconds, firstSequence, lastSequence]
        for (index, word) in words.enumerated() {
            buffer.storeBytes(of: word.littleEndian, toByteOffset: 14 + index * 8, as: Int64.self)
        }
        letter?.encode(to: buffer + 62)
        resumed?.encode(to: buffer + 62)
    }
}
