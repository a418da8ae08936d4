import FeedModel
import Logging
import Metrics
import RedisStreams
import Telemetry

/// The hop of one feed: reads `raw` through its group, decodes, and forwards each entry under its own id in one MULTI/EXEC
/// with its dead letters and its acknowledgement.
///
/// Only entries that continue the chain from the last of `events` are forwarded. After anything unexpected it is thrown away
/// (`ProcessorError.surprised`) and opened again.
struct Forwarder: ~Copyable {
    let names: StreamNames
    private let commands: RedisConnection
    private let reader: RedisConnection
    private let configuration: ProcessorConfiguration
    private let metrics: ProcessorMetrics
    let logger: Logger
    var decoding: EntryDecoding
    /// The last frame that `events` holds; 0 before the first.
    private(set) var lastForwarded: FrameNumber
    private var checkpointed: FrameNumber
    private var checkpointAt = ContinuousClock.now
    /// Payloads that were forwarded since then.
    private var bytesSinceCheckpoint = 0
    /// Redis is out of memory, part of which is what of `raw` is kept for the checkpoint.
    var isCheckpointUrgent = false
    /// The own backlog is read until it is empty, before anything new.
    var cursor = GroupCursor.backlog(after: .zero)
    /// The decoder's state has a hole in its past.
    var isImageWanted = false
    private let recovery: DecoderRecovery
    private let poison: PoisonWatch
    /// A hole was seen and the backlog has been read again since.
    var hasLookedForHole = false
    /// Of the batch that is being decoded: its frames, and when the first of them was received.
    var inHand: (frames: Int, oldest: Timestamp?) = (0, nil)
    /// Nil traces nothing.
    let tracer: Tracer?
    /// Of the batch that is being forwarded, if entries of it are sampled.
    var span: BatchSpan?

    /// Reads where `events` stands and brings the decoder there.
    static func open(
        feed: ProcessedFeed, names: StreamNames, commands: RedisConnection, reader: RedisConnection,
        configuration: ProcessorConfiguration, metrics: ProcessorMetrics, logger: Logger
    ) async throws -> Forwarder {
        let recovery = DecoderRecovery(feed: feed, names: names, redis: commands, logger: logger)
        let log = ForwardedLog(names: names, redis: commands)
        var lastForwarded = try await log.last()
        if lastForwarded == 0, try await log.isGone() {
            lastForwarded = try await recovery.beginningOfRaw()
            logger.error(
                "the events stream is gone: raw is forwarded again from the decoder's checkpoint on",
                metadata: ["after": "\(lastForwarded)"])
            try await log.readAgain(after: lastForwarded)
        }
        let recovered = try await recovery.restore(to: lastForwarded)
        return Forwarder(
            recovery: recovery, names: names, commands: commands, reader: reader, configuration: configuration,
            metrics: metrics, logger: logger, recovered: recovered,
            lastForwarded: lastForwarded)
    }

    private init(
        recovery: DecoderRecovery, names: StreamNames, commands: RedisConnection, reader: RedisConnection,
        configuration: ProcessorConfiguration,
        metrics: ProcessorMetrics, logger: Logger, recovered: consuming DecoderRecovery.Recovered,
        lastForwarded: FrameNumber
    ) {
        self.recovery = recovery
        poison = PoisonWatch(names: names, redis: commands)
        self.names = names
        self.commands = commands
        self.reader = reader
        self.configuration = configuration
        tracer = configuration.tracer
        self.metrics = metrics
        self.logger = logger
        self.lastForwarded = lastForwarded
        checkpointed = recovered.checkpointed
        decoding = recovered.decoding
    }

    /// Reads the next batch and forwards it; returns after at most half a second when there is none.
    mutating func forwardNext() async throws {
        if isCheckpointDue, try await !storeCheckpoint() {
            // Nothing could be forwarded either, and only the checkpoint lets `raw` be trimmed.
            return try await Task.sleep(for: .milliseconds(250))
        }
        var batch = try await read()
        guard !batch.entries.isEmpty || !batch.deleted.isEmpty else {
            cursor = .new
            return
        }
        let verdict = try await judge(&batch)
        if !batch.deleted.isEmpty {
            metrics.lostEntries.increment(by: batch.deleted.count)
            logger.error("Redis lost entries that nobody had processed", metadata: ["count": "\(batch.deleted.count)"])
            _ = try await commands.acknowledge(stream: names.raw, group: ConsumerGroup.processor, batch.deleted)
        }
        let began = ContinuousClock.now
        if isImageWanted {
            isImageWanted = false
            try await recovery.requestImage("entries are missing from the raw stream")
        }
        let decoded = try decode(batch.entries, isPoison: verdict.isPoison)
        if verdict.isAlone { try await poison.acquit() }
        guard let (hop, last) = decoded else { return try await confirmLastForwarded() }
        try await sendTraced(hop, upTo: last, since: began)
        bytesSinceCheckpoint += batch.entries.reduce(0) { $0 + $1.payload.count }
        count(batch.entries, hop, seconds: began)
    }

