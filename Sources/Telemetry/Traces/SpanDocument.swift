import FoundationEssentials

/// Which process spans come from.
package struct TraceResource: Sendable, Equatable {
    /// Tells processes apart, such as `host-1-4711`.
    package var instance: String
    /// The stages that it runs, such as `feed,process`.
    package var stage: String

    package init(instance: String, stage: String) {
        self.instance = instance
        self.stage = stage
    }
}

/// OTLP's `ExportTraceServiceRequest` in its JSON form: ids in hexadecimal, 64-bit integers as texts.
package struct SpanDocument: Encodable {
    private let resourceSpans: [ResourceSpans]

    /// The body of the post that exports spans; none of them makes a request that changes nothing.
    package static func body(of spans: [TraceSpan], from resource: TraceResource) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts and integers only, which JSON can always express.
        return (try? encoder.encode(SpanDocument(spans, resource))).map { Array($0) } ?? []
    }

    private init(_ spans: [TraceSpan], _ resource: TraceResource) {
        let attributes = [
            Attribute("service.name", text: "touchline"), Attribute("service.version", text: BuildInfo.version),
            Attribute("service.instance.id", text: resource.instance),
            Attribute("touchline.stage", text: resource.stage),
        ]
        let scope = ScopeSpans(
            scope: .init(name: "touchline", version: BuildInfo.version), spans: spans.map { SpanItem($0) })
        resourceSpans =
            spans.isEmpty ? [] : [ResourceSpans(resource: .init(attributes: attributes), scopeSpans: [scope])]
    }

    private struct ResourceSpans: Encodable {
        struct Resource: Encodable { let attributes: [Attribute] }

        let resource: Resource
        let scopeSpans: [ScopeSpans]
    }

    private struct ScopeSpans: Encodable {
        struct Scope: Encodable {
            let name: String
            let version: String
        }

        let scope: Scope
        let spans: [SpanItem]
    }
}

private struct SpanItem: Encodable {
    struct Link: Encodable {
        let traceId: String
        let spanId: String
    }

    struct Status: Encodable {
        /// An error.
        var code = 2
        let message: String
    }

    let traceId: String
    let spanId: String
    let parentSpanId: String?
    let name: String
    let kind: Int
    let startTimeUnixNano: String
    let endTimeUnixNano: String
    let attributes: [Attribute]
    let links: [Link]
    let droppedLinksCount: Int?
    let status: Status?

    init(_ span: TraceSpan) {
        traceId = "\(span.context.traceID)"
        spanId = "\(span.context.spanID)"
        parentSpanId = span.parent.map { "\($0)" }
        name = span.name.rawValue
        kind = span.name.kind
        startTimeUnixNano = Self.nanoseconds(span.start)
        endTimeUnixNano = Self.nanoseconds(span.end)
        attributes = span.attributes.map { Attribute($0) }
        links = span.links.map { Link(traceId: "\($0.traceID)", spanId: "\($0.spanID)") }
        droppedLinksCount = span.droppedLinks == 0 ? nil : span.droppedLinks
        status = span.failure.map { Status(message: SecretMask.masked($0)) }
    }

    /// Unsigned in OTLP, and never beyond what its 64 bits hold.
    private static func nanoseconds(_ microseconds: Int64) -> String {
        String(UInt64(max(0, microseconds)).multipliedReportingOverflow(by: 1_000).partialValue)
    }
}

private struct Attribute: Encodable {
    struct Value: Encodable {
        var stringValue: String?
        var intValue: String?
    }

    let key: String
    let value: Value

    init(_ key: String, text: String) { (self.key, value) = (key, Value(stringValue: text)) }

    private init(_ key: String, _ number: Int) { (self.key, value) = (key, Value(intValue: "\(number)")) }

    init(_ attribute: SpanAttribute) {
        switch attribute {
        case .feed(let name): self.init("touchline.feed", text: name)
        case .entries(let count): self.init("touchline.entries", count)
        case .frames(let count): self.init("touchline.frames", count)
        case .bytes(let count): self.init("touchline.bytes", count)
        case .rows(let count): self.init("touchline.rows", count)
        case .trigger(let name): self.init("touchline.trigger", text: name)
        }
    }
}
