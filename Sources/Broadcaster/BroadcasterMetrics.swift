import FeedModel
import Metrics
import Synchronization
import WebSocketTransport

/// What the Broadcaster counts; updated per batch.
struct BroadcasterMetrics: Sendable {
    private let factory: any MetricsFactory
    let receivedEntries: Counter
    /// Changes that were encoded.
    let emittedFrames: Counter
    /// Deltas handed to connections.
    private let deliveredFrames: Counter
    private let mergedAsked: Counter
    private let mergedSlowFrames: Counter
    private let resyncs: Counter
    private let connections: Counter
    /// Received by the FeedClient → written to the connections, of each batch's oldest entry.
    private let lag: Timer
    private let endToEnd: Timer
    let batchSeconds: Timer
    let batchEntries: Recorder
    let laneCount: Gauge
    private let subscriberGauge: Gauge
    private let subscriberCount: SubscriberCount

    init(factory: any MetricsFactory) {
        self.factory = factory
        func counter(_ name: String, _ labels: [(String, String)] = []) -> Counter {
            Counter(label: "touchline_broadcast_\(name)_total", dimensions: labels, factory: factory)
        }
        receivedEntries = counter("received_entries")
        emittedFrames = counter("emitted_frames")
        deliveredFrames = counter("frames")
        mergedAsked = counter("merged", [("cause", "asked")])
        mergedSlowFrames = counter("merged", [("cause", "slow")])
        resyncs = counter("resyncs")
        connections = counter("connections")
        lag = Timer(label: "touchline_broadcast_lag_seconds", factory: factory)
        endToEnd = Timer(label: "touchline_end_to_end_seconds", dimensions: [("to", "sent")], factory: factory)
        batchSeconds = Timer(label: "touchline_broadcast_batch_seconds", factory: factory)
        batchEntries = Recorder(label: "touchline_broadcast_batch_entries", aggregate: true, factory: factory)
        laneCount = Gauge(label: "touchline_broadcast_lanes", factory: factory)
        subscriberGauge = Gauge(label: "touchline_broadcast_subscribers", factory: factory)
        subscriberCount = SubscriberCount()
        subscriberGauge.record(0)
        // A series that appears with a 1 shows no increase.
        connections.increment(by: 0)
        for kind in ["redis", "entry", "chain", "checkpoint"] { counter("errors", [("kind", kind)]).increment(by: 0) }
        for code in CloseCode.ofSubscribers { counter("closes", [("code", "\(code)")]).increment(by: 0) }
    }

    /// The age of a batch's oldest entry when its frames have been written to an event loop's sockets.
    func written(after age: Duration) {
        let nanoseconds = max(0, age.microseconds) * 1_000
        lag.recordNanoseconds(nanoseconds)
        endToEnd.recordNanoseconds(nanoseconds)
    }

    /// - Parameter time: seconds since 1970. Without TLS there is no such series.
    func certificateExpires(at time: Int64) {
        Gauge(label: "touchline_broadcast_certificate_expiry_timestamp_seconds", factory: factory).record(time)
    }

    func count(_ changes: BookChanges) {
        receivedEntries.increment(by: changes.entries)
        for (reason, count) in [
            ("unchanged", changes.unchanged), ("outdated", changes.outdated), ("unknown", changes.unknown),
            ("key_collision", changes.collisions), ("not_broadcast", changes.notBroadcast),
        ] where count > 0 {
            counter("dropped", "reason", reason).increment(by: count)
        }
    }

    func emitted(_ frames: Int, merged: Int) {
        if frames > 0 { emittedFrames.increment(by: frames) }
        if merged > 0 { mergedAsked.increment(by: merged) }
    }

    func delivered(_ count: Int) {
        if count > 0 { deliveredFrames.increment(by: count) }
    }

    func mergedSlow(_ count: Int) { mergedSlowFrames.increment(by: count) }

    func resynced() { resyncs.increment() }

    /// A resume that succeeded, or why it did not.
    func resumed(_ reset: ResetReason?) {
        counter("resumes", "result", reset?.rawValue ?? "resumed").increment()
    }

    func refused(_ code: StaticString) { counter("refusals", "code", "\(code)").increment() }

    /// A request over HTTP: a resource, a stream that begins, or an upgrade that is refused.
    func answered(_ status: Int) { counter("requests", "status", "\(status)").increment() }

    func closed(_ code: CloseCode) { counter("closes", "code", "\(code)").increment() }

    /// An error of a closed set of kinds: redis, entry, chain, checkpoint.
    func failed(_ kind: StaticString) { counter("errors", "kind", "\(kind)").increment() }

    func subscriberOpened() {
        connections.increment()
        subscriberGauge.record(subscriberCount.add(1))
    }

    func subscriberClosed() { subscriberGauge.record(subscriberCount.add(-1)) }

    private func counter(_ name: String, _ label: String, _ value: String) -> Counter {
        Counter(label: "touchline_broadcast_\(name)_total", dimensions: [(label, value)], factory: factory)
    }
}

/// Open connections over all event loops.
private final class SubscriberCount: Sendable {
    private let count = Atomic<Int>(0)

    func add(_ change: Int) -> Int { count.add(change, ordering: .relaxed).newValue }
}
