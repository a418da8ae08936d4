import FeedModel
import Logging
import Metrics
import NIOCore
import RedisStreams
import ServiceLifecycle
import Supervision
import Telemetry

/// The loop that reads the streams and hands every turn to the event loops, until the service is asked to stop.
struct FanOut: Sendable {
    let configuration: BroadcasterConfiguration
    let hosts: [HubHost]
    let gate: SubscriberGate
    let conflation: ConflationUse
    let health: HealthRegistry
    let metrics: BroadcasterMetrics
    let clock: StageClock
    let logger: Logger

    /// Often enough that a feed that falls silent is noticed, and heartbeats are on time.
    private static let longestBlock = Duration.milliseconds(250)
    private static let shortestBlock = Duration.milliseconds(10)
    private static let pauseAfterFailure = Duration.milliseconds(250)

    func run() async throws {
        let isStopping = StopFlag()
        let keeper = CheckpointKeeper(configuration: configuration, metrics: metrics, logger: logger)
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await keeper.run() }
                tasks.addTask { try await distribute(isStopping, keeper) }
                // The keeper ends only when it is cancelled, the loop when it is asked to stop.
                defer { tasks.cancelAll() }
                try await tasks.next()
            }
        } onCancelOrGracefulShutdown: {
            isStopping.request()
        }
    }

    private func distribute(_ isStopping: StopFlag, _ keeper: CheckpointKeeper) async throws {
        var reader = EventsReader(
            configuration: configuration, health: health, metrics: metrics, clock: clock, logger: logger)
        var delivery = Delivery(hosts: hosts)
        var backoff = ReconnectBackoff(initial: .milliseconds(100), maximum: .seconds(2))
        while !isStopping.isRequested, !Task.isCancelled {
            var batch: FanOutBatch
            do {
                try await delivery.catchUp()
                batch = try await reader.turn(block: block)
                backoff.reset()
                keeper.offer(reader.distributor.books)
            } catch let error as RedisError {
                metrics.failed("redis")
                health.report(EventsReader.component, .down("\(error)"))
                logger.warning("redis is away", metadata: [LogKey.error: "\(error)"])
                batch = reader.idleTurn()
                try await deliver(batch, &delivery)
                var generator = SystemRandomNumberGenerator()
                try await Task.sleep(for: backoff.next(using: &generator))
                continue
            }
            try await deliver(batch, &delivery)
            if batch.isDrained, !gate.isReady {
                gate.isReady = true
                logger.info("caught up", metadata: ["lanes": "\(reader.distributor.laneCount)"])
            }
        }
        try? await delivery.finish()
        await reader.close()
    }

    private func deliver(_ batch: FanOutBatch, _ delivery: inout Delivery) async throws {
        try await delivery.deliver(batch)
        if !batch.frames.isEmpty { metrics.handedOver(after: batch.lag) }
        if let traced = batch.traced { trace(traced, until: delivery.underWay) }
    }

    /// The span of a batch ends when every event loop has given it to its connections, which nobody waits for here.
    private func trace(_ traced: TracedEntries, until sent: [EventLoopFuture<Void>]) {
        guard let tracer = configuration.tracer, let span = BatchSpan(traced.contexts), let host = hosts.first else {
            return
        }
        EventLoopFuture.andAllComplete(sent, on: host.eventLoop).whenComplete { _ in
            let took = clock.now.monotonic - traced.began
            tracer.record(span.ended(.broadcastSend, took: took.microseconds, [.entries(traced.entries)]))
        }
    }

    /// Classes that merge want to be looked at twice in their interval.
    private var block: Duration {
        guard let shortest = conflation.shortest else { return Self.longestBlock }
        return min(max(shortest.interval / 2, Self.shortestBlock), Self.longestBlock)
    }
}
