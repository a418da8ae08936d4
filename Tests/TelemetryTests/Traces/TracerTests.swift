import Testing

@testable import Telemetry

/// Where spans wait: bounds, the second attempt, and what is counted.
struct TracerTests {
    private let metrics = PrometheusFactory()

    private func span(_ number: Int64) -> TraceSpan {
        var generator = SystemRandomNumberGenerator()
        return TraceSpan(.feedAppend, context: .root(using: &generator), start: number, end: number)
    }

    private func count(_ reason: String) -> Double {
        metrics.readings(of: "touchline_traces_dropped_total").first { $0.labels["reason"] == reason }?.value ?? -1
    }

    private var exported: Double { metrics.readings(of: "touchline_traces_exported_total").first?.value ?? -1 }

    @Test func whatThereIsNoRoomForIsDroppedAndCounted() throws {
        let tracer = Tracer(oneIn: 1, capacity: 3, metrics: metrics)
        #expect(count("full") == 0 && count("refused") == 0 && count("failed") == 0 && exported == 0)
        for number in 0..<5 { tracer.record(span(Int64(number))) }
        #expect(tracer.waiting == 3 && count("full") == 2)
        let portion = try #require(tracer.take(2))
        #expect(portion.spans.map(\.start) == [0, 1])
        #expect(tracer.waiting == 1)
        tracer.record(span(5))
        #expect(try #require(tracer.take(10)).spans.map(\.start) == [2, 5])
        #expect(tracer.take(10) == nil)
    }

    @Test func whatIsGivenBackGoesFirstAndOnlyOnce() throws {
        let tracer = Tracer(oneIn: 1, capacity: 4, metrics: metrics)
        for number in 0..<4 { tracer.record(span(Int64(number))) }
        tracer.giveBack(try #require(tracer.take(2)))
        #expect(tracer.waiting == 4 && count("failed") == 0)
        tracer.record(span(9))
        #expect(count("full") == 1, "what is given back has its place")
        let again = try #require(tracer.take(2))
        #expect(again.spans.map(\.start) == [0, 1])
        tracer.giveBack(again)
        #expect(tracer.waiting == 2 && count("failed") == 2)
        #expect(try #require(tracer.take(9)).spans.map(\.start) == [2, 3])
    }

    @Test func aPlaceThatIsTakenMeanwhileIsNotTakenBack() throws {
        let tracer = Tracer(oneIn: 1, capacity: 2, metrics: metrics)
        for number in 0..<2 { tracer.record(span(Int64(number))) }
        let portion = try #require(tracer.take(2))
        for number in 2..<4 { tracer.record(span(Int64(number))) }
        tracer.giveBack(portion)
        #expect(tracer.waiting == 2 && count("failed") == 2)
    }

    @Test func whatTheCollectorDoesNotWantIsCounted() throws {
        let tracer = Tracer(oneIn: 1, metrics: metrics)
        for number in 0..<6 { tracer.record(span(Int64(number))) }
        tracer.delivered(try #require(tracer.take(3)), refused: 1)
        tracer.refused(try #require(tracer.take(2)))
        tracer.delivered(try #require(tracer.take(1)), refused: 1_000)
        #expect(exported == 2 && count("refused") == 4)
    }

    @Test func aBatchIsAChildOfItsFirstAndLinkedToTheOthers() throws {
        var generator = SystemRandomNumberGenerator()
        let contexts = (0..<200).map { _ in TraceContext.root(using: &generator) }
        #expect(BatchSpan([]) == nil)
        let span = try #require(BatchSpan(contexts)).ended(.writeCommit, took: 40, at: 100, [.rows(7)])
        #expect(span.context.traceID == contexts[0].traceID && span.parent == contexts[0].spanID)
        #expect(span.context.spanID != contexts[0].spanID)
        #expect(span.links == Array(contexts[1...BatchSpan.maximumLinks]))
        #expect(span.droppedLinks == 199 - BatchSpan.maximumLinks)
        #expect(span.start == 60 && span.end == 100 && span.attributes == [.rows(7)])
    }

    @Test func aClockThatWentBackMakesNoSpanThatEndsBeforeItBegins() {
        var generator = SystemRandomNumberGenerator()
        let span = TraceSpan(.feedAppend, context: .root(using: &generator), start: 100, end: 90)
        #expect(span.end == 100)
    }
}
