import FeedJSON
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
    private let names: StreamNames
    private let commands: RedisConnection
    private let reader: RedisConnection
    private let configuration: ProcessorConfiguration
    private let metrics: ProcessorMetrics
    private let logger: Logger
    private var decoding: EntryDecoding
    /// The last frame that `events` holds; 0 before the first.
    private(set) var lastForwarded: FrameNumber
    private var checkpointed: FrameNumber
    private var checkpointAt = ContinuousClock.now
    /// The own backlog is read until it is empty, before anything new.
    private var cursor = GroupCursor.backlog(after: .zero)
    /// The decoder's state has a hole in its past.
    private var isImageWanted = false
    private let recovery: DecoderRecovery
    /// A hole was seen and the backlog has been read again since.
    private var hasLookedForHole = false
    /// Of the batch that is being decoded: its frames, and when the first of them was received.
    private var inHand: (frames: Int, oldest: Timestamp?) = (0, nil)

    /// Reads where `events` stands and brings the decoder there.
    static func open(
        feed: ProcessedFeed, names: StreamNames, commands: RedisConnection, reader: RedisConnection,
        configuration: ProcessorConfiguration, metrics: ProcessorMetrics, logger: Logger
    ) async throws -> Forwarder {
        let lastForwarded = try await lastForwarded(of: names, commands)
        let recovery = DecoderRecovery(feed: feed, names: names, redis: commands, logger: logger)
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
        self.names = names
        self.commands = commands
        self.reader = reader
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        self.lastForwarded = lastForwarded
        checkpointed = recovered.checkpointed
        decoding = recovered.decoding
    }

    /// Reads the next batch and forwards it; returns after at most half a second when there is none.
    mutating func forwardNext() async throws {
        if isCheckpointDue { try await storeCheckpoint() }
        let batch = try await read()
        guard !batch.entries.isEmpty || !batch.deleted.isEmpty else {
            cursor = .new
            return
        }
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
        guard let (hop, last) = try decode(batch.entries) else { return try await confirmLastForwarded() }
        try await send(hop, upTo: last)
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

    private func createGroup(_ message: String) async throws -> StreamBatch {
        guard try await commands.lastEntry(of: names.raw) != nil else {
            try await Task.sleep(for: .milliseconds(200))
            return StreamBatch(stream: names.raw, entries: [], deleted: [])
        }
        logger.warning("group was missing and is made again", metadata: [LogKey.error: "\(message)"])
        _ = try await commands.createGroup(stream: names.raw, group: ConsumerGroup.processor, at: .zero)
        return StreamBatch(stream: names.raw, entries: [], deleted: [])
    }

    /// Decodes what continues the chain. Nil if nothing is to be sent yet because a hole has to be looked for first.
    private mutating func decode(_ entries: [StreamEntry]) throws -> (hop: Hop, last: FrameNumber)? {
        var hop = Hop(
            events: names.events, entries: [], dead: names.dead, letters: [], raw: names.raw,
            group: ConsumerGroup.processor, acknowledge: [])
        var last = lastForwarded
        inHand = (0, nil)
        for entry in entries {
            let header: RawEntryHeader
            do { header = try RawEntry.header(of: entry.payload) } catch { throw ProcessorError.unreadable(error) }
            if header.last > last {
                if header.prev != last && last != 0 {
                    guard passHole(before: header, after: last, isFirst: hop.acknowledge.isEmpty) else {
                        cursor = .backlog(after: .zero)
                        return hop.acknowledge.isEmpty ? nil : (hop, last)
                    }
                }
                let output = try decoding.decode(entry.payload, header: header)
                hop.entries.append(StreamEntry(id: entry.id, payload: output.payload))
                for letter in output.letters { hop.letters.append(Self.entry(of: letter)) }
                last = header.last
                inHand.frames += Int(header.last - header.first) + 1
                inHand.oldest = inHand.oldest ?? header.receivedAt
            }
            hop.acknowledge.append(entry.id)
        }
        if case .backlog = cursor, let id = hop.acknowledge.last { cursor = .backlog(after: id) }
        return hop.acknowledge.isEmpty ? nil : (hop, last)
    }

    /// The last frame that `events` holds; 0 before the first.
    private static func lastForwarded(of names: StreamNames, _ redis: RedisConnection) async throws -> FrameNumber {
        guard let last = try await redis.lastEntry(of: names.events) else { return 0 }
        do { return try EventsEntryHeader(decoding: last.payload).last } catch {
            throw ProcessorError.unreadable(error)
        }
    }

    /// Before a hole is believed: what is missing may have been forwarded, and acknowledged, by a former owner whose last hop
    /// was still on its way when this one began.
    private func confirmLastForwarded() async throws {
        let frame = try await Self.lastForwarded(of: names, commands)
        guard frame > lastForwarded else { return }
        throw ProcessorError.surprised("a former owner has forwarded up to frame \(frame)")
    }

    /// A hole: what is missing may be in the backlog, which is read again from its start. True to go on over the hole,
    /// because it has been looked for and is not there.
    private mutating func passHole(before header: RawEntryHeader, after last: FrameNumber, isFirst: Bool) -> Bool {
        guard isFirst else { return false }
        guard hasLookedForHole else {
            hasLookedForHole = true
            return false
        }
        hasLookedForHole = false
        logger.error(
            "entries are missing from the raw stream",
            metadata: ["after": "\(last)", "before": "\(header.first)", "prev": "\(header.prev)"])
        isImageWanted = true
        return true
    }

    /// The id of a letter is where its message stands, so that forwarding it twice changes nothing.
    private static func entry(of letter: DeadLetter) -> StreamEntry {
        let id = StreamID(UInt64(letter.position.frame), UInt64(letter.position.ordinal + 1))
        return StreamEntry(id: id, payload: letter.encoded())
    }

    private mutating func send(_ hop: Hop, upTo last: FrameNumber) async throws {
        while true {
            switch try await commands.hop(hop) {
            case .forwarded:
                if last != lastForwarded { hasLookedForHole = false }
                lastForwarded = last
                return
            case .outOfMemory:
                logger.warning("redis is out of memory: waiting")
                try await Task.sleep(for: .milliseconds(250))
            case .refused(let id): throw ProcessorError.surprised("entry \(id) was already forwarded")
            case .streamMissing: throw ProcessorError.surprised("stream \(names.events) is gone")
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
        return age > configuration.checkpointInterval
            || age > Self.shortestInterval && lastForwarded - checkpointed > Self.framesBetweenCheckpoints
    }

    private static let shortestInterval = Duration.seconds(1)
    private static let framesBetweenCheckpoints: FrameNumber = 32_768

    /// Stores the decoder's state as of the last forwarded entry, unless a later one is there.
    mutating func storeCheckpoint() async throws {
        checkpointAt = .now
        guard lastForwarded > checkpointed else { return }
        let checkpoint = DecoderCheckpoint(frame: lastForwarded, state: decoding.state())
        try await recovery.store(checkpoint)
        checkpointed = lastForwarded
    }
}
