import Logging
import NIOCore
import ServiceLifecycle
import Telemetry
import WebSocketTransport

/// Posts the spans of this process to a collector, every few seconds or when many have come together.
///
/// Nobody waits for it. A collector that is away or slow costs spans, which are counted: each is tried twice, and what
/// comes meanwhile has a bounded place to wait.
struct TraceExportService: Service {
    let configuration: TraceConfiguration
    let resource: TraceResource
    let tracer: Tracer
    let group: any EventLoopGroup
    let logger: Logger
    /// How often it looks whether many have come together.
    var period = Duration.milliseconds(500)
    /// Between two exports of few.
    var interval = Duration.seconds(3)

    /// Spans of one post, at most: a few hundred kilobytes.
    static let portion = 512
    /// A collector may ask for patience, but not for ever.
    private static let longestPause = Duration.seconds(300)

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await exportForEver() }
        } catch is CancellationError {}
        // The stages have stopped before this: what they recorded last goes now, or is lost.
        _ = try? await flush()
    }

    private func exportForEver() async throws {
        var next = ContinuousClock.now + interval
        var isCollectorAway = false
        while true {
            try await Task.sleep(for: period)
            let areMany = tracer.waiting >= Self.portion && !isCollectorAway
            guard areMany || ContinuousClock.now >= next else { continue }
            let pause = try await flush()
            isCollectorAway = pause != nil
            next = .now + max(interval, min(pause ?? .zero, Self.longestPause))
        }
    }

    /// Posts all that waits. How long to leave the collector alone; nil if it took everything.
    private func flush() async throws -> Duration? {
        while let portion = tracer.take(Self.portion) {
            if let pause = try await post(portion) { return pause }
        }
        return nil
    }

    private func post(_ portion: SpanPortion) async throws -> Duration? {
        var exchange = configuration.exchange
        exchange.body = SpanDocument.body(of: portion.spans, from: resource)
        let answer: HTTPExchange.Answer
        do {
            answer = try await exchange.perform(group: group)
        } catch {
            tracer.giveBack(portion)
            // A shutdown interrupts the post; nothing is wrong with the collector then.
            try Task.checkCancellation()
            logger.warning("the traces' collector cannot be reached", metadata: [LogKey.error: "\(error)"])
            return .zero
        }
        switch answer.status {
        case 200..<300:
            tracer.delivered(portion, refused: PartialSuccess.refusedSpans(of: answer.body))
            return nil
        case 429, 502, 503, 504: tracer.giveBack(portion)
        default: tracer.refused(portion)
        }
        logger.warning("the traces' collector refuses spans", metadata: ["status": "\(answer.status)"])
        return answer.retryAfter ?? .zero
    }
}
