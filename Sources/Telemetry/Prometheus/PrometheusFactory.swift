package import CoreMetrics
import Synchronization

/// The back end of swift-metrics: keeps every metric in memory and writes them as Prometheus' text format 0.0.4.
///
/// Making a metric looks it up by name and labels under a lock and gives everyone who asks for the same one the same
/// series; updating one touches only that series. So stages make their metrics once and keep them. A name belongs to
/// the kind that took it first: another kind under the same name records into nothing, which `conflicts` counts.
package final class PrometheusFactory: MetricsFactory {
    private enum Kind: String {
        case counter, gauge, histogram
    }

    private struct Family {
        var kind: Kind
        var series: [String: any MetricSeries] = [:]
        /// The labels of each series, apart.
        var dimensions: [String: [String: String]] = [:]
    }

    /// What a counter or gauge is at the moment.
    package struct Reading: Sendable {
        package let labels: [String: String]
        package let value: Double
    }

    private struct State {
        var families: [String: Family] = [:]
        var descriptions: [String: String] = MetricDescriptions.texts
        var conflicts = 0
    }

    private let state = Mutex(State())
    private let buckets: HistogramBuckets

    package init(buckets: HistogramBuckets = HistogramBuckets()) {
        self.buckets = buckets
    }

    /// The content type to send `render()` with.
    package static var contentType: String { PrometheusText.contentType }

    /// Gives a metric the text of its `HELP` line.
    package func describe(_ name: String, _ text: String) {
        state.withLock { $0.descriptions[PrometheusText.metricName(name)] = text }
    }

    /// How often a name was asked for as another kind than it has: a mistake in our own code.
    package var conflicts: Int { state.withLock { $0.conflicts } }

    /// Everything, sorted by name and labels, with the process' own figures at the end.
    package func render() -> String {
        let (families, descriptions) = state.withLock { ($0.families, $0.descriptions) }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            Self.appendHead(name, family.kind.rawValue, descriptions[name], to: &text)
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.render(name: name, labels: labels, into: &text)
            }
        }
        for metric in ProcessMetrics.current() {
            Self.appendHead(metric.name, metric.kind, metric.help, to: &text)
            text.append("\(metric.name)\(metric.labels) \(PrometheusText.number(metric.value))\n")
        }
        return text
    }

    /// Every series of a counter or gauge, for whoever judges them in the process itself; none of what nobody has made.
    package func readings(of name: String) -> [Reading] {
        guard let family = state.withLock({ $0.families[name] }) else { return [] }
        return family.series.compactMap { labels, series in
            series.reading.map { Reading(labels: family.dimensions[labels] ?? [:], value: $0) }
        }
    }

    private static func appendHead(_ name: String, _ kind: String, _ help: String?, to text: inout String) {
        if let help { text.append("# HELP \(name) \(PrometheusText.escaped(help, quotes: false))\n") }
        text.append("# TYPE \(name) \(kind)\n")
    }

    private func series<Series: MetricSeries>(
        _ label: String, _ dimensions: [(String, String)], _ kind: Kind, make: (String) -> Series
    ) -> Series {
        let name = PrometheusText.metricName(label)
        let labels = PrometheusText.labels(dimensions)
        return state.withLock { state in
            if let known = state.families[name] {
                guard known.kind == kind else {
                    state.conflicts += 1
                    return make(name)
                }
                if let series = known.series[labels] as? Series { return series }
            }
            let series = make(name)
            state.families[name, default: Family(kind: kind)].series[labels] = series
            state.families[name]?.dimensions[labels] = Dictionary(dimensions) { $1 }
            return series
        }
    }

    private func destroy(_ handler: AnyObject) {
        state.withLock { state in
            for (name, family) in state.families {
                for (labels, series) in family.series where series === handler {
                    state.families[name]?.series[labels] = nil
                }
            }
        }
    }
}

extension PrometheusFactory {
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter) { _ in CounterSeries() }
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, .counter) { _ in CounterSeries() }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge) { _ in GaugeSeries() }
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return series(label, dimensions, .gauge) { _ in GaugeSeries() } }
        return series(label, dimensions, .histogram) { HistogramSeries(bounds: buckets.bounds(for: $0)) }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram) { HistogramSeries(bounds: buckets.bounds(for: $0)) }
    }

    package func destroyCounter(_ handler: any CounterHandler) { destroy(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { destroy(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { destroy(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { destroy(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { destroy(handler) }
}
