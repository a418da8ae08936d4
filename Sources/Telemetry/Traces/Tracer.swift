package import Metrics
import Synchronization

/// Where the stages of a process leave their spans, and where what exports them finds them. A process that traces nothing
/// has none.
///
/// Never waits for anything and never grows: what there is no room for is dropped and counted.
package final class Tracer: Sendable {
    private let every: Int
    private let buffer: Mutex<SpanBuffer>
    private let metrics: TraceMetrics

    /// - Parameters:
    ///   - every: one entry in so many is traced.
    ///   - capacity: spans that wait to be exported, at most.
    package init(
        oneIn every: Int, capacity: Int = 2_048, metrics factory: any MetricsFactory = MetricsSystem.factory
    ) {
        self.every = every
        metrics = TraceMetrics(factory: factory)
        buffer = Mutex(SpanBuffer(capacity: capacity))
    }

    /// For the entries of one feed.
    package var sampler: TraceSampler { TraceSampler(oneIn: every) }

    /// Takes a span that has ended.
    package func record(_ span: TraceSpan) {
        if !buffer.withLock({ $0.append(span) }) { metrics.dropped(1, .full) }
    }

    // MARK: The export

    /// Spans that wait.
    package var waiting: Int { buffer.withLock { $0.count } }

    /// The oldest spans, `limit` at most; nil if none wait. Whoever takes them says what became of them.
    package func take(_ limit: Int) -> SpanPortion? { buffer.withLock { $0.take(limit) } }

    /// The collector has them.
    ///
    /// - Parameter refused: as many of them it did not want.
    package func delivered(_ portion: SpanPortion, refused: Int = 0) {
        let refused = min(max(0, refused), portion.spans.count)
        metrics.exported(portion.spans.count - refused)
        metrics.dropped(refused, .refused)
    }

    /// The collector does not want them.
    package func refused(_ portion: SpanPortion) { metrics.dropped(portion.spans.count, .refused) }

    /// The collector could not take them: they are tried once more.
    package func giveBack(_ portion: SpanPortion) {
        if !buffer.withLock({ $0.giveBack(portion) }) { metrics.dropped(portion.spans.count, .failed) }
    }
}
