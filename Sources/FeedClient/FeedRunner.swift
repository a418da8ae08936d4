import FeedModel
import Logging
import NIOPosix
import RedisStreams
import Telemetry
import WebSocketTransport

/// One feed, for ever: waits for its lease, begins a term, keeps a session up and pumps what it delivers into the log.
struct FeedRunner: Sendable {
    let feed: FeedConfiguration
    let configuration: FeedClientConfiguration
    let health: HealthRegistry
    let group: MultiThreadedEventLoopGroup
    let stop: StopSignal
    private let logger: Logger
    private let names: StreamNames
    private let metrics: FeedClientMetrics

    init(
        feed: FeedConfiguration, configuration: FeedClientConfiguration, health: HealthRegistry,
        group: MultiThreadedEventLoopGroup, stop: StopSignal, logger: Logger
    ) {
        self.feed = feed
        self.configuration = configuration
        self.health = health
        self.group = group
        self.stop = stop
        self.logger = logger.with(LogKey.feed, feed.name.text)
        names = StreamNames(prefix: configuration.prefix, feed: feed.name)
        metrics = FeedClientMetrics(feed: feed.name)
    }

    private var component: String { "feed.\(feed.name)" }

    func run() async throws {
        let redis = RedisConnection(endpoint: configuration.redis, name: "feed-redis")
        let lease = FeedLease(redis: redis, key: names.feedOwner, owner: configuration.ownerName)
        var isAfterLoss = false
        while !stop.isRequested {
            do {
                try await waitForLease(lease, redis: redis)
                guard !stop.isRequested else { break }
                try await own(redis: redis, lease: lease, isAfterLoss: isAfterLoss)
                isAfterLoss = false
            } catch let error as FeedClientError {
                health.report(component, .degraded("\(error)"))
                logger.warning("feed is given up for now", metadata: [LogKey.error: "\(error)"])
                if case .continuityLost = error { isAfterLoss = true } else { try await pause(.seconds(1)) }
            } catch let error as RedisError {
                health.report(component, .down("redis: \(error)"))
                logger.warning("redis is away", metadata: [LogKey.error: "\(error)"])
                try await pause(.milliseconds(500))
            }
        }
        await lease.release()
        await redis.close()
    }

    /// A standby neither connects nor writes: it asks once a second whether the lease is free.
    private func waitForLease(_ lease: FeedLease, redis: RedisConnection) async throws {
        var isStandby = false
        while !stop.isRequested {
            try await redis.connect()
            if try await lease.take() { return }
            if !isStandby {
                isStandby = true
                logger.info("standing by: another process serves the feed")
                health.report(component, .up)
            }
            try await pause(.seconds(1))
        }
    }

    private func pause(_ duration: Duration) async throws {
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end, !stop.isRequested { try await Task.sleep(for: .milliseconds(100)) }
    }

    /// Serves the feed under a new term until the stop, or until it turns out that someone else does.
    private func own(redis: RedisConnection, lease: FeedLease, isAfterLoss: Bool) async throws {
        let (log, predecessor) = try await FeedLog.begin(
            redis: redis, names: names, lease: lease, provider: feed.provider,
            isRawAuditOn: configuration.isRawAuditOn, health: health, component: "\(component).log", logger: logger)
        logger.info("term began", metadata: ["term": "\(log.builder.term)", "frame": "\(log.builder.next - 1)"])
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await keepLease(lease) }
            tasks.addTask {
                let pump = FeedPump(
                    feed: feed, log: log, redis: redis, names: names, predecessor: predecessor,
                    isAfterLoss: isAfterLoss,
                    linger: configuration.linger, metrics: metrics, logger: logger)
                try await serve(pump)
            }
            // Either the lease is gone, or the feed has stopped: the other task has nothing left to do.
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    private func keepLease(_ lease: FeedLease) async throws {
        var ticks = 0
        while true {
            try await Task.sleep(for: .seconds(1))
            stop.tick()
            ticks += 1
            guard ticks % 2 == 0 else { continue }
            do { try await lease.confirm() } catch is RedisError {
                // An absent Redis cannot give the lease to anyone else; the pump notices it by itself.
            }
        }
    }

    /// Session after session, with a back-off that only a minute of stable life resets.
    private func serve(_ opened: consuming FeedPump) async throws {
        var pump = opened
        var random = SystemRandomNumberGenerator()
        var backoff = feed.backoff
        while !stop.isRequested {
            let began = ContinuousClock.now
            let (cause, why) = try await session(&pump)
            guard !stop.isRequested else { break }
            metrics.reconnected(cause)
            if ContinuousClock.now - began > .seconds(60) { backoff.reset() }
            let delay = cause == .requested ? .zero : backoff.next(using: &random)
            health.report(component, .degraded("reconnecting: \(why)"))
            logger.warning(
                "session ended", metadata: ["cause": "\(cause.rawValue)", "why": "\(why)", "delay": "\(delay)"])
            try await pump.wait(delay, why: why, stop: stop)
        }
    }

    private func session(_ pump: inout FeedPump) async throws -> (ReconnectCause, String) {
        try await pump.entered(.connecting, why: feed.url)
        let connection: WebSocketConnection
        do {
            connection = try await WebSocketConnection.connect(clientConfiguration(), group: group, logger: logger)
        } catch {
            if case .refused = error { return (.refused, "\(error)") }
            return (.connectFailed, "\(error)")
        }
        stop.watch(connection)
        defer { stop.forget(connection) }
        do {
            let end = try await pump.run(connection, stop: stop) { health.report(component, .up) }
            await connection.close()
            return end
        } catch {
            await connection.close(code: .goingAway)
            throw error
        }
    }

    private func clientConfiguration() -> WebSocketClientConfiguration {
        var configuration = WebSocketClientConfiguration(url: feed.url)
        configuration.headers = HandshakeHeaders.of(feed)
        configuration.tls.additionalAuthorityFile = feed.certificateAuthority
        // Frames somewhat over the limit still reach the Processor, which makes them dead letters with their payload.
        configuration.maximumMessageBytes = RawEntry.maximumFrameBytes * 2
        configuration.oversizedMessages = .discard
        return configuration
    }
}
