/// A term that went on from the provider's stored token: what the provider sends may be in Postgres already.
///
/// It is when Redis came back older than what had been written, and the feed's owner died before it could append that again. In the
/// header of an `events` entry: `first i64, behind i64, since i64, resumed_from i64`.
package struct ResumedTerm: Sendable, Hashable {
    /// The term's first frame, which names it.
    package var first: FrameNumber
    /// Where the log went on: whatever the ledger holds between this frame and the term is not in the log any more.
    package var behind: FrameNumber
    /// The same of the first of several short terms in a row: what was lost before them may still be repeated in this one.
    package var since: FrameNumber
    /// The last sequence that the log still held; 0 if the provider counts nothing.
    package var sequence: Int64

    package init(first: FrameNumber, behind: FrameNumber, since: FrameNumber? = nil, sequence: Int64) {
        self.first = first
        self.behind = behind
        self.since = since ?? behind
        self.sequence = sequence
    }

    static let encodedBytes = 32

    init(_ cursor: inout ByteCursor) throws(EntryError) {
        first = try cursor.integer(Int64.self, "term's first frame")
        behind = try cursor.integer(Int64.self, "frame before the term")
        since = try cursor.integer(Int64.self, "frame before the terms")
        sequence = try cursor.integer(Int64.self, "sequence before the term")
    }

    func encode(to buffer: UnsafeMutableRawPointer) {
        for (index, word) in [first, behind, since, sequence].enumerated() {
            buffer.storeBytes(of: word.littleEndian, toByteOffset: index * 8, as: Int64.self)
        }
    }
}

/// Which sequence of the provider each message of an entry has. Most entries hold one message a frame, counted up: only what
/// departs from that is noted, as an event of its own.
package struct SequenceCount: Sendable {
    private var position: Position
    private var sequence: Int64

    /// - Parameter sequence: of the message at the entry's first frame.
    package init(from first: FrameNumber, sequence: Int64) {
        position = Position(frame: first, ordinal: 0)
        self.sequence = sequence
    }

    /// The sequence that a message at `place` has, unless something else is noted.
    package func sequence(at place: Position) -> Int64 {
        sequence + (place.frame - position.frame) + Int64(place.ordinal) - Int64(position.ordinal)
    }

    /// From `place` on, messages are counted from `sequence`.
    package mutating func note(_ sequence: Int64, at place: Position) {
        position = place
        self.sequence = sequence
    }
}