    private func read() async throws -> StreamBatch {
        do {
            let batches = try await reader.readGroup(
                [names.raw], group: ConsumerGroup.processor, consumer: ConsumerGroup.owner, from: cursor,
                count: configuration.batchEntries, block: .milliseconds(500))
            return batches.first ?? StreamBatch(stream: names.raw, entries: [], deleted: [])
        } catch {
            guard error.refusal == .noGroup else { throw error }
            return try await createGroup("\(error)")
        }
    }

    /// Takes out of a backlog what must not be decoded together with the rest.
    private func judge(_ batch: inout StreamBatch) async throws -> PoisonWatch.Verdict {
        guard case .backlog = cursor else { return .init(count: batch.entries.count) }
        let verdict = try await poison.judge(batch.entries)
        if verdict.isAlone {
            logger.warning(
                "an entry was delivered too often and is decoded alone",
                metadata: ["entry": "\(batch.entries.first?.id ?? .zero)", "gives_up": "\(verdict.isPoison)"])
        }
        batch = StreamBatch(
            stream: batch.stream, entries: Array(batch.entries.prefix(verdict.count)), deleted: batch.deleted)
        return verdict
    }

    private func createGroup(_ message: String) async throws -> StreamBatch {
        guard try await commands.lastEntry(of: names.raw) != nil else {
            try await Task.sleep(for: .milliseconds(200))
            return StreamBatch(stream: names.raw, entries: [], deleted: [])
        }
        logger.warning("group was missing and is made again", metadata: [LogKey.error: "\(message)"])
        _ = try await commands.createGroup(stream: names.raw, group: ConsumerGroup.processor, at: .zero)
        return StreamBatch(stream: names.raw, entries: [], deleted: [])
    }

    /// Before a hole is believed: what is missing may have been forwarded, and acknowledged, by a former owner whose last hop
    /// was still on its way when this one began.
    private func confirmLastForwarded() async throws {
        let frame = try await ForwardedLog(names: names, redis: commands).last()
        guard frame > lastForwarded else { return }
        throw ProcessorError.surprised("a former owner has forwarded up to frame \(frame)")
    }

    mutating func send(_ hop: Hop, upTo last: FrameNumber) async throws {
        var hop = hop
        while true {
            switch try await commands.hop(hop) {
            case .forwarded:
                if last != lastForwarded { hasLookedForHole = false }
                lastForwarded = last
                return
            case .outOfMemory:
                logger.warning("redis is out of memory: waiting")
                isCheckpointUrgent = true
                try await Task.sleep(for: .milliseconds(250))
            case .refused(let id): throw ProcessorError.surprised("entry \(id) was already forwarded")
            case .streamMissing: throw ProcessorError.surprised("stream \(names.events) is gone")
            case .lettersNotTaken(let why):
                logger.error("the dead letters' stream takes none: waiting", metadata: [LogKey.error: "\(why)"])
                // The rest has happened. Without the letters the messages would be gone.
                hop = Hop(
                    events: hop.events, entries: [], dead: hop.dead, letters: hop.letters, raw: hop.raw,
                    group: hop.group, acknowledge: [])
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    private mutating func count(_ entries: [StreamEntry], _ hop: Hop, seconds began: ContinuousClock.Instant) {
        metrics.receivedEntries.increment(by: entries.count)
        metrics.receivedFrames.increment(by: inHand.frames)
        if let oldest = inHand.oldest {
            metrics.ageSeconds.recordNanoseconds(max(0, WallClock.now.since(oldest).microseconds) * 1_000)
        }
        metrics.batchEntries.record(entries.count)
        metrics.batchSeconds.recordNanoseconds((ContinuousClock.now - began).microseconds * 1_000)
        metrics.count(decoding.takeCounters())
    }

    // MARK: Checkpoint

    /// `raw` is kept from the checkpoint on: at full speed five seconds of it are a good part of Redis' memory.
    private var isCheckpointDue: Bool {
        let age = ContinuousClock.now - checkpointAt
        return isCheckpointUrgent || age > configuration.checkpointInterval
            || age > Self.shortestInterval && bytesSinceCheckpoint > Self.bytesBetweenCheckpoints
    }

    private static let shortestInterval = Duration.seconds(1)
    private static let bytesBetweenCheckpoints = 10 << 20

    /// Stores the decoder's state as of the last forwarded entry, unless a later one is there. False if Redis has no memory for
    /// it.
    mutating func storeCheckpoint() async throws -> Bool {
        if lastForwarded > checkpointed {
            do { try await recovery.store(DecoderCheckpoint(frame: lastForwarded, state: decoding.state())) } catch {
                guard (error as? RedisError)?.refusal == .outOfMemory else { throw error }
                return false
            }
        }
        (checkpointAt, bytesSinceCheckpoint, isCheckpointUrgent) = (.now, 0, false)
        checkpointed = max(checkpointed, lastForwarded)
        return true
    }
}
