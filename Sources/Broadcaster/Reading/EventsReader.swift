import FeedModel
import Logging
import Metrics
import RedisStreams
import Telemetry

/// Reads every feed's `events` stream by id and keeps the distributor up to date. One task uses it.
struct EventsReader {
    let configuration: BroadcasterConfiguration
    let connection: RedisConnection
    private let health: HealthRegistry
    let metrics: BroadcasterMetrics
    let logger: Logger
    let clock: StageClock
    let numbers = LaneNumbers()
    let streams: [String]
    let checkpoints: [String]
    var distributor: Distributor
    /// How often the connection was made. Redis can only have lost entries between two of them.
    private(set) var connections = 0
    /// The connection on which a feed's stream was last read to its end.
    var drainedOn: [Int: Int] = [:]
    /// The connection on which a feed's last entry arrived as news, behind an end that had been seen: whatever followed it
    /// was seen too. An entry of a backlog proves nothing, because what came after it may be lost already.
    var liveOn: [Int: Int] = [:]
    /// The last entry of a feed that was skipped: the chain does not know of it.
    var skipped: [Int: StreamID] = [:]
    /// Of the entries that were applied since the last turn; nil if none is sampled, or nothing is traced.
    private var traced: TracedEntries?
    /// Feeds whose state has to be built from the stream before their entries can be applied.
    var unloaded: Set<Int>
    /// Those among them whose loading is under way.
    var loads: [Int: FeedLoad] = [:]
    private var hasCaughtUp = false

    static let component = "broadcaster.redis"
    /// A feed whose last entry is younger keeps up, even when its stream never ends.
    private static let tolerableLag = Duration.seconds(2)
    /// How much longer than it was asked to Redis may take: every wait for it delays the news of feeds that fell silent.
    private static let patience = Duration.seconds(1)

    init(
        configuration: BroadcasterConfiguration, health: HealthRegistry, metrics: BroadcasterMetrics, clock: StageClock,
        logger: Logger
    ) {
        self.configuration = configuration
        self.health = health
        self.metrics = metrics
        self.clock = clock
        self.logger = logger
        connection = RedisConnection(
            endpoint: configuration.redis, name: "broadcast-read", timeout: FanOut.longestBlock + Self.patience)
        let names = configuration.feeds.map { StreamNames(prefix: configuration.prefix, feed: $0) }
        streams = names.map(\.events)
        checkpoints = names.map(\.checkpoint)
        distributor = Distributor(feeds: configuration.feeds, numbers: numbers, metrics: metrics)
        unloaded = Set(configuration.feeds.indices)
    }

    func close() async { await connection.close() }

    /// One turn: waits at most `block` for entries, goes on loading what has to be loaded, and says what came of it.
    mutating func turn(block: Duration) async throws -> FanOutBatch {
        if await !connection.isConnected {
            loads.removeAll()
            try await connection.connect()
            connections += 1
        }
        let loading = unloaded
        var isCurrent = try await read(except: loading, block: loading.isEmpty ? block : nil)
        if !loading.isEmpty { try await load() }
        // A feed that is being loaded is not up, which clients know: heartbeats need not wait for it.
        for feed in loading where !isCurrent.isEmpty { isCurrent[feed] = true }
        if loading.isEmpty, unloaded.isEmpty, !isCurrent.isEmpty, !isCurrent.contains(false) { hasCaughtUp = true }
        health.report(Self.component, hasCaughtUp ? .up : .down("the feeds' streams are being caught up with"))
        var batch = distributor.takeBatch(
            ReadingReach(isCurrent: isCurrent, hasCaughtUp: hasCaughtUp), at: clock.now)
        batch.traced = traced
        traced = nil
        return batch
    }

    /// What clients must hear of even while Redis is away.
    mutating func idleTurn() -> FanOutBatch { distributor.takeBatch(.none, at: clock.now) }

    // MARK: Reading on

    /// Reads what the feeds have that are loaded. By feed, whether nothing is left that matters; empty if none is read.
    private mutating func read(except loading: Set<Int>, block: Duration?) async throws -> [Bool] {
        let readable = streams.indices.filter { !distributor.isStopped($0) }
        let feeds = readable.filter { !loading.contains($0) }
        guard !feeds.isEmpty else {
            if let block { try await Task.sleep(for: block) }
            return readable.isEmpty ? [] : streams.map { _ in true }
        }
        let positions = feeds.map { (stream: streams[$0], after: position(of: distributor.books[$0])) }
        let batches = try await connection.read(positions, count: configuration.batchEntries, block: block)
        let now = clock.now
        var counts = [Int](repeating: 0, count: streams.count)
        for batch in batches {
            guard let feed = streams.firstIndex(of: batch.stream) else { continue }
            counts[feed] = batch.entries.count
            apply(batch.entries, feed: feed, at: now)
        }
        for feed in feeds where counts[feed] < configuration.batchEntries { drainedOn[feed] = connections }
        measure(entries: counts.reduce(0, +), since: now)
        return streams.indices.map { keepsUp($0, entries: counts[$0], at: now) }
    }

    /// Whether a feed of which a turn read so many entries has nothing left, or nothing that is old.
    private func keepsUp(_ feed: Int, entries: Int, at now: Moment) -> Bool {
        guard entries >= configuration.batchEntries else { return !unloaded.contains(feed) }
        return distributor.lag(of: feed, at: now).map { $0 < Self.tolerableLag } ?? false
    }

    private mutating func measure(entries: Int, since began: Moment) {
        if entries > 0 {
            traced?.entries = entries
            metrics.batchEntries.record(entries)
            metrics.batchSeconds.recordNanoseconds((clock.now.monotonic - began.monotonic).microseconds * 1_000)
        }
        metrics.laneCount.record(distributor.laneCount)
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
    mutating func skip(_ id: StreamID, _ feed: Int, _ error: any Error) {
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

    mutating func stop(_ feed: Int, _ why: String) {
        let name = configuration.feeds[feed]
        metrics.failed("entry")
        logger.error("feed is not read any more", metadata: [LogKey.feed: "\(name)", LogKey.error: "\(why)"])
        health.report("broadcaster.\(name)", .down(why))
        distributor.stop(feed, why)
    }

    /// An entry's id is its first frame; the next entry's is above the last one.
    func position(of book: FeedBook) -> StreamID {
        max(StreamID(UInt64(max(0, book.chain.last ?? 0))), skipped[book.index] ?? .zero)
    }
}
