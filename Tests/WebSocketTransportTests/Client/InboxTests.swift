import Testing

@testable import WebSocketTransport

@Suite struct InboxTests {
    private static func batch(_ texts: String...) -> MessageBatch {
        var batch = MessageBatch()
        for text in texts { Array(text.utf8).withUnsafeBytes { batch.append($0, isBinary: false) } }
        return batch
    }

    private static func texts(_ batch: MessageBatch?) -> [String]? {
        guard let batch else { return nil }
        var texts: [String] = []
        batch.forEachMessage { message, _ in texts.append(String(decoding: message, as: UTF8.self)) }
        return texts
    }

    @Test func everythingThatWaitsIsTakenAtOnce() async throws {
        let inbox = Inbox(watermarkBytes: 100)
        for text in ["a", "b", "c"] {
            var batch = Self.batch(text)
            #expect(inbox.offer(&batch))
            #expect(batch.isEmpty)
        }
        let taken = try await inbox.take(reusing: MessageBatch())
        #expect(Self.texts(taken.batch) == ["a", "b", "c"])
        #expect(!taken.mustResumeReading)
    }

    @Test func overTheWatermarkReadingStopsUntilTaken() async throws {
        let inbox = Inbox(watermarkBytes: 20)
        var batch = Self.batch("0123456789")
        #expect(inbox.offer(&batch))
        batch = Self.batch("0123456789")
        #expect(!inbox.offer(&batch))
        #expect(try await inbox.take(reusing: MessageBatch()).mustResumeReading)
        batch = Self.batch("x")
        #expect(inbox.offer(&batch))
        #expect(try await !inbox.take(reusing: MessageBatch()).mustResumeReading)
    }

    @Test func whatArrivedBeforeTheEndIsStillGiven() async throws {
        let inbox = Inbox(watermarkBytes: 100)
        var batch = Self.batch("last")
        _ = inbox.offer(&batch)
        inbox.finish(CloseReason(code: .goingAway))
        inbox.finish(CloseReason(code: .normal))
        #expect(Self.texts(try await inbox.take(reusing: MessageBatch()).batch) == ["last"])
        #expect(try await inbox.take(reusing: MessageBatch()).batch == nil)
        #expect(inbox.closeReason?.code == .goingAway)
    }

    @Test func aWaitingConsumerIsWokenByMessagesAndByTheEnd() async throws {
        let inbox = Inbox(watermarkBytes: 100)
        async let first = inbox.take(reusing: Self.batch("spent"))
        var batch = Self.batch("new")
        _ = inbox.offer(&batch)
        #expect(Self.texts(try await first.batch) == ["new"])
        async let second = inbox.take(reusing: MessageBatch())
        inbox.finish(nil)
        #expect(try await second.batch == nil)
    }

    @Test func cancellationEndsTheWaitAndLosesNothing() async throws {
        let inbox = Inbox(watermarkBytes: 100)
        let waiting = Task { try await inbox.take(reusing: MessageBatch()) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        var batch = Self.batch("kept")
        _ = inbox.offer(&batch)
        #expect(Self.texts(try await inbox.take(reusing: MessageBatch()).batch) == ["kept"])
    }

    @Test func aWakeEndsOneWaitWithAnEmptyBatch() async throws {
        let inbox = Inbox(watermarkBytes: 100)
        inbox.wake()
        #expect(Self.texts(try await inbox.take(reusing: MessageBatch()).batch) == [])
        let waiting = Task { try await inbox.take(reusing: MessageBatch()) }
        inbox.wake()
        #expect(Self.texts(try await waiting.value.batch) == [])
        inbox.finish(nil)
        #expect(try await inbox.take(reusing: MessageBatch()).batch == nil)
    }

    @Test func messagesOfManyOffersArriveInOrder() async throws {
        let inbox = Inbox(watermarkBytes: 1 << 30)
        let producer = Task {
            for number in 0..<2000 {
                var batch = Self.batch("\(number)")
                _ = inbox.offer(&batch)
            }
            inbox.finish(nil)
        }
        var expected = 0
        var spent = MessageBatch()
        while let batch = try await inbox.take(reusing: spent).batch {
            batch.forEachMessage { message, _ in
                #expect(String(decoding: message, as: UTF8.self) == "\(expected)")
                expected += 1
            }
            spent = batch
        }
        #expect(expected == 2000)
        await producer.value
    }
}
