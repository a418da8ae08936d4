import Metrics

/// What became of the spans.
struct TraceMetrics: Sendable {
    /// Why a span was dropped, as the label `reason`.
    enum Loss: String, CaseIterable {
        /// Too many waited.
        case full
        /// The collector does not want it.
        case refused
        /// The collector was away twice.
        case failed
    }

    private let exportedSpans: Counter
    private let droppedSpans: [Loss: Counter]

    init(factory: any MetricsFactory) {
        exportedSpans = Counter(label: "touchline_traces_exported_total", factory: factory)
        // All of them at once: a series that appears with a 1 shows no increase.
        let counters = Loss.allCases.map { loss in
            let labels = [("reason", loss.rawValue)]
            return (loss, Counter(label: "touchline_traces_dropped_total", dimensions: labels, factory: factory))
        }
        droppedSpans = Dictionary(uniqueKeysWithValues: counters)
    }

    func exported(_ count: Int) { exportedSpans.increment(by: count) }

    func dropped(_ count: Int, _ loss: Loss) { droppedSpans[loss]?.increment(by: count) }
}
