/// Whole messages of one or more read cycles, back to back: per message `length u32 LE (bit 31: binary)`, its bytes.
///
/// The layout is that of the frames in a raw stream entry, so that a consumer can copy runs of messages as they stand.
/// Text messages are valid UTF-8. Behind the last byte `MessageBatch.readableSlack` zeroed bytes are readable once the
/// batch has left its connection, because vector scanners load past the end.
package struct MessageBatch: Sendable {
    /// Bytes behind `bytes` that may be read, though they are not part of it.
    package static let readableSlack = 64
    /// Set in a length word when the message is binary.
    package static let binaryFlag: UInt32 = 1 << 31

    /// The messages with their length words.
    package var bytes: [UInt8]
    /// How many messages `bytes` holds.
    package var messageCount: Int
    /// The read cycles that delivered the messages, oldest first.
    package var cycles: [ReadCycle]
    /// Messages that were over the limit and thrown away; only with `OversizedMessagePolicy.discard`.
    package var discarded: [DiscardedMessage]

    package init() {
        bytes = []
        messageCount = 0
        cycles = []
        discarded = []
    }

    /// Neither a message nor the trace of one that was discarded.
    package var isEmpty: Bool { messageCount == 0 && discarded.isEmpty }

    /// When the oldest message was taken from the socket, in microseconds since 1970; 0 for an empty batch.
    package var receivedAt: Int64 { cycles.first?.receivedAt ?? 0 }

    /// Appends a message behind the others.
    @inline(__always)
    mutating func append(_ message: UnsafeRawBufferPointer, isBinary: Bool) {
        let word = (UInt32(truncatingIfNeeded: message.count) | (isBinary ? Self.binaryFlag : 0)).littleEndian
        Swift.withUnsafeBytes(of: word) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: message)
        messageCount += 1
    }

    /// Empties the batch and keeps its memory.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        cycles.removeAll(keepingCapacity: true)
        discarded.removeAll()
        messageCount = 0
    }

    /// Appends another batch behind this one.
    mutating func append(_ other: borrowing MessageBatch) {
        let (byteOffset, messageIndex) = (bytes.count, messageCount)
        bytes.append(contentsOf: other.bytes)
        messageCount += other.messageCount
        for cycle in other.cycles {
            cycles.append(
                ReadCycle(
                    byteOffset: byteOffset + cycle.byteOffset, messageIndex: messageIndex + cycle.messageIndex,
                    receivedAt: cycle.receivedAt))
        }
        for message in other.discarded {
            discarded.append(
                DiscardedMessage(
                    messageIndex: messageIndex + message.messageIndex, byteCount: message.byteCount,
                    isBinary: message.isBinary, prefix: message.prefix))
        }
    }

    /// Zeroes the slack behind the last byte; called once, when the batch leaves its connection.
    mutating func seal() {
        let used = bytes.count
        // Also makes the storage ours alone: a copy made by the line after it would have no room behind the last byte.
        bytes.reserveCapacity(used + Self.readableSlack)
        bytes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            (base + used).initialize(repeating: 0, count: Self.readableSlack)
        }
    }

    /// Calls `body` with each message in order; the bytes are valid during the call only.
    package func forEachMessage<Failure: Error>(
        _ body: (_ message: UnsafeRawBufferPointer, _ isBinary: Bool) throws(Failure) -> Void
    ) throws(Failure) {
        var reader = MessageReader()
        try bytes.withUnsafeBufferPointer { (all) throws(Failure) in
            let all = UnsafeRawBufferPointer(all)
            while let next = reader.next(in: all) { try body(next.bytes, next.isBinary) }
        }
    }
}

/// What one read of the socket contributed to a batch.
package struct ReadCycle: Sendable, Hashable {
    /// Where its first message's length word stands in `MessageBatch.bytes`.
    package let byteOffset: Int
    /// The index of its first message in the batch.
    package let messageIndex: Int
    /// When the bytes were taken from the socket, in microseconds since 1970.
    package let receivedAt: Int64

    package init(byteOffset: Int, messageIndex: Int, receivedAt: Int64) {
        self.byteOffset = byteOffset
        self.messageIndex = messageIndex
        self.receivedAt = receivedAt
    }
}

/// The trace of a message that was over the limit.
package struct DiscardedMessage: Sendable, Hashable {
    /// How many messages of the batch came before it.
    package let messageIndex: Int
    /// How long it was, as far as its sender got.
    package let byteCount: Int
    package let isBinary: Bool
    /// Its first bytes, at most `DiscardedMessage.prefixBytes`, to identify it by.
    package let prefix: [UInt8]

    package static let prefixBytes = 1024

    package init(messageIndex: Int, byteCount: Int, isBinary: Bool, prefix: [UInt8]) {
        self.messageIndex = messageIndex
        self.byteCount = byteCount
        self.isBinary = isBinary
        self.prefix = prefix
    }
}

/// Walks the messages of a batch's bytes.
package struct MessageReader {
    /// Where the next length word stands.
    package private(set) var offset = 0

    package init() {}

    /// The next message, nil at the end. `all` must be the same bytes at every call.
    package mutating func next(in all: UnsafeRawBufferPointer) -> (bytes: UnsafeRawBufferPointer, isBinary: Bool)? {
        guard offset + 4 <= all.count else { return nil }
        let word = UInt32(littleEndian: all.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        let start = offset + 4
        let length = Int(word & ~MessageBatch.binaryFlag)
        guard start + length <= all.count else { return nil }
        offset = start + length
        return (UnsafeRawBufferPointer(rebasing: all[start..<offset]), word & MessageBatch.binaryFlag != 0)
    }
}
