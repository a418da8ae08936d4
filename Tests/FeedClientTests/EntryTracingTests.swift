import FeedClient
import FeedModel
import Telemetry
import Testing

@Suite struct EntryTracingTests {
    private func entries(_ count: Int) -> [NumberedEntry] {
        (0..<count).map { number in
            let first = FrameNumber(number * 2)
            return NumberedEntry(
                first: first, last: first + 1, receivedAt: Timestamp(microseconds: 1_000), payload: [1, 2, 3])
        }
    }

    private func tracing(_ tracer: Tracer) throws -> EntryTracing {
        EntryTracing(tracer, feed: try #require(FeedName("book-a")))
    }

    @Test func eachPickedEntryBeginsATraceThatItsSpanHasTheIdsOf() throws {
        let tracer = Tracer(oneIn: 1)
        var tracing = try tracing(tracer)
        var entries = entries(3)
        tracing.pick(from: &entries)
        let contexts = entries.compactMap(\.trace)
        #expect(Set(contexts.map(\.traceID)).count == 3)
        #expect(tracer.waiting == 0, "nothing has been appended yet")
        tracing.appended(entries, at: Timestamp(microseconds: 5_000))
        let spans = try #require(tracer.take(9)).spans
        #expect(spans.map(\.context) == contexts)
        #expect(spans.allSatisfy { $0.parent == nil && $0.start == 1_000 && $0.end == 5_000 })
        #expect(spans.first?.attributes == [.feed("book-a"), .frames(2), .bytes(3), .entries(3)])
    }

    @Test func mostEntriesAreNotPicked() throws {
        let tracer = Tracer(oneIn: 1_000)
        var tracing = try tracing(tracer)
        var picked = 0
        for _ in 0..<100 {
            var entries = entries(100)
            tracing.pick(from: &entries)
            picked += entries.count { $0.trace != nil }
            tracing.appended(entries)
        }
        #expect((1...40).contains(picked))
        #expect(tracer.waiting == picked)
    }
}
