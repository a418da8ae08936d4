import FeedModel
import RedisStreams
import Telemetry

/// The hop as a span, when entries of its batch are sampled.
extension Forwarder {
    /// What goes on with a sampled entry. The first one of a batch has the hop as its parent from here on; the others,
    /// whose traces the hop is only linked to, go on as they came. Payloads know nothing of all that, so that they stay
    /// the same whoever forwards them.
    mutating func passOn(_ trace: TraceContext) -> TraceContext {
        guard tracer != nil else { return trace }
        guard span == nil else {
            span?.link(trace)
            return trace
        }
        let began = BatchSpan(following: trace)
        span = began
        return began.context
    }

    /// Sends a hop and records its span, if it has one.
    mutating func sendTraced(_ hop: Hop, upTo last: FrameNumber, since began: ContinuousClock.Instant) async throws {
        do {
            try await send(hop, upTo: last)
        } catch {
            record(hop, since: began, failure: "\(error)")
            throw error
        }
        record(hop, since: began)
    }

    private func record(_ hop: Hop, since began: ContinuousClock.Instant, failure: String? = nil) {
        guard let tracer, let span else { return }
        tracer.record(
            span.ended(
                .processHop, took: (ContinuousClock.now - began).microseconds,
                [.feed(names.feed.text), .entries(hop.entries.count), .frames(inHand.frames)], failure: failure))
    }
}
