import FeedModel
import Logging
import RedisStreams
import Telemetry

/// A feed's log in Redis as its owner writes it: numbered entries, one MULTI in flight, and after any surprise a look at the
/// last entry before anything is sent again.
///
/// Used by one task. An absent or full Redis is waited out: with a spool on disk while the feed goes on, without one (or when
/// it is full) while the feed waits. Throws only what makes this process stop being the owner (`FeedClientError`) or its
/// task's cancellation.
struct FeedLog {
    let redis: RedisConnection
    let names: StreamNames
    let lease: FeedLease
    let health: HealthRegistry
    let component: String
    let spool: Spool?
    /// Entries go to the disk, because Redis is away or full, or has not got all of the spool yet.
    var isSpooling = false
    /// The last thing heard of Redis is that it does not answer: asking again costs its time limit.
    var isRedisAway = false
    /// The disk takes no more either: the socket is not read.
    var isBlocked = false
    /// Redis has little memory left: what it need not take now waits on the disk.
    var isRedisNearlyFull = false
    /// How many frames the spool has dropped, as far as they are counted.
    var knownDropped: FrameNumber = 0
    var nextMemoryLook = ContinuousClock.now
    var bytesUntilMemoryLook = 0
    /// Frames are lost that the decoder needed: the provider must send its whole state.
    var isImageDue = false
    var nextDrain = ContinuousClock.now
    /// When the spool was last drained; nil once it is forgotten.
    var drainedAt: ContinuousClock.Instant?
    let metrics: FeedClientMetrics
    let logger: Logger
    var retained = RetainedEntries()
    var builder: EntryBuilder
    /// Nil when nothing is traced.
    private var tracing: EntryTracing?
    /// Entries and payload bytes that Redis confirmed.
    private(set) var appended = (entries: 0, frames: 0)

    /// Begins a term: everything the former owner still sends is refused from here on.
    ///
    /// - Returns: the log, and what the entries before the term say; nil if the feed is new.
    static func begin(
        redis: RedisConnection, names: StreamNames, lease: FeedLease, provider: String, isRawAuditOn: Bool,
        spool: Spool?, tracing: EntryTracing?, health: HealthRegistry, component: String, metrics: FeedClientMetrics,
        logger: Logger
    ) async throws -> (log: FeedLog, predecessor: Predecessor?, isAfterLoss: Bool) {
        var isAfterLoss = false
        if let spool { isAfterLoss = try await giveBack(spool, redis: redis, names: names, logger: logger) }
        var generator = SystemRandomNumberGenerator()
        let term = Term.random(using: &generator)
        let now = WallClock.now
        var groups = [
            StreamGroup(stream: names.raw, group: ConsumerGroup.processor),
            StreamGroup(stream: names.events, group: ConsumerGroup.writer),
            StreamGroup(stream: names.dead, group: ConsumerGroup.writer),
        ]
        if isRawAuditOn { groups.append(StreamGroup(stream: names.raw, group: ConsumerGroup.archiver)) }
        let start = try await redis.startTerm(stream: names.raw, groups: groups) { last in
            try Self.firstEntry(
                of: term, after: last.map { try RawEntry.header(of: $0.payload) }, now: now, provider: provider)
        }
        let header = try RawEntry.header(of: start.appended.payload)
        var predecessor: Predecessor?
        if let last = start.predecessor {
            let lastLiveAt = try await Self.lastLive(before: start.appended.id, of: names.raw, redis: redis)
            let resumeToken = try RawEntry.header(of: last.payload).resumeToken
            predecessor = Predecessor(resumeToken: resumeToken, lastLiveAt: lastLiveAt)
        }
        var log = FeedLog(
            redis: redis, names: names, lease: lease, spool: spool, health: health, component: component,
            metrics: metrics, logger: logger, builder: EntryBuilder(after: header))
        log.tracing = tracing
        return (log, predecessor, isAfterLoss)
    }

    /// What the former owner left behind.
    struct Predecessor: Sendable {
        let resumeToken: [UInt8]
        /// Up to when the feed is complete: the last frames, or the last sign of a live but quiet session.
        let lastLiveAt: Timestamp?
    }

    /// Control entries of a feed that was down say nothing about how far it is complete: look behind them.
    private static func lastLive(
        before start: StreamID, of stream: String, redis: RedisConnection
    ) async throws -> Timestamp? {
        let recent = try await redis.range(of: stream, from: .zero, to: start, count: 500, reversed: true).dropFirst()
        var oldest: Timestamp?
        for entry in recent {
            let header = try RawEntry.header(of: entry.payload)
            // The log's first entry: nothing was ever received, so that nothing can be missing.
            oldest = header.prev == 0 ? nil : header.receivedAt
            if header.kind == .frames || isLiveKeepalive(entry.payload) { return header.receivedAt }
        }
        return oldest
    }

