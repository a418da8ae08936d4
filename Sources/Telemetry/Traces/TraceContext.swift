/// Where in which trace something stands: what W3C's `traceparent` says, version 00.
///
/// Is carried by sampled stream entries. Without references, so that an entry without one costs nothing to copy.
package struct TraceContext: Sendable, Hashable {
    package let traceID: TraceID
    /// The span that what comes next is the child of.
    package let spanID: SpanID
    /// Whether its spans are recorded.
    package let isSampled: Bool

    package init(traceID: TraceID, spanID: SpanID, isSampled: Bool = true) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
    }

    /// The beginning of a trace of its own.
    package static func root(using generator: inout some RandomNumberGenerator) -> TraceContext {
        TraceContext(traceID: TraceID(using: &generator), spanID: SpanID(using: &generator))
    }

    /// A new span of the same trace.
    package func child(using generator: inout some RandomNumberGenerator) -> TraceContext {
        TraceContext(traceID: traceID, spanID: SpanID(using: &generator), isSampled: isSampled)
    }

    private static let length = 55
    private static let sampledFlag: UInt64 = 1

    /// Reads `00-<32 hex>-<16 hex>-<2 hex>`; nil for anything else, and for ids that are all zero.
    package init?(traceparent bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.length, bytes[..<3].elementsEqual("00-".utf8), bytes[35] == UInt8(ascii: "-"),
            bytes[52] == UInt8(ascii: "-"),
            let traceID = TraceID(hexDigits: UnsafeRawBufferPointer(rebasing: bytes[3..<35])),
            let spanID = SpanID(hexDigits: UnsafeRawBufferPointer(rebasing: bytes[36..<52])),
            let flags = UInt64(hexDigits: UnsafeRawBufferPointer(rebasing: bytes[53...]))
        else { return nil }
        // The other flags mean nothing in this version.
        self.init(traceID: traceID, spanID: spanID, isSampled: flags & Self.sampledFlag != 0)
    }

    /// `00-<trace id>-<span id>-01`.
    package var traceparent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }
}
