/// A dead letter that is sent through again: whose place in the feed its message keeps.
///
/// In the header of an `events` entry: `position i64, received_at i64 µs, stage u8`.
package struct ReplayedLetter: Sendable, Hashable {
    package var position: Position
    /// Who had refused the message; with feed and position it names the letter.
    package var stage: DeadLetterStage
    /// When the message was received, long before it was replayed: what it is validated against and stored under.
    package var receivedAt: Timestamp

    package init(position: Position, stage: DeadLetterStage, receivedAt: Timestamp) {
        self.position = position
        self.stage = stage
        self.receivedAt = receivedAt
    }

    static let encodedBytes = 17

    init(_ cursor: inout ByteCursor) throws(EntryError) {
        position = Position(rawValue: try cursor.integer(Int64.self, "letter's position"))
        receivedAt = Timestamp(microseconds: try cursor.integer(Int64.self, "letter's received_at"))
        guard let stage = DeadLetterStage(rawValue: try cursor.integer(UInt8.self, "letter's stage")) else {
            throw .truncated("letter's stage")
        }
        self.stage = stage
    }

    func encode(to buffer: UnsafeMutableRawPointer) {
        buffer.storeBytes(of: position.rawValue.littleEndian, as: Int64.self)
        buffer.storeBytes(of: receivedAt.microseconds.littleEndian, toByteOffset: 8, as: Int64.self)
        buffer.storeBytes(of: stage.rawValue, toByteOffset: 16, as: UInt8.self)
    }
}
