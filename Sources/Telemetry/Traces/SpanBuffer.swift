/// Spans that wait to be exported, never more than there is room for.
struct SpanBuffer: Sendable {
    private let capacity: Int
    private var spans: [TraceSpan] = []
    /// What an export did not get rid of; goes with the next one.
    private var returned: SpanPortion?

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { spans.count + (returned?.spans.count ?? 0) }

    /// False if there is no room for it.
    mutating func append(_ span: TraceSpan) -> Bool {
        guard count < capacity else { return false }
        spans.append(span)
        return true
    }

    /// The oldest ones, `limit` at most; nil if there are none.
    mutating func take(_ limit: Int) -> SpanPortion? {
        if let portion = returned {
            returned = nil
            return portion
        }
        guard !spans.isEmpty else { return nil }
        let portion = SpanPortion(spans: Array(spans.prefix(limit)), isSecondAttempt: false)
        spans.removeFirst(portion.spans.count)
        return portion
    }

    /// What could not be exported now; false if it has had its second attempt or its place is taken.
    mutating func giveBack(_ portion: SpanPortion) -> Bool {
        guard !portion.isSecondAttempt, returned == nil, count + portion.spans.count <= capacity else { return false }
        returned = SpanPortion(spans: portion.spans, isSecondAttempt: true)
        return true
    }
}

/// Spans that are exported together.
package struct SpanPortion: Sendable, Equatable {
    package let spans: [TraceSpan]
    let isSecondAttempt: Bool
}
