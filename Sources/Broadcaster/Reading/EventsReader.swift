import FeedModel
import Logging
import Metrics
import RedisStreams
import Telemetry

/// Reads every feed's `events` stream by id and keeps the distributor up to date. One task uses it.
struct EventsReader {
    private let configuration: BroadcasterConfiguration
    private let connection: RedisConnection
    private let health: HealthRegistry
    private let metrics: BroadcasterMetrics
    private let logger: Logger
    private let clock: StageClock
    private let numbers = LaneNumbers()
    private let streams: [String]
    private let checkpoints: [String]
    private(set) var distributor: Distributor
    /// How often the connection was made. Redis can only have lost entries between two of them.
    private var connections = 0
    /// The connection on which a feed's stream was last read to its end.
    private var drainedOn: [Int: Int] = [:]
    /// The connection on which a feed's last entry arrived as news, behind an end that had been seen: whatever followed it
    /// was seen too. An entry of a backlog proves nothing, because what came after it may be lost already.
    private var liveOn: [Int: Int] = [:]
    /// The last entry of a feed that was skipped: the chain does not know of it.
    private var skipped: [Int: StreamID] = [:]
    /// Of the entries that were applied since the last turn; nil if none is sampled, or nothing is traced.
    private var traced: TracedEntries?
    /// Feeds whose state has to be built from the stream before their entries can be applied.
    private var unloaded: Set<Int>

    static let component = "broadcaster.redis"

    init(
        configuration: BroadcasterConfiguration, health: HealthRegistry, metrics: BroadcasterMetrics, clock: StageClock,
        logger: Logger
    ) {
        self.configuration = configuration
        self.health = health
        self.metrics = metrics
        self.clock = clock
        self.logger = logger
        connection = RedisConnection(endpoint: configuration.redis, name: "broadcast-read")
        let names = configuration.feeds.map { StreamNames(prefix: configuration.prefix, feed: $0) }
        streams = names.map(\.events)
        checkpoints = names.map(\.checkpoint)
        distributor = Distributor(feeds: configuration.feeds, numbers: numbers, metrics: metrics)
        unloaded = Set(configuration.feeds.indices)
    }

    func close() async { await connection.close() }

    /// One turn: loads what has to be loaded, waits at most `block` for entries, and says what came of it.
    mutating func turn(block: Duration) async throws -> FanOutBatch {
        if await !connection.isConnected {
            try await connection.connect()
            connections += 1
        }
        if !unloaded.isEmpty {
            for feed in unloaded.sorted() { try await load(feed) }
            return distributor.takeBatch(isDrained: false, at: clock.now)
        }
        let isDrained = try await read(block: block)
        health.report(Self.component, .up)
        var batch = distributor.takeBatch(isDrained: isDrained, at: clock.now)
        batch.traced = traced
        traced = nil
        return batch
    }

    /// What clients must hear of even while Redis is away.
    mutating func idleTurn() -> FanOutBatch { distributor.takeBatch(isDrained: false, at: clock.now) }

    // MARK: Reading on

    private mutating func read(block: Duration) async throws -> Bool {
        let feeds = streams.indices.filter { !distributor.isStopped($0) }
        guard !feeds.isEmpty else {
            try await Task.sleep(for: block)
            return false
        }
        let positions = feeds.map { (stream: streams[$0], after: position(of: distributor.books[$0])) }
        let batches = try await connection.read(positions, count: configuration.batchEntries, block: block)
        let now = clock.now
        var entries = 0
        for batch in batches {
            guard let feed = streams.firstIndex(of: batch.stream) else { continue }
            entries += batch.entries.count
            apply(batch.entries, feed: feed, at: now)
        }
        for feed in feeds {
            let count = batches.first { $0.stream == streams[feed] }?.entries.count ?? 0
            if count < configuration.batchEntries { drainedOn[feed] = connections }
        }
        if entries > 0 {
            traced?.entries = entries
            metrics.batchEntries.record(entries)
            metrics.batchSeconds.recordNanoseconds((clock.now.monotonic - now.monotonic).microseconds * 1_000)
        }
        metrics.laneCount.record(distributor.laneCount)
        return unloaded.isEmpty && !batches.contains { $0.entries.count >= configuration.batchEntries }
    }

    private mutating func apply(_ entries: [StreamEntry], feed: Int, at now: Moment) {
        for entry in entries {
            do {
                let isWatched = liveOn[feed] == connections
                liveOn[feed] = drainedOn[feed] == connections ? connections : nil
                switch try distributor.apply(entry.payload, feed: feed, isWatched: isWatched, at: now) {
                case .continues, .first:
                    if let trace = entry.trace { note(trace, at: now) }
                    continue
                case .hole(let after, let before):
                    lose(feed, "frames \(after + 1) to \(before - 1) are missing in its stream")
                case .fork(let at, let applied):
                    lose(feed, "the log went on from frame \(at), but \(applied) had been applied")
                }
                return
            } catch EntryError.unknownVersion(let version) {
                return stop(feed, "\(EntryError.unknownVersion(version))")
            } catch {
                skip(entry.id, feed, error)
            }
        }
    }

