import FeedModel
import Logging
import RedisStreams
import Telemetry

/// One worker: entries of its feeds in, committed batches out. While a batch is being committed on the Postgres
/// connection's thread, the next is read and decoded; more than one is never ahead.
///
/// What can go wrong has one of two ends. Redis lost: what is in hand is committed, then the worker reconnects and goes
/// through its own backlog, where whatever could not be acknowledged is refused by the ledger. Postgres lost: the
/// committer
/// tries again for ever, and nothing more is read meanwhile.
struct WriterWorker: ~Copyable {
    private let policy: BatchPolicy
    private let committer: BatchCommitter
    private let routes: [FeedRoute]
    private let health: HealthRegistry
    private let component: String
    private let metrics: WriterMetrics
    private let logger: Logger
    private var intake: StreamIntake
    private var decoder = BatchDecoder()
    private var cache: DimensionCache
    private var expectation: EntryExpectation
    private var reconnect = ReconnectBackoff(initial: .milliseconds(100), maximum: .seconds(5))
    private var isConnected = false
    /// Why nothing more is read: an entry that only a newer build can read.
    private var halt: WriterError?

    init(
        configuration: WriterConfiguration, routes: [FeedRoute], intake: StreamIntake, committer: BatchCommitter,
        health: HealthRegistry, component: String
    ) {
        policy = configuration.batch
        expectation = EntryExpectation(configuration.batch)
        self.routes = routes
        self.intake = intake
        self.committer = committer
        self.health = health
        self.component = component
        metrics = committer.metrics
        logger = committer.logger
        cache = DimensionCache(maximumSelections: configuration.cachedSelections)
    }

    private var stop: StopSignal { committer.retry.stop }
    private var sink: SinkState { committer.retry.sink }

    /// The longest that a read waits, and so the longest that a shutdown waits for it.
    private static let longestBlock = Duration.milliseconds(500)

    /// Until the stage is stopped, and everything read is committed and acknowledged.
    mutating func run() async throws {
        do {
            try await pump()
        } catch WriterError.abandoned(let why) {
            logger.warning(
                "stopped while postgres is away: what was not committed stays pending in redis",
                metadata: [LogKey.error: "\(why)"])
            return
        }
        try await rest()
    }

    private mutating func pump() async throws {
        var next: SealedBatch?
        while true {
            if let current = next {
                next = try await commitWhileGathering(current)
            } else {
                guard let batch = await gather(isCommitting: false) else { return }
                next = seal(batch)
            }
        }
    }

    /// Commits a batch while the next is read; returns the next. A function of its own, because the compiler does not
    /// come to
    /// an end over `async let` in a loop.
    private mutating func commitWhileGathering(_ current: SealedBatch) async throws -> SealedBatch? {
        let committer = self.committer
        sink.began()
        async let committing = committer.commit(current)
        let gathered = await gather(isCommitting: true)
        // What is already complete is sorted and encoded while the other is still being committed.
        let early = gathered.flatMap { $0.batch.pending.isEmpty ? seal($0) : nil }
        let isWhole = apply(try await committing, of: current)
        // What was gathered meanwhile left out statuses that refused messages were to write. It is read again: nothing of it
        // is acknowledged yet.
        guard isWhole else {
            intake.restart()
            return nil
        }
        return early ?? gathered.map { seal($0) }
    }

    /// After a halt the worker stays, unready, until the stage is stopped: what it cannot read must not look read.
    private func rest() async throws {
        guard let halt, !stop.isRequested else { return }
        logger.error("the worker has stopped reading", metadata: [LogKey.error: "\(halt)"])
        await stop.wait()
        try Task.checkCancellation()
    }

    // MARK: Filling

    private struct Gathered {
        let batch: WriteBatch
        let trigger: BatchPolicy.Trigger
    }

