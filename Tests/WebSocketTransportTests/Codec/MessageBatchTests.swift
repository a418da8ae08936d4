import Testing

@testable import WebSocketTransport

@Suite struct MessageBatchTests {
    private static func batch(_ texts: [String], receivedAt: Int64) -> MessageBatch {
        var batch = MessageBatch()
        batch.cycles.append(ReadCycle(byteOffset: 0, messageIndex: 0, receivedAt: receivedAt))
        for text in texts { Array(text.utf8).withUnsafeBytes { batch.append($0, isBinary: false) } }
        return batch
    }

    private static func texts(_ batch: MessageBatch) -> [String] {
        var texts: [String] = []
        batch.forEachMessage { message, _ in texts.append(String(decoding: message, as: UTF8.self)) }
        return texts
    }

    @Test func layoutIsLengthThenBytes() {
        var batch = MessageBatch()
        #expect(batch.isEmpty)
        [UInt8](arrayLiteral: 7, 8).withUnsafeBytes { batch.append($0, isBinary: true) }
        #expect(batch.bytes == [2, 0, 0, 0x80, 7, 8])
        #expect(batch.messageCount == 1)
    }

    @Test func appendingABatchMovesItsMarks() {
        var first = Self.batch(["a", "bc"], receivedAt: 10)
        var second = Self.batch(["def"], receivedAt: 20)
        second.discarded = [DiscardedMessage(messageIndex: 1, byteCount: 9, isBinary: false, prefix: [])]
        first.append(second)
        #expect(Self.texts(first) == ["a", "bc", "def"])
        #expect(first.cycles.last == ReadCycle(byteOffset: 11, messageIndex: 2, receivedAt: 20))
        #expect(first.discarded.map(\.messageIndex) == [3])
        #expect(first.receivedAt == 10)
    }

    @Test(arguments: [0, 1, 63, 64, 65, 1000, 70_000])
    func slackBehindASealedBatchIsZero(count: Int) {
        var batch = MessageBatch()
        [UInt8](repeating: 0xFF, count: count).withUnsafeBytes { batch.append($0, isBinary: false) }
        batch.seal()
        #expect(batch.bytes.capacity - batch.bytes.count >= MessageBatch.readableSlack)
        batch.bytes.withUnsafeBufferPointer { bytes in
            let slack = UnsafeBufferPointer(start: bytes.baseAddress.map { $0 + bytes.count }, count: 64)
            #expect(slack.allSatisfy { $0 == 0 })
        }
    }

    @Test func readerStopsAtATruncatedMessage() {
        var reader = MessageReader()
        [UInt8](arrayLiteral: 5, 0, 0, 0, 1).withUnsafeBytes { #expect(reader.next(in: $0) == nil) }
    }
}
