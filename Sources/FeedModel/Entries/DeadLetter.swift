/// A message that was refused, with what is needed to understand it and to send it through again.
///
/// Payload version 1, little-endian: `version u8, stage u8, reason u8, position i64, received_at i64 µs, deliveries u32`,
/// then detail, SQLSTATE and payload with u32 lengths. Its id in `dead` is `<frame>-<ordinal + 1>`.
package struct DeadLetter: Sendable, Equatable {
    package var position: Position
    package var stage: DeadLetterStage
    package var reason: DeadLetterReason
    /// Names the field and the value that were wrong.
    package var detail: String
    /// The server's verdict, for `write_rejected`.
    package var sqlState: String
    /// The message as the provider sent it.
    package var payload: [UInt8]
    package var receivedAt: Timestamp
    package var deliveries: Int

    package init(
        position: Position, stage: DeadLetterStage, reason: DeadLetterReason, detail: String, sqlState: String = "",
        payload: [UInt8], receivedAt: Timestamp, deliveries: Int = 1
    ) {
        self.position = position
        self.stage = stage
        self.reason = reason
        self.detail = detail
        self.sqlState = sqlState
        self.payload = payload
        self.receivedAt = receivedAt
        self.deliveries = deliveries
    }

    private static let version: UInt8 = 1

    package func encoded() -> [UInt8] {
        var buffer: [UInt8] = [Self.version, stage.rawValue, reason.rawValue]
        buffer.appendLittleEndian(position.rawValue)
        buffer.appendLittleEndian(receivedAt.microseconds)
        buffer.appendLittleEndian(UInt32(clamping: deliveries))
        for bytes in [Array(detail.utf8), Array(sqlState.utf8), payload] {
            buffer.appendLittleEndian(UInt32(bytes.count))
            buffer.append(contentsOf: bytes)
        }
        return buffer
    }

    package init(decoding payload: [UInt8]) throws {
        self = try payload.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            return try DeadLetter(&cursor)
        }
    }

    private init(_ cursor: inout ByteCursor) throws(EntryError) {
        let version = try cursor.integer(UInt8.self, "version")
        guard version == Self.version else { throw .unknownVersion(version) }
        guard let stage = DeadLetterStage(rawValue: try cursor.integer(UInt8.self, "stage")),
            let reason = DeadLetterReason(rawValue: try cursor.integer(UInt8.self, "reason"))
        else { throw .truncated("stage or reason") }
        self.stage = stage
        self.reason = reason
        position = Position(rawValue: try cursor.integer(Int64.self, "position"))
        receivedAt = Timestamp(microseconds: try cursor.integer(Int64.self, "received_at"))
        deliveries = Int(try cursor.integer(UInt32.self, "deliveries"))
        detail = try cursor.take(Int(try cursor.integer(UInt32.self, "detail")), "detail").string
        sqlState = try cursor.take(Int(try cursor.integer(UInt32.self, "sqlstate")), "sqlstate").string
        let length = Int(try cursor.integer(UInt32.self, "payload"))
        payload = [UInt8](copying: try cursor.take(length, "payload"))
    }
}
