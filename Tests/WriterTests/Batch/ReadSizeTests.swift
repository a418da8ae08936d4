import FeedModel
import RedisStreams
import Testing

@testable import Writer

@Suite("How much a read asks for")
struct ReadSizeTests {
    @Test("large entries are read few at a time, small ones many")
    func sizes() {
        var size = ReadSize(most: 200)
        #expect(size.entries <= 2)
        for _ in 0..<10 { size.note(sizes: Array(repeating: 300, count: size.entries)) }
        #expect(size.entries == 200)
        size.note(sizes: Array(repeating: 2 << 20, count: 200))
        #expect(size.entries == 2)
        size.note(sizes: [8 << 20, 8 << 20])
        #expect(size.entries == 1)
        size.note(sizes: [])
        #expect(size.entries == 1, "nothing says that what follows is small")
    }

    @Test("it at most doubles, and one large entry among small ones is remembered for a while")
    func growth() {
        var size = ReadSize(first: 4, most: 100)
        size.note(sizes: [100])
        #expect(size.entries == 8)
        size.note(sizes: Array(repeating: 100, count: 7) + [1 << 20])
        #expect(size.entries == 4)
        size.note(sizes: [100, 100])
        #expect(size.entries == 4)
        for _ in 0..<40 { size.note(sizes: [100]) }
        #expect(size.entries == 100)
    }

    @Test("the bounds hold whatever they are")
    func bounds() {
        #expect(ReadSize(most: 0).entries == 1)
        #expect(ReadSize(first: 4, most: 3).entries == 3)
        var size = ReadSize(most: 10, bytes: 0)
        size.note(sizes: [0, 0])
        #expect(size.entries == 1)
    }

    @Test("a burst of full entries after quiet times brings no more than a batch may grow to")
    func burst() throws {
        let policy = BatchPolicy()
        var expectation = EntryExpectation(policy)
        var largest = 0
        func ask(_ expectation: EntryExpectation) -> Int {
            expectation.entriesToRead(.init(rows: 0, bytes: 0, age: .zero), isSinkBusy: true)
        }
        #expect(ask(expectation) == 2)
        for _ in 0..<1_000 { expectation.note(try reading(of: 1, bytes: 200)) }
        for _ in 0..<10 {
            let count = ask(expectation)
            largest = max(largest, count * 64 << 10)
            expectation.note(try reading(of: count, bytes: 64 << 10))
        }
        #expect(largest <= policy.maximumBytes)
        #expect(ask(expectation) == 64)
    }

    private func reading(of count: Int, bytes: Int) throws -> StreamIntake.Reading {
        let route = FeedRoute(index: 0, feedID: 1, streams: StreamNames(prefix: "t", feed: try #require(FeedName("a"))))
        let payload = [UInt8](repeating: 0, count: bytes)
        let entries = (1...count).map { StreamEntry(id: StreamID(UInt64($0)), payload: payload) }
        return StreamIntake.Reading(deliveries: [
            StreamIntake.Delivery(
                route: route, entries: entries, deleted: [], isRedelivered: false, isAlone: false)
        ])
    }
}
