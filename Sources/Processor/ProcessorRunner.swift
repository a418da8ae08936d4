import FeedModel
import Logging
import RedisStreams
import Supervision
import Telemetry

/// One feed's place in this worker: waits for the lease, forwards until it is lost or the stop comes, begins again.
struct ProcessorRunner: Sendable {
    private let feed: ProcessedFeed
    private let configuration: ProcessorConfiguration
    private let share: FeedShare
    private let stop: StopFlag
    private let health: HealthRegistry
    private let logger: Logger
    private let names: StreamNames
    private let metrics: ProcessorMetrics

    init(
        feed: ProcessedFeed, configuration: ProcessorConfiguration, share: FeedShare, stop: StopFlag,
        health: HealthRegistry, logger: Logger
    ) {
        self.feed = feed
        self.configuration = configuration
        self.share = share
        self.stop = stop
        self.health = health
        self.logger = logger.with(LogKey.feed, feed.name.text)
        names = StreamNames(prefix: configuration.prefix, feed: feed.name)
        metrics = ProcessorMetrics(feed: feed.name)
    }

    private var component: String { Self.component(of: feed.name) }

    /// Under which name a feed reports its health.
    static func component(of feed: FeedName) -> String { "processor.\(feed)" }
    private static let leaseDuration = Duration.seconds(7)

    func run() async throws {
        let commands = RedisConnection(endpoint: configuration.redis, name: "proc-write")
        // Reading and forwarding take turns, so that one thread does for both, and for the decoding in between.
        let reader = RedisConnection(endpoint: configuration.redis, name: "proc-read", sharingThreadOf: commands)
        try await withTaskExecutorPreference(commands.taskExecutor) {
            try await serve(commands: commands, reader: reader)
        }
        _ = try? await commands.releaseLease(key: names.processorOwner, owner: configuration.ownerName)
        await commands.close()
        await reader.close()
    }

    private func serve(commands: RedisConnection, reader: RedisConnection) async throws {
        // How often in a row the feed was seen without an owner.
        var orphaned = 0
        while !stop.isRequested {
            do {
                try await commands.connect()
                guard try await takeLease(commands, isOrphan: orphaned >= Self.looksBeforeAdoption) else {
                    orphaned = try await isOrphan(commands) ? orphaned + 1 : 0
                    try await Task.sleep(for: .milliseconds(500))
                    continue
                }
                orphaned = 0
                defer { share.release() }
                try await own(commands: commands, reader: reader)
            } catch {
                try await recover(from: error)
            }
        }
    }

    /// Others have a second and a half to take what is part of their share.
    private static let looksBeforeAdoption = 3
    private static let wish = Duration.seconds(3)

    /// Whether nobody has the feed and nobody wants it: the other workers may have other feeds. Tells health what it sees.
    private func isOrphan(_ redis: RedisConnection) async throws -> Bool {
        switch try await redis.leaseAge(names.processorOwner) {
        case .free:
            health.report(component, .up)
            return try await redis.get(names.processorWanted) == nil
        case .endless:
            let why = "the lease \(names.processorOwner) never ends: nobody processes the feed until it is deleted"
            health.report(component, .down(why))
            return false
        case .held:
            health.report(component, .up)
            return false
        }
    }

    /// True if this worker owns the feed now; a place of its share is taken then.
    private func takeLease(_ redis: RedisConnection, isOrphan: Bool) async throws -> Bool {
        if !share.reserve() {
            guard isOrphan else { return false }
            share.reserveBeyondPart()
        }
        var isHeld = false
        defer { if !isHeld { share.release() } }
        isHeld = try await holdLease(redis)
        // Its owner gives it up only to somebody who would have it.
        if !isHeld { try await redis.set(names.processorWanted, Array(configuration.ownerName.utf8), for: Self.wish) }
        return isHeld
    }

    private func holdLease(_ redis: RedisConnection) async throws -> Bool {
        let (key, owner) = (names.processorOwner, configuration.ownerName)
        return try await redis.acquireLease(key: key, owner: owner, for: Self.leaseDuration)
    }

    private func recover(from error: any Error) async throws {
        if error is CancellationError { throw error }
        metrics.failed(error)
        switch error {
        case ProcessorError.unreadable:
            health.report(component, .down("\(error)"))
            logger.error("feed cannot be read", metadata: [LogKey.error: "\(error)"])
            try await Task.sleep(for: .seconds(5))
        case ProcessorError.surprised:
            logger.warning("starting again from the last forwarded entry", metadata: [LogKey.error: "\(error)"])
            try await Task.sleep(for: .milliseconds(20))
        case let error as RedisError:
            health.report(component, .down("redis: \(error)"))
            logger.warning("redis is away", metadata: [LogKey.error: "\(error)"])
            try await Task.sleep(for: .milliseconds(300))
        default:
            health.report(component, .degraded("\(error)"))
            logger.warning("processing is interrupted", metadata: [LogKey.error: "\(error)"])
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    /// Forwards entries while the lease holds.
    private func own(commands: RedisConnection, reader: RedisConnection) async throws {
        try await reader.connect()
        var forwarder = try await Forwarder.open(
            feed: feed, names: names, commands: commands, reader: reader, configuration: configuration,
            metrics: metrics, logger: logger)
        health.report(component, .up)
        logger.info("processing", metadata: ["after": "\(forwarder.lastForwarded)"])
        var renewed = ContinuousClock.now
        while !stop.isRequested {
            try await forwarder.forwardNext()
            if ContinuousClock.now - renewed > .seconds(2) {
                guard try await holdLease(commands) else { throw ProcessorError.leaseLost }
                renewed = .now
                if share.isAboveItsPart, try await commands.get(names.processorWanted) != nil { break }
            }
        }
        _ = try await forwarder.storeCheckpoint()
        _ = try await commands.releaseLease(key: names.processorOwner, owner: configuration.ownerName)
        if !stop.isRequested { try await Task.sleep(for: .seconds(1)) }
    }
}