    private mutating func note(_ trace: TraceContext, at now: Moment) {
        guard configuration.tracer != nil else { return }
        traced = traced ?? TracedEntries(began: now.monotonic)
        traced?.contexts.append(trace)
    }

    /// What is no entry at all says nothing of any lane. What is missing without it shows in the chain.
    private mutating func skip(_ id: StreamID, _ feed: Int, _ error: any Error) {
        skipped[feed] = id
        metrics.failed("entry")
        logger.error(
            "an entry cannot be read and is skipped",
            metadata: [
                LogKey.feed: "\(configuration.feeds[feed])", "entry": "\(id)", LogKey.error: "\(error)",
            ])
    }

    private mutating func lose(_ feed: Int, _ why: String) {
        metrics.failed("chain")
        logger.warning("feed is reloaded", metadata: [LogKey.feed: "\(configuration.feeds[feed])", "why": "\(why)"])
        distributor.markLost(feed, why)
        unloaded.insert(feed)
    }

    private mutating func stop(_ feed: Int, _ why: String) {
        let name = configuration.feeds[feed]
        metrics.failed("entry")
        logger.error("feed is not read any more", metadata: [LogKey.feed: "\(name)", LogKey.error: "\(why)"])
        health.report("broadcaster.\(name)", .down(why))
        distributor.stop(feed, why)
    }

    /// An entry's id is its first frame; the next entry's is above the last one.
    private func position(of book: FeedBook) -> StreamID {
        max(StreamID(UInt64(max(0, book.chain.last ?? 0))), skipped[book.index] ?? .zero)
    }

    // MARK: Loading

    /// Builds a feed's state: from the checkpoint and what follows it, or else from all that the stream still holds.
    private mutating func load(_ feed: Int) async throws {
        let began = clock.now
        skipped[feed] = nil
        var book = try await checkpointed(feed)
        if var candidate = book {
            book = try await catchUp(&candidate, acceptingHoles: false) ? candidate : nil
        }
        var fresh = book ?? FeedBook(name: configuration.feeds[feed], index: feed, numbers: numbers)
        let isFromCheckpoint = book != nil
        if !isFromCheckpoint {
            skipped[feed] = nil
            _ = try await catchUp(&fresh, acceptingHoles: true)
        }
        distributor.replace(fresh)
        unloaded.remove(feed)
        drainedOn[feed] = connections
        liveOn[feed] = nil
        logger.info(
            "feed is loaded",
            metadata: [
                LogKey.feed: "\(configuration.feeds[feed])", "lanes": "\(fresh.lanes.count)",
                "checkpoint": "\(isFromCheckpoint)", "frame": "\(fresh.chain.last ?? 0)",
                "duration": "\(clock.now.monotonic - began.monotonic)",
            ])
    }

    private func checkpointed(_ feed: Int) async throws -> FeedBook? {
        guard let stored = try await connection.checkpoint(checkpoints[feed]) else { return nil }
        do {
            let checkpoint = try BookCheckpoint(decoding: stored.value)
            return FeedBook(name: configuration.feeds[feed], index: feed, numbers: numbers, restoring: checkpoint)
        } catch {
            metrics.failed("checkpoint")
            logger.warning(
                "checkpoint is not used",
                metadata: [LogKey.feed: "\(configuration.feeds[feed])", LogKey.error: "\(error)"])
            return nil
        }
    }

    /// Applies what the stream holds behind the book. False if it does not continue there.
    private mutating func catchUp(_ book: inout FeedBook, acceptingHoles: Bool) async throws -> Bool {
        var encoding = FrameEncoding()
        while true {
            let batches = try await connection.read(
                [(stream: streams[book.index], after: position(of: book))], count: configuration.batchEntries,
                block: nil)
            guard let entries = batches.first?.entries, !entries.isEmpty else { return true }
            encoding.now = clock.now
            for entry in entries {
                do {
                    switch try book.apply(
                        entry.payload, acceptingHoles: acceptingHoles, isWatched: false, &encoding)
                    {
                    case .hole, .fork: if !acceptingHoles { return false }
                    case .continues, .first: break
                    }
                } catch EntryError.unknownVersion(let version) {
                    stop(book.index, "\(EntryError.unknownVersion(version))")
                    return true
                } catch {
                    skip(entry.id, book.index, error)
                }
            }
        }
    }
}
