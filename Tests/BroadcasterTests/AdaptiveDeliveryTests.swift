import Dispatch
import FeedModel
import Metrics
import NIOCore
import NIOPosix
import RedisStreams
import Synchronization
import Telemetry
import Testing

@testable import Broadcaster

/// How batches are handed to event loops that are quick, and to some that are not.
@Suite(.timeLimit(.minutes(1)))
struct AdaptiveDeliveryTests {
    /// Time passes when a test says so.
    private final class TestClock: Sendable {
        private let instant = Mutex(ContinuousClock.now)

        var now: ContinuousClock.Instant { instant.withLock { $0 } }

        func advance(_ duration: Duration) { instant.withLock { $0 += duration } }
    }

    /// Work that an event loop cannot finish before somebody lets it.
    private final class Obstacle: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        private let wasRemoved = Atomic<Bool>(false)

        var isRemoved: Bool { wasRemoved.load(ordering: .acquiring) }

        init(on loop: any EventLoop) { loop.execute { self.semaphore.wait() } }

        func remove() {
            wasRemoved.store(true, ordering: .releasing)
            semaphore.signal()
        }

        /// Removes it in a moment. Whoever does not wait for that goes on before it.
        func removeSoon(_ clock: TestClock, after duration: Duration) {
            Task {
                try await Task.sleep(for: .milliseconds(100))
                clock.advance(duration)
                remove()
            }
        }
    }

    /// Runs `body` with two event loops, of which the second may be obstructed.
    private func withLoops(
        _ body: (_ hosts: [HubHost], _ second: any EventLoop, _ clock: TestClock) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        do {
            let hosts = try await HubHost.all(of: group, NOOPMetricsHandler.instance)
            try await body(hosts, hosts[1].eventLoop, TestClock())
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
    }

    @Test func `one batch is under way while the next is read, and no more`() async throws {
        try await withLoops { hosts, loop, clock in
            var delivery = Delivery(hosts: hosts, now: { clock.now })
            let obstacle = Obstacle(on: loop)
            // Neither waits for a loop that is not done.
            await delivery.deliver(FanOutBatch())
            await delivery.catchUp()
            #expect(delivery.isUnderWay && !obstacle.isRemoved)
            obstacle.removeSoon(clock, after: .zero)
            await delivery.deliver(FanOutBatch())
            #expect(obstacle.isRemoved, "the second batch went out while the first was under way")
            await delivery.finish()
            #expect(!delivery.isUnderWay)
        }
    }

    @Test(arguments: [
        (Delivery.noticeableWait - .microseconds(1), false), (Delivery.noticeableWait, true),
    ])
    func `where the loops are behind, the next batch is not read before they are done`(
        wait: Duration, isBehind: Bool
    ) async throws {
        try await withLoops { hosts, loop, clock in
            var delivery = Delivery(hosts: hosts, now: { clock.now })
            let first = Obstacle(on: loop)
            await delivery.deliver(FanOutBatch())
            // Behind the first batch, before the second: only who has noticed that the loop takes long waits for that.
            let second = Obstacle(on: loop)
            first.removeSoon(clock, after: wait)
            await delivery.deliver(FanOutBatch())
            second.removeSoon(clock, after: .zero)
            await delivery.catchUp()
            #expect(second.isRemoved == isBehind)

            // They have caught up: from then on nobody waits.
            await delivery.finish()
            let third = Obstacle(on: loop)
            await delivery.deliver(FanOutBatch())
            await delivery.catchUp()
            #expect(!third.isRemoved)
            third.remove()
            await delivery.finish()
        }
    }
}

/// The age of what is sent, which is measured behind the sending.
struct WrittenTests {
    private static let feeds = ["book-a"].compactMap { FeedName($0) }

    /// A batch with a change that came in so long ago.
    private func batch(age: Duration, isEmpty: Bool = false) throws -> FanOutBatch {
        let now = Moment(monotonic: .seconds(100), wall: WallClock.now)
        let instance = TestInstance(feeds: Self.feeds, now: now)
        var script = EntryScript(feed: Self.feeds[0], receivedAt: now.wall - age)
        // Nothing is encoded that nobody has asked for.
        try instance.apply(script.entry(.odds(fixture: "fx", option: "home", price: "1.5")), feed: 0)
        try instance.connect().send(#"{"t":"sub","id":1,"ch":"odds","f":{}}"#)
        instance.deliver()
        let entry =
            isEmpty
            ? script.entry(.control(.keepalive(state: .live)))
            : script.entry(.odds(fixture: "fx", option: "home", price: "1.6"))
        try instance.apply(entry, feed: 0)
        return instance.deliver()
    }

    private func subscribe(_ host: HubHost) async throws {
        try await host.with { hub in
            let subscriber = Subscriber(
                name: "test", outlet: TestOutlet(BookClient()), grant: .everything, limits: hub.limits,
                heartbeatInterval: .seconds(5), now: .seconds(100))
            hub.opened(subscriber, now: Moment(monotonic: .seconds(100), wall: WallClock.now))
        }
    }

    /// What a host measures of these batches: how often, and how many seconds together.
    private func measured(_ batches: [FanOutBatch], isWatched: Bool) async throws -> (count: Double, seconds: Double) {
        let metrics = PrometheusFactory()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let host = try await HubHost.all(of: group, metrics)[0]
        if isWatched { try await subscribe(host) }
        var delivery = Delivery(hosts: [host])
        for batch in batches { await delivery.deliver(batch) }
        // The age is taken behind the turn.
        try await host.eventLoop.submit {}.get()
        try await group.shutdownGracefully()
        let values = ["count", "sum"].map { name in
            metrics.render().split(separator: "\n").lazy
                .filter { $0.hasPrefix("touchline_broadcast_lag_seconds_\(name) ") }
                .compactMap { Double($0.split(separator: " ")[1]) }.first ?? 0
        }
        return (values[0], values[1])
    }

    @Test func `a batch is as old as its oldest entry, once it is written`() async throws {
        let batches = [try batch(age: .seconds(40)), try batch(age: .seconds(2))]
        let (count, seconds) = try await measured(batches, isWatched: true)
        #expect(count == 2 && seconds >= 42)
    }

    @Test func `what nobody is sent has no age`() async throws {
        #expect(try await measured([try batch(age: .seconds(40))], isWatched: false).count == 0)
        #expect(try await measured([try batch(age: .seconds(40), isEmpty: true)], isWatched: true).count == 0)
    }
}

extension HubHost {
    /// One on each loop of a group.
    fileprivate static func all(
        of group: MultiThreadedEventLoopGroup, _ metrics: any MetricsFactory
    ) async throws -> [HubHost] {
        let configuration = BroadcasterConfiguration(
            redis: try RedisEndpoint(url: "redis://127.0.0.1:1"), feeds: ["book-a"].compactMap { FeedName($0) },
            ownerName: "test")
        var hosts: [HubHost] = []
        for loop in group.makeIterator() {
            hosts.append(
                try await make(
                    loop, configuration: configuration, metrics: BroadcasterMetrics(factory: metrics),
                    conflation: ConflationUse(), clock: StageClock()))
        }
        return hosts
    }
}
