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

    private var component: String { Self.component(of: feed.name) }

    /// Under which name a feed reports its health.
    static func component(of feed: FeedName) -> String { "feed.\(feed)" }

    func run() async throws {
        let redis = RedisConnection(endpoint: configuration.redis, name: "feed-redis")
        let lease = FeedLease(redis: redis, key: names.feedOwner, owner: configuration.ownerName)
        var isAfterLoss = false
        var isRedisBack = false
        while !stop.isRequested {
            do {
                try await waitForLease(lease, redis: redis, isRedisBack: isRedisBack)
                isRedisBack = false
                guard !stop.isRequested else { break }
                try await own(redis: redis, lease: lease, isAfterLoss: isAfterLoss)
                isAfterLoss = false
            } catch let error as FeedClientError {
                metrics.failed(.init(error))
                if case .continuityLost = error {
                    isAfterLoss = true
                    health.report(component, .degraded("\(error)"))
                    logger.warning("the feed's log begins anew", metadata: [LogKey.error: "\(error)"])
                } else {
                    try await giveUp(error)
                }
            } catch let error as EntryError {
                metrics.failed(.unusable)
                try await giveUp(.unreadableLog(error))
            } catch let error as RedisError {
                isRedisBack = true
                metrics.failed(.redis)
                health.report(component, .down("redis: \(error)"))
                logger.warning("redis is away", metadata: [LogKey.error: "\(error)"])
                try await pause(.milliseconds(500))
            }
        }
        await lease.release()
        await redis.close()
        health.remove(component)
        health.remove("\(component).log")
    }

    /// Of this feed alone: the others have nothing to do with it.
    private func giveUp(_ error: FeedClientError) async throws {
        let isPassing = if case .ownershipLost = error { true } else { false }
        health.report(component, isPassing ? .degraded("\(error)") : .down("\(error)"))
        logger.error("feed is given up for now", metadata: [LogKey.error: "\(error)"])
        try await pause(isPassing ? .seconds(1) : .seconds(5))
    }

    /// A standby neither connects nor writes: it asks once a second whether the lease is free.
    private func waitForLease(_ lease: FeedLease, redis: RedisConnection, isRedisBack: Bool) async throws {
        var isStandby = false
        if isRedisBack {
            try await redis.connect()
            // An owner whose spool waits for Redis goes first: what it has, nobody else can give.
            if try await redis.leaseOwner(names.feedOwner) != configuration.ownerName { try await pause(.seconds(10)) }
        }
        while !stop.isRequested {
            try await redis.connect()
            if try await lease.take() { return }
            if try await redis.leaseAge(names.feedOwner) == .endless {
                let why = "the lease \(names.feedOwner) never ends: nobody takes the feed until it is deleted"
                health.report(component, .down(why))
                isStandby = false
            } else if !isStandby {
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
        let spool = await openSpool()
        metrics.owned(spoolLimit: spool == nil ? nil : configuration.spool?.maximumBytes)
        defer { metrics.disowned() }
        do {
            try await own(redis: redis, lease: lease, spool: spool, isAfterLoss: isAfterLoss)
            await spool?.close()
        } catch {
            // The next term opens it anew, and finds it locked as long as this one has it.
            await spool?.close()
            throw error
        }
    }

    private func own(redis: RedisConnection, lease: FeedLease, spool: Spool?, isAfterLoss: Bool) async throws {
        let (log, predecessor, isSpoolLost) = try await FeedLog.begin(
            redis: redis, names: names, lease: lease, provider: feed.provider,
            isRawAuditOn: configuration.isRawAuditOn, spool: spool,
            tracing: configuration.tracer.map { EntryTracing($0, feed: feed.name) }, health: health,
            component: "\(component).log", metrics: metrics, logger: logger)
        logger.info("term began", metadata: ["term": "\(log.builder.term)", "frame": "\(log.builder.next - 1)"])
        let recorder = feed.recording.map { FeedRecorder($0, feed: feed.name, logger: logger) }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await keepLease(lease) }
            if let recorder { tasks.addTask { await recorder.run() } }
            // On the connection's thread: an append then costs no wake-up of another one.
            tasks.addTask(executorPreference: redis.taskExecutor) {
                let pump = FeedPump(
                    feed: feed, log: log, redis: redis, names: names, predecessor: predecessor,
                    isAfterLoss: isAfterLoss || isSpoolLost,
                    linger: configuration.linger, recorder: recorder, metrics: metrics, logger: logger)
                try await serve(pump)
            }
            // Either the lease is gone, or the feed has stopped: the other task has nothing left to do.
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    /// The feed's spool with what an earlier process left in it; nil when there is none, or it cannot be used.
    private func openSpool() async -> Spool? {
        guard let settings = configuration.spool else { return nil }
        // Of this Redis: the same feed in another deployment on this machine is another log.
        let address = Array("\(configuration.redis.address)/\(configuration.redis.database)".utf8)
        let server = String(address.withUnsafeBytes { StableHash.hash($0, seed: 0) }, radix: 36)
        let name = "\(configuration.prefix)-\(feed.name)-\(server)".map { character in
            character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
                ? character : "_"
        }
        let spool = Spool(settings, name: String(name))
        do {
            try await spool.open()
            return spool
        } catch {
            logger.critical("there is no spool for an absent redis", metadata: [LogKey.error: "\(error)"])
            return nil
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
        var policy = ReconnectPolicy(backoff: feed.backoff)
        while !stop.isRequested {
            let began = ContinuousClock.now
            let end = try await session(&pump)
            guard !stop.isRequested else { break }
            metrics.reconnected(end.cause)
            let delay = policy.delay(after: end, lived: ContinuousClock.now - began, using: &random)
            report(end, delay: delay, isInSlowLane: policy.isInSlowLane)
            try await pump.wait(delay, why: end.why, stop: stop)
        }
    }

    private func report(_ end: SessionEnd, delay: Duration, isInSlowLane: Bool) {
        let when = "next attempt in \((delay.seconds * 10).rounded() / 10) s"
        if isInSlowLane {
            health.report(component, .down("the provider refuses the credentials: \(end.why); \(when)"))
        } else {
            health.report(component, .degraded("reconnecting: \(end.why); \(when)"))
        }
        logger.warning(
            "session ended", metadata: ["cause": "\(end.cause.rawValue)", "why": "\(end.why)", "delay": "\(delay)"])
    }

    private func session(_ pump: inout FeedPump) async throws -> SessionEnd {
        try await pump.entered(.connecting, why: feed.url)
        let connection: any MessageConnection
        let token: String?
        do {
            (connection, token) = try await FeedDial(
                feed: feed, group: group, logger: logger, metrics: metrics
            ).connect()
        } catch {
            return SessionEnd(notOpened: error)
        }
        stop.watch(connection)
        defer { stop.forget(connection) }
        do {
            let (cause, why) = try await pump.run(connection, token: token, stop: stop) {
                health.report(component, .up)
            }
            let reason = connection.closeReason
            await connection.close(code: .normal, reason: "")
            return SessionEnd(cause, why: why, closeCode: reason?.isFromPeer == true ? reason?.code : nil)
        } catch {
            await connection.close(code: .goingAway, reason: "")
            throw error
        }
    }
}
