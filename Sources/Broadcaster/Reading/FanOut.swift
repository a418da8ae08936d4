import FeedModel
import Logging
import Metrics
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
        let reader = EventsReader(
            configuration: configuration, health: health, metrics: metrics, clock: clock, logger: logger)
        let result = await Result { try await run(reader, drain: drain) }
        // The thread of its connection has to outlive the task that runs there.
        await reader.close()
        try result.get()
    }

    private func run(_ reader: EventsReader, drain: @escaping @Sendable () async -> Void) async throws {
        let isDrained = StopFlag()
        let keeper = CheckpointKeeper(configuration: configuration, metrics: metrics, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await keeper.run() }
            // Applying and handing over take a moment only, and need no other thread than the one that waits for Redis.
            tasks.addTask(executorPreference: reader.connection.taskExecutor) {
                try await distribute(reader, until: isDrained, keeper)
            }
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

    private func distribute(
        _ start: EventsReader, until isDrained: StopFlag, _ keeper: CheckpointKeeper
    ) async throws {
        var reader = start
        var delivery = Delivery(hosts: hosts)
        var backoff = ReconnectBackoff(initial: .milliseconds(100), maximum: .seconds(2))
        while !isDrained.isRequested, !Task.isCancelled {
            let batch: FanOutBatch
            do {
                await delivery.catchUp()
                batch = try await reader.turn(block: block)
                backoff.reset()
                keeper.offer(reader.distributor.books)
            } catch let error as RedisError {
                report(error)
                var generator = SystemRandomNumberGenerator()
                try await idle(for: backoff.next(using: &generator), &reader, &delivery)
                continue
            }
            await deliver(batch, &delivery)
            if batch.reach.hasCaughtUp, gate.open() {
                logger.info("caught up", metadata: ["lanes": "\(reader.distributor.laneCount)"])
            }
        }
        await delivery.finish()
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
            await deliver(reader.idleTurn(), &delivery)
            try await Task.sleep(for: max(.zero, min(Self.longestBlock, end - clock.now.monotonic)))
        } while clock.now.monotonic < end
    }

    private func deliver(_ batch: FanOutBatch, _ delivery: inout Delivery) async {
        await delivery.deliver(batch, onEnd: batch.traced.flatMap(spanEnd))
    }

    /// What ends a batch's span, when every event loop has given it to its connections.
    private func spanEnd(_ traced: TracedEntries) -> (@Sendable () -> Void)? {
        guard let tracer = configuration.tracer, let span = BatchSpan(traced.contexts) else { return nil }
        return { [clock] in
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
