/// Something that took time in a stage, as OpenTelemetry has it.
package struct TraceSpan: Sendable, Equatable {
    /// What was done.
    package enum Name: String, Sendable, CaseIterable {
        case feedAppend = "touchline.feed.append"
        case processHop = "touchline.process.hop"
        case writeCommit = "touchline.write.commit"
        case broadcastSend = "touchline.broadcast.send"

        /// OpenTelemetry's kinds of who gives to a queue and who takes from it, by their numbers.
        var kind: Int { self == .feedAppend ? 4 : 5 }
    }

    package let name: Name
    /// Its own ids.
    package let context: TraceContext
    /// Nil at the beginning of a trace.
    package let parent: SpanID?
    /// Microseconds since 1970; the end is never before the start, whatever the clock does.
    package let start: Int64
    package let end: Int64
    package let attributes: [SpanAttribute]
    /// Others that it is about.
    package let links: [TraceContext]
    /// Links that there was no room for.
    package let droppedLinks: Int
    /// Why it did not succeed; nil if it did.
    package let failure: String?

    package init(
        _ name: Name, context: TraceContext, parent: SpanID? = nil, start: Int64, end: Int64,
        attributes: [SpanAttribute] = [], links: [TraceContext] = [], droppedLinks: Int = 0, failure: String? = nil
    ) {
        self.name = name
        self.context = context
        self.parent = parent
        self.start = start
        self.end = max(start, end)
        self.attributes = attributes
        self.links = links
        self.droppedLinks = droppedLinks
        self.failure = failure
    }
}

/// What spans tell of what was done.
package enum SpanAttribute: Sendable, Equatable {
    case feed(String)
    case entries(Int)
    case frames(Int)
    /// Of the payload.
    case bytes(Int)
    case rows(Int)
    /// Why a batch was written.
    case trigger(String)
}
