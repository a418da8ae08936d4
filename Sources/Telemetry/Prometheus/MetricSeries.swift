import CoreMetrics
import Synchronization

/// One line, or the lines of one histogram: a metric with one set of label values.
protocol MetricSeries: AnyObject, Sendable {
    /// Appends the series' lines. `labels` is empty or `{name="value",…}`.
    func render(name: String, labels: String, into text: inout String)

    /// The number, of what is one number.
    var reading: Double? { get }
}

/// A floating-point number that many threads change.
private struct AtomicDouble: ~Copyable {
    private let bits: Atomic<UInt64>

    init(_ value: Double) { bits = Atomic(value.bitPattern) }

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    /// Adds to the value; one that is not a number yet counts as 0.
    func add(_ amount: Double) {
        var current = bits.load(ordering: .relaxed)
        while true {
            let value = Double(bitPattern: current)
            let sum = (value.isNaN ? 0 : value) + amount
            let result = bits.weakCompareExchange(
                expected: current, desired: sum.bitPattern, successOrdering: .relaxed, failureOrdering: .relaxed)
            if result.exchanged { return }
            current = result.original
        }
    }
}

/// A number that only grows. Exact up to 2⁵³.
final class CounterSeries: MetricSeries, CounterHandler, FloatingPointCounterHandler {
    private let total = AtomicDouble(0)

    func increment(by amount: Int64) {
        if amount > 0 { total.add(Double(amount)) }
    }

    func increment(by amount: Double) {
        if amount > 0, amount.isFinite { total.add(amount) }
    }

    func reset() { total.set(0) }

    var reading: Double? { total.value }

    func render(name: String, labels: String, into text: inout String) {
        text.append("\(name)\(labels) \(PrometheusText.number(total.value))\n")
    }
}

/// A number that goes up and down. NaN until it is first set: not known is not 0.
final class GaugeSeries: MetricSeries, MeterHandler, RecorderHandler {
    private let current = AtomicDouble(.nan)

    func set(_ value: Int64) { current.set(Double(value)) }
    func set(_ value: Double) { current.set(value) }
    func record(_ value: Int64) { current.set(Double(value)) }
    func record(_ value: Double) { current.set(value) }
    func increment(by amount: Double) { current.add(amount) }
    func decrement(by amount: Double) { current.add(-amount) }

    var reading: Double? { current.value }

    func render(name: String, labels: String, into text: inout String) {
        text.append("\(name)\(labels) \(PrometheusText.number(current.value))\n")
    }
}

/// A distribution in fixed buckets. Timers are recorded in nanoseconds and shown in seconds.
final class HistogramSeries: MetricSeries, RecorderHandler, TimerHandler {
    private struct State {
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    /// - Parameter bounds: upper bounds, ascending; one more bucket takes what is above them.
    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard !value.isNaN else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }

    var reading: Double? { nil }

    func render(name: String, labels: String, into text: inout String) {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        let inner = labels.isEmpty ? "{" : labels.dropLast() + ","
        var cumulative: UInt64 = 0
        for (bound, count) in zip(bounds + [.infinity], counts) {
            cumulative += count
            text.append("\(name)_bucket\(inner)le=\"\(PrometheusText.number(bound))\"} \(cumulative)\n")
        }
        text.append("\(name)_sum\(labels) \(PrometheusText.number(sum))\n")
        text.append("\(name)_count\(labels) \(cumulative)\n")
    }
}