    /// Fills a batch until the policy closes it. Nil when there is nothing in it: the stage is stopping, or the batch
    /// in flight
    /// must be seen to first.
    private mutating func gather(isCommitting: Bool) async -> Gathered? {
        var opened: ContinuousClock.Instant?
        while true {
            if stop.isRequested || Task.isCancelled || halt != nil { return close(.drain) }
            if isCommitting && (sink.isAway || !isConnected) { return close(.interrupted) }
            if !isConnected {
                await connect()
                continue
            }
            let fill = self.fill(since: opened)
            let reading: StreamIntake.Reading
            do {
                reading = try await intake.read(
                    count: expectation.entriesToRead(fill, isSinkBusy: sink.isBusy),
                    block: decoder.batch.isEmpty ? Self.longestBlock : nil)
            } catch {
                lost(error)
                if !decoder.batch.isEmpty { return close(.interrupted) }
                continue
            }
            expectation.note(reading)
            if decode(reading) { return close(.interrupted) }
            guard !decoder.batch.isEmpty else {
                if isCommitting && !sink.isBusy { return nil }
                continue
            }
            let start = opened ?? .now
            opened = start
            let filled = self.fill(since: start)
            if let trigger = policy.trigger(filled, isSinkBusy: sink.isBusy, hasMore: reading.hasMore) {
                return close(trigger)
            }
            // At middle rates it is wake-ups that cost, not entries: one sleep, then everything that has come.
            if !reading.hasMore { try? await Task.sleep(for: policy.period - filled.age) }
        }
    }

    private mutating func close(_ trigger: BatchPolicy.Trigger) -> Gathered? {
        guard !decoder.batch.isEmpty else { return nil }
        let batch = decoder.take()
        expectation.note(batch)
        return Gathered(batch: batch, trigger: trigger)
    }

    private func fill(since opened: ContinuousClock.Instant?) -> BatchPolicy.Fill {
        BatchPolicy.Fill(
            rows: max(decoder.batch.rowCount, decoder.batch.entries.count), bytes: decoder.batch.byteCount,
            age: opened.map { .now - $0 } ?? .zero)
    }

    /// Appends what was read to the batch; true if the batch must be closed now.
    private mutating func decode(_ reading: StreamIntake.Reading) -> Bool {
        var rest = reading.deliveries[...]
        while let delivery = rest.popFirst() {
            if delivery.isAlone && !decoder.batch.isEmpty {
                intake.putBack([delivery] + rest)
                return true
            }
            decode(delivery)
            if halt != nil { return true }
            if delivery.isAlone {
                intake.putBack(Array(rest))
                return true
            }
        }
        return false
    }

    private mutating func decode(_ delivery: StreamIntake.Delivery) {
        for id in delivery.deleted { decoder.noteLost(id, of: delivery.route) }
        metrics.received(
            entries: delivery.entries.count, redelivered: delivery.isRedelivered ? delivery.entries.count : 0)
        for entry in delivery.entries {
            do throws(EntryError) {
                try decoder.append(entry, of: delivery.route, cache: &cache)
            } catch {
                if case .unknownVersion(let version) = error {
                    stopReading(.unknownVersion(feed: delivery.route.name.text, version: version))
                    return
                }
                metrics.failed(.unreadable)
                logger.error(
                    "an entry cannot be read and becomes a dead letter",
                    metadata: [
                        LogKey.feed: "\(delivery.route.name)", LogKey.error: "\(error)", "entry": "\(entry.id)",
                    ])
                decoder.reject(entry, of: delivery.route, error)
            }
        }
    }

    /// What follows stays in Redis, unacknowledged.
    private mutating func stopReading(_ error: WriterError) {
        halt = error
        health.report(component, .down("\(error)"))
    }

    // MARK: Sealing

    private func seal(_ gathered: Gathered) -> SealedBatch {
        SealedBatch(gathered.batch, gathered.trigger, cache.resolve(gathered.batch))
    }

    /// False if some messages of the batch were not written.
    private mutating func apply(_ outcome: CommitOutcome, of sealed: SealedBatch) -> Bool {
        cache.learn(sealed, outcome.resolved)
        let isWhole = outcome.refusedMessages + outcome.unlandedLetters + outcome.repeatedMessages == 0
        if !isWhole { cache.forgetStatuses() }
        if !outcome.isAcknowledged { intake.restart() }
        metrics.cacheHolds(bytes: cache.byteSize)
        return isWhole
    }

    // MARK: Redis

    private mutating func connect() async {
        do {
            try await intake.connect()
            isConnected = true
            reconnect.reset()
            health.report(component, .up)
        } catch {
            var random = SystemRandomNumberGenerator()
            lost(error)
            let pause = reconnect.next(using: &random)
            try? await stop.pause(for: pause)
        }
    }

    private mutating func lost(_ error: RedisError) {
        if isConnected { logger.warning("redis is lost", metadata: [LogKey.error: "\(error)"]) }
        isConnected = false
        metrics.failed(.redis)
        health.report(component, .down("\(error)"))
    }
}
