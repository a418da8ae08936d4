package import FeedModel
package import Telemetry

/// Picks the entries of one feed that are traced, and records how they came into Redis. Each begins a trace of its own.
package struct EntryTracing: Sendable {
    private let tracer: Tracer
    private let feed: FeedName
    private var sampler: TraceSampler

    package init(_ tracer: Tracer, feed: FeedName) {
        self.tracer = tracer
        self.feed = feed
        sampler = tracer.sampler
    }

    /// Gives those that are picked a context, which travels with them.
    package mutating func pick(from entries: inout [NumberedEntry]) {
        var generator = SystemRandomNumberGenerator()
        for index in entries.indices where sampler.picks(using: &generator) {
            entries[index].trace = .root(using: &generator)
        }
    }

    /// Redis has these entries now.
    package func appended(_ entries: [NumberedEntry], at now: Timestamp = WallClock.now) {
        for entry in entries {
            guard let trace = entry.trace else { continue }
            let span = TraceSpan(
                .feedAppend, context: trace, start: entry.receivedAt.microseconds, end: now.microseconds,
                attributes: [
                    .feed(feed.text), .frames(Int(entry.last - entry.first) + 1), .bytes(entry.payload.count),
                    .entries(entries.count),
                ])
            tracer.record(span)
        }
    }
}