    private static func isLiveKeepalive(_ payload: [UInt8]) -> Bool {
        payload.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            guard (try? RawEntry.header(&cursor)) != nil, let frame = try? RawEntry.frame(&cursor),
                let event = try? ControlEvent(decoding: frame.bytes)
            else { return false }
            return event == .keepalive(state: .live)
        }
    }

    private init(
        redis: RedisConnection, names: StreamNames, lease: FeedLease, spool: Spool?, health: HealthRegistry,
        component: String, metrics: FeedClientMetrics, logger: Logger, builder: EntryBuilder
    ) {
        self.redis = redis
        self.names = names
        self.lease = lease
        self.health = health
        self.component = component
        self.spool = spool
        self.metrics = metrics
        self.logger = logger
        self.builder = builder
    }

    private static func firstEntry(
        of term: Term, after last: RawEntryHeader?, now: Timestamp, provider: String
    ) throws -> StreamEntry {
        let first = FrameNumber.startOfTerm(after: last?.last ?? 0, now: now)
        let header = RawEntryHeader(
            kind: .control, term: term, first: first, frameCount: 1, prev: last?.last ?? 0,
            receivedAt: max(now, last?.receivedAt ?? now), requestsHandled: last?.requestsHandled ?? .zero,
            resumeToken: last?.resumeToken ?? [])
        let event = ControlEvent.termStarted(
            predecessorTerm: last?.term.rawValue ?? 0, predecessorLast: last?.last ?? 0, provider: provider)
        return StreamEntry(id: StreamID(UInt64(first)), payload: RawEntry.control(event, header: header))
    }

    /// Appends the entries that the builder has closed; returns when Redis or the spool has them all.
    mutating func flush() async throws {
        var closed = builder.takeClosed()
        appended.entries += closed.count
        appended.frames += closed.reduce(0) { $0 + Int($1.last - $1.first) + 1 }
        bytesUntilMemoryLook -= closed.reduce(0) { $0 + $1.payload.count }
        await watchMemory()
        if isSpooling { return try await flushSpooling(closed) }
        if let drainedAt, ContinuousClock.now - drainedAt > Self.keptAfterDrain { await forgetSpool() }
        guard !closed.isEmpty else { return }
        if isRedisNearlyFull {
            if try await beginSpooling(closed) { return }
            try await waitForRoom()
        }
        // Those that go to the spool are not picked: it keeps payloads only.
        tracing?.pick(from: &closed)
        retained.keep(closed)
        if try await !append(closed) { try await recover(closed) }
        if !isSpooling { tracing?.appended(closed) }
    }

    /// True if Redis took all of `entries`; false if that is unknown or untrue.
    func append(_ entries: [NumberedEntry]) async throws -> Bool {
        do {
            let outcome = try await redis.append(to: names.raw, entries.map(\.streamEntry))
            switch outcome {
            case .appended: return true
            case .outOfMemory(let why): health.report(component, .down("redis is full: \(why)"))
            default: break
            }
            logger.warning("append was not taken", metadata: ["outcome": "\(outcome)"])
        } catch {
            logger.warning("append failed", metadata: [LogKey.error: "\(error)"])
        }
        return false
    }

    /// Appends what Redis lacks after a surprise, for as long as it takes, or until the spool takes over.
    mutating func recover(_ closed: [NumberedEntry]) async throws {
        let began = ContinuousClock.now
        var backoff = ReconnectBackoff(initial: .milliseconds(50), maximum: .seconds(2))
        var random = SystemRandomNumberGenerator()
        while true {
            try Task.checkCancellation()
            do {
                let last = try await confirmedHeader().last
                guard let missing = retained.following(last) else { return try await recoverFromSpool(after: last) }
                if missing.isEmpty { return }
                if try await append(missing) { return }
            } catch let error as RedisError {
                reportAway(error)
            }
            if ContinuousClock.now - began > Self.spoolsAfter, try await beginSpooling(closed) { return }
            try await Task.sleep(for: backoff.next(using: &random))
        }
    }

    /// The last entry that Redis has, while the log is still ours.
    mutating func confirmedHeader() async throws -> RawEntryHeader {
        try await redis.connect()
        try await lease.confirm()
        let last = try await redis.lastEntry(of: names.raw)
        isRedisAway = false
        if !isRedisNearlyFull { health.report(component, .up) }
        guard let last else { throw FeedClientError.continuityLost("the stream \(names.raw) is gone") }
        let header: RawEntryHeader
        do { header = try RawEntry.header(of: last.payload) } catch { throw FeedClientError.unreadableLog(error) }
        guard header.term == builder.term else {
            throw FeedClientError.ownershipLost("term \(header.term) began at frame \(header.first)")
        }
        return header
    }

    mutating func reportAway(_ error: RedisError) {
        isRedisAway = true
        let action = isBlocked ? "; the spool takes no more and the socket is not read" : "; spooling to disk"
        health.report(component, .down("redis: \(error)" + (isSpooling ? action : "")))
        logger.warning("redis is away", metadata: [LogKey.error: "\(error)", "spooling": "\(isSpooling)"])
    }

    static func tooOld(_ last: FrameNumber) -> FeedClientError {
        .continuityLost("Redis stands at frame \(last), older than what is kept here")
    }
}
