import FeedModel
import Logging
import Metrics
import NIOCore
import RedisStreams
import ServiceLifecycle
import Supervision
import Telemetry

/// The loop that reads the streams and hands every turn to the event loops, until the subscribers are gone.
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
    static let longestBlock = Duration.milliseconds(250)
    private static let shortestBlock = Duration.milliseconds(10)

    /// Distributes until the service is asked to stop and `drain` has ended: who is still connected then must not see prices
    /// stand still.
    func run(drain: @escaping @Sendable () async -> Void) async throws {
        let isDrained = StopFlag()
        let keeper = CheckpointKeeper(configuration: configuration, metrics: metrics, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await keeper.run() }
            tasks.addTask { try await distribute(until: isDrained, keeper) }
            tasks.addTask {
                // Cancelled is a way to be asked, too: then nobody is given time.
                try? await gracefulShutdown()
                gate.stop()
                await drain()
                isDrained.request()
            }
            // The keeper ends only when it is cancelled, the others with the drain.
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    private func distribute(until isDrained: StopFlag, _ keeper: CheckpointKeeper) async throws {
        var reader = EventsReader(
            configuration: configuration, health: health, metrics: metrics, clock: clock, logger: logger)
        var delivery = Delivery(hosts: hosts)
        var backoff = ReconnectBackoff(initial: .milliseconds(100), maximum: .seconds(2))
        while !isDrained.isRequested, !Task.isCancelled {
            let batch: FanOutBatch
            do {
                try await delivery.catchUp()
                batch = try await reader.turn(block: block)
                backoff.reset()
                keeper.offer(reader.distributor.books)
            } catch let error as RedisError {
                report(error)
                var generator = SystemRandomNumberGenerator()
                try await idle(for: backoff.next(using: &generator), &reader, &delivery)
                continue
            }
            try await deliver(batch, &delivery)
            if batch.reach.hasCaughtUp, gate.open() {
                logger.info("caught up", metadata: ["lanes": "\(reader.distributor.laneCount)"])
            }
        }
        try? await delivery.finish()
        await reader.close()
    }

    private func report(_ error: RedisError) {
        metrics.failed("redis")
        health.report(EventsReader.component, .down("\(error)"))
        logger.warning("redis is away", metadata: [LogKey.error: "\(error)"])
    }

    /// Waits, and meanwhile tells clients of feeds that fall silent.
    private func idle(for pause: Duration, _ reader: inout EventsReader, _ delivery: inout Delivery) async throws {
        let end = clock.now.monotonic + pause
        repeat {
            try await deliver(reader.idleTurn(), &delivery)
            try await Task.sleep(for: max(.zero, min(Self.longestBlock, end - clock.now.monotonic)))
        } while clock.now.monotonic < end
    }

    private func deliver(_ batch: FanOutBatch, _ delivery: inout Delivery) async throws {
        try await delivery.deliver(batch)
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
