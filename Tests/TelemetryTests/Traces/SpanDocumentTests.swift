import Testing

@testable import Telemetry

/// What a collector is sent, against the JSON form of OTLP.
struct SpanDocumentTests {
    private let resource = TraceResource(instance: "host-1-7", stage: "feed,write")

    private func context(_ text: String) throws -> TraceContext {
        try #require(Array(text.utf8).withUnsafeBytes { TraceContext(traceparent: $0) })
    }

    private func text(_ spans: [TraceSpan]) -> String {
        String(decoding: SpanDocument.body(of: spans, from: resource), as: UTF8.self)
    }

    @Test func aSpanIsWrittenAsTheProtocolSays() throws {
        let own = try context("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        let other = try context("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        let span = TraceSpan(
            .processHop, context: own, parent: other.spanID, start: 1_777_660_200_999_999, end: 1_777_660_201_000_000,
            attributes: [.feed("book \"a\""), .entries(3), .frames(5)], links: [other], droppedLinks: 2,
            failure: "redis://u:hush@h is away")
        let expected = #"""
            {"resourceSpans":[{"resource":{"attributes":[
            {"key":"service.name","value":{"stringValue":"touchline"}},
            {"key":"service.version","value":{"stringValue":"\#(BuildInfo.version)"}},
            {"key":"service.instance.id","value":{"stringValue":"host-1-7"}},
            {"key":"touchline.stage","value":{"stringValue":"feed,write"}}]},
            "scopeSpans":[{"scope":{"name":"touchline","version":"\#(BuildInfo.version)"},"spans":[{
            "attributes":[{"key":"touchline.feed","value":{"stringValue":"book \"a\""}},
            {"key":"touchline.entries","value":{"intValue":"3"}},
            {"key":"touchline.frames","value":{"intValue":"5"}}],
            "droppedLinksCount":2,"endTimeUnixNano":"1777660201000000000","kind":5,
            "links":[{"spanId":"00f067aa0ba902b7","traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}],
            "name":"touchline.process.hop","parentSpanId":"00f067aa0ba902b7","spanId":"b7ad6b7169203331",
            "startTimeUnixNano":"1777660200999999000","status":{"code":2,"message":"redis://u:***@h is away"},
            "traceId":"0af7651916cd43dd8448eb211c80319c"}]}]}]}
            """#
        #expect(text([span]) == expected.replacing("\n", with: ""))
    }

    @Test func aRootThatWentWellHasNeitherParentNorStatus() throws {
        let root = try context("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        let text = text([
            TraceSpan(.feedAppend, context: root, start: 1, end: 2, attributes: [.bytes(9), .trigger("rows")])
        ])
        #expect(!text.contains("parentSpanId") && !text.contains("status") && !text.contains("droppedLinksCount"))
        #expect(text.contains(#""kind":4"#) && text.contains(#""links":[]"#))
        #expect(text.contains(#"{"key":"touchline.bytes","value":{"intValue":"9"}}"#))
        #expect(text.contains(#"{"key":"touchline.trigger","value":{"stringValue":"rows"}}"#))
    }

    /// For who wants to know whether the collector takes anything.
    @Test func noSpansAreARequestAsWell() {
        #expect(text([]) == #"{"resourceSpans":[]}"#)
    }
}
