import FeedModel
import Logging
import RedisStreams
import Telemetry

/// A feed's log in Redis as its owner writes it: numbered entries, one MULTI in flight, and after any surprise a look at the
/// last entry before anything is sent again.
///
/// Used by one task. Waits out an absent Redis for ever; throws only what makes this process stop being the owner
/// (`FeedClientError`) or its task's cancellation.
struct FeedLog {
    private let redis: RedisConnection
    private let names: StreamNames
    private let lease: FeedLease
    private let health: HealthRegistry
    private let component: String
    private let logger: Logger
    private var retained = RetainedEntries()
    var builder: EntryBuilder
    /// Entries and payload bytes that Redis confirmed.
    private(set) var appended = (entries: 0, frames: 0)

    /// Begins a term: everything the former owner still sends is refused from here on.
    ///
    /// - Returns: the log, and what the entries before the term say; nil if the feed is new.
    static func begin(
        redis: RedisConnection, names: StreamNames, lease: FeedLease, provider: String, isRawAuditOn: Bool,
        health: HealthRegistry, component: String, logger: Logger
    ) async throws -> (log: FeedLog, predecessor: Predecessor?) {
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
        let log = FeedLog(
            redis: redis, names: names, lease: lease, health: health, component: component, logger: logger,
            builder: EntryBuilder(after: header))
        return (log, predecessor)
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
            oldest = header.receivedAt
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
        redis: RedisConnection, names: StreamNames, lease: FeedLease, health: HealthRegistry, component: String,
        logger: Logger, builder: EntryBuilder
    ) {
        self.redis = redis
        self.names = names
        self.lease = lease
        self.health = health
        self.component = component
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

    /// Appends the entries that the builder has closed; returns when Redis has them all.
    mutating func flush() async throws {
        var outstanding = builder.takeClosed()
        guard !outstanding.isEmpty else { return }
        appended.entries += outstanding.count
        appended.frames += outstanding.reduce(0) { $0 + Int($1.last - $1.first) + 1 }
        retained.keep(outstanding)
        var backoff = ReconnectBackoff(initial: .milliseconds(50), maximum: .seconds(2))
        while !outstanding.isEmpty {
            if try await append(outstanding) { return }
            outstanding = try await reconcile(&backoff)
        }
    }

    /// True if Redis took all of `entries`; false if that is unknown or untrue.
    private func append(_ entries: [NumberedEntry]) async throws -> Bool {
        let batch = entries.map { StreamEntry(id: StreamID(UInt64($0.first)), payload: $0.payload) }
        do {
            let outcome = try await redis.append(to: names.raw, batch)
            if case .appended = outcome { return true }
            logger.warning("append was not taken", metadata: ["outcome": "\(outcome)"])
        } catch {
            logger.warning("append failed", metadata: [LogKey.error: "\(error)"])
        }
        return false
    }

    /// What is still to be appended, after looking at what Redis has.
    private mutating func reconcile(_ backoff: inout ReconnectBackoff) async throws -> [NumberedEntry] {
        var random = SystemRandomNumberGenerator()
        while true {
            try Task.checkCancellation()
            do {
                try await redis.connect()
                try await lease.confirm()
                let last = try await redis.lastEntry(of: names.raw)
                health.report(component, .up)
                return try following(last)
            } catch let error as RedisError {
                health.report(component, .down("redis: \(error)"))
                logger.warning("redis is away", metadata: [LogKey.error: "\(error)"])
                try await Task.sleep(for: backoff.next(using: &random))
            }
        }
    }

    private func following(_ last: StreamEntry?) throws -> [NumberedEntry] {
        guard let last else { throw FeedClientError.continuityLost("the stream \(names.raw) is gone") }
        let header: RawEntryHeader
        do { header = try RawEntry.header(of: last.payload) } catch { throw FeedClientError.unreadableLog(error) }
        guard header.term == builder.term else {
            throw FeedClientError.ownershipLost("term \(header.term) began at frame \(header.first)")
        }
        guard let following = retained.following(header.last) else {
            throw FeedClientError.continuityLost("Redis stands at frame \(header.last), older than what is kept here")
        }
        return following
    }
}
