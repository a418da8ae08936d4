import FeedModel
import NIOCore

/// A hub on its event loop.
struct HubHost: Sendable {
    let eventLoop: any EventLoop
    private let hub: NIOLoopBound<Hub>

    /// Makes the hub on the loop.
    static func make(
        _ eventLoop: any EventLoop, configuration: BroadcasterConfiguration, metrics: BroadcasterMetrics,
        conflation: ConflationUse, clock: StageClock
    ) async throws -> HubHost {
        try await eventLoop.submit {
            let hub = Hub(
                names: configuration.feeds, limits: configuration.limits, heartbeat: configuration.heartbeat,
                metrics: metrics, conflation: conflation)
            let isolated = eventLoop.assumeIsolated()
            hub.onMoreToWrite = { [unowned hub] in isolated.execute { hub.pumpAll(now: clock.now) } }
            return HubHost(eventLoop: eventLoop, hub: NIOLoopBound(hub, eventLoop: eventLoop))
        }.get()
    }

    /// The hub, for code that runs on its event loop.
    var local: Hub { hub.value }

    /// Hands over one turn of the reader.
    func deliver(_ batch: FanOutBatch, _ handover: Handover) {
        eventLoop.execute {
            hub.value.deliver(batch)
            handover.loopIsDone()
            guard let oldest = batch.oldest, !batch.frames.isEmpty else { return }
            // Behind the end of the turn, at which the connections write.
            eventLoop.execute { hub.value.noteWritten(since: oldest) }
        }
    }

    /// Tells every subscriber to go elsewhere, or ends some of their connections; returns how many there are.
    func drain(_ step: DrainStep) -> EventLoopFuture<Int> {
        eventLoop.submit { hub.value.drain(step) }
    }

    /// Runs `body` with the hub on its loop.
    func with<Result: Sendable>(_ body: @escaping @Sendable (Hub) -> Result) async throws -> Result {
        try await eventLoop.submit { body(hub.value) }.get()
    }
}

/// The steps of leaving.
enum DrainStep: Sendable {
    /// Says that the connection will end, and how the clients should spread their return.
    case announce(within: Duration)
    /// Ends one of so many equal parts of the connections that are left.
    case close(partOf: Int)
}

extension Hub {
    fileprivate func noteWritten(since receivedAt: Timestamp) {
        if !subscribers.isEmpty { metrics.written(after: WallClock.now.since(receivedAt)) }
    }

    /// How far apart clients are asked to come back.
    private static let jitterMilliseconds = 10_000

    /// Does a step of leaving; returns how many subscribers there were.
    func drain(_ step: DrainStep) -> Int {
        let count = subscribers.count
        switch step {
        case .announce(let duration):
            json.removeAll()
            json.raw("{\"t\":\"bye\",\"in_ms\":")
            json.integer(duration.microseconds / 1_000)
            json.raw(",\"jitter_ms\":")
            json.integer(Self.jitterMilliseconds)
            json.raw("}")
            let bye = SharedFrames(json)
            for subscriber in subscribers.values { subscriber.outlet.write(shared: bye) }
        case .close(let parts):
            let part = count / max(1, parts)
            for subscriber in Array(subscribers.values.prefix(part)) { close(subscriber, .draining, "draining") }
        }
        return count
    }
}
