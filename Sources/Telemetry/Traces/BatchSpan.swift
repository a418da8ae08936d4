/// The span of a batch that holds sampled entries, while it lasts: a child of the first one's context, linked to those of
/// the others.
package struct BatchSpan: Sendable {
    /// Its own ids.
    package let context: TraceContext
    private let parent: SpanID
    private var links: [TraceContext] = []
    private var droppedLinks = 0

    /// As many as OpenTelemetry's own libraries keep.
    static let maximumLinks = 128

    /// - Parameter first: the context of the batch's first sampled entry.
    package init(following first: TraceContext) {
        var generator = SystemRandomNumberGenerator()
        context = first.child(using: &generator)
        parent = first.spanID
    }

    /// Nil if no entry of the batch is sampled.
    package init?(_ contexts: [TraceContext]) {
        guard let first = contexts.first else { return nil }
        self.init(following: first)
        for other in contexts.dropFirst() { link(other) }
    }

    /// Another sampled entry of the batch.
    package mutating func link(_ other: TraceContext) {
        if links.count < Self.maximumLinks { links.append(other) } else { droppedLinks += 1 }
    }

    /// The span as of its end.
    ///
    /// - Parameters:
    ///   - microseconds: how long it took.
    ///   - end: microseconds since 1970.
    package func ended(
        _ name: TraceSpan.Name, took microseconds: Int64, at end: Int64 = SystemTime.now,
        _ attributes: [SpanAttribute], failure: String? = nil
    ) -> TraceSpan {
        TraceSpan(
            name, context: context, parent: parent, start: end - microseconds, end: end, attributes: attributes,
            links: links, droppedLinks: droppedLinks, failure: failure)
    }
}
