import FeedModel
import Logging
import RedisStreams
import Telemetry

/// Where a worker's entries come from: first its own backlog, then what is new in all its feeds, and every few seconds
/// what
/// a consumer that went away has left behind.
///
/// A reader of streams and nothing else: whether to read is decided by whoever fills the batch.
struct StreamIntake {
    /// Entries of one feed, as they came.
    struct Delivery {
        let route: FeedRoute
        let entries: [StreamEntry]
        let deleted: [StreamID]
        /// Delivered before: by an earlier life of this worker, or to another one.
        let isRedelivered: Bool
        /// To be written in a transaction of its own.
        let isAlone: Bool
    }

    struct Reading {
        var deliveries: [Delivery] = []
        /// There is more to be had at once.
        var hasMore = false
    }

    private enum Cursor: Equatable {
        case backlog(after: StreamID)
        case new
        /// The stream is not there yet: only its FeedClient makes it.
        case missing(until: ContinuousClock.Instant)
    }

    private struct Source {
        let route: FeedRoute
        var cursor = Cursor.backlog(after: .zero)
        var claimCursor = StreamID.zero
    }

    let reader: RedisConnection
    /// For all that does not block.
    let other: RedisConnection
    private let consumer: String
    private let group = ConsumerGroup.writer
    private let claim: ClaimPolicy
    private let deliveriesBeforeAlone: Int
    private let logger: Logger
    private var sources: [Source]
    private var waiting: [Delivery] = []
    /// What is old and what is new take turns: a backlog of one feed does not keep the others waiting.
    private var isTurnOfNew = false
    /// The feed whose backlog is read next, if it has one.
    private var backlogTurn = 0
    private var nextClaim = ContinuousClock.now
    /// The feed at which a pass of claims goes on.
    private var claimTurn = 0
    private var claimSize: ReadSize

    init(
        routes: [FeedRoute], consumer: String, configuration: WriterConfiguration, reader: RedisConnection,
        other: RedisConnection, logger: Logger
    ) {
        self.reader = reader
        self.other = other
        self.consumer = consumer
        self.logger = logger
        claim = configuration.claim
        claimSize = ReadSize(first: 4, most: configuration.claim.count)
        deliveriesBeforeAlone = configuration.deliveriesBeforeAlone
        sources = routes.map { Source(route: $0) }
    }

    private static let missingStreamPause = Duration.seconds(1)

    /// Connects, and goes through the own backlog again.
    mutating func connect() async throws(RedisError) {
        try await reader.connect()
        try await other.connect()
        restart()
    }

    /// What was delivered and not acknowledged is read again: after a new connection, or an acknowledgement that was
    /// lost.
    mutating func restart() {
        waiting.removeAll()
        for index in sources.indices { sources[index].cursor = .backlog(after: .zero) }
    }

    /// Puts deliveries back that no longer fitted the batch.
    mutating func putBack(_ deliveries: [Delivery]) {
        // What is new has had its turn, and must not fill the batch again before what has to be alone in it.
        if deliveries.first?.isAlone == true { isTurnOfNew = true }
        waiting.insert(contentsOf: deliveries, at: 0)
    }

    /// Brings entries; none if `block` ran out.
    mutating func read(count: Int, block: Duration?) async throws(RedisError) -> Reading {
        let backlog = nextBacklog
        if !waiting.isEmpty || backlog != nil {
            isTurnOfNew.toggle()
            if isTurnOfNew, sources.contains(where: { $0.cursor == .new }) {
                var reading = try await readNew(count: count, block: nil)
                reading.hasMore = true
                if !reading.deliveries.isEmpty { return reading }
            }
            if !waiting.isEmpty { return Reading(deliveries: [waiting.removeFirst()], hasMore: true) }
            if let backlog { return try await readBacklog(of: backlog, count: count) }
        }
        if ContinuousClock.now >= nextClaim {
            let claimed = try await claimIdle()
            if !claimed.deliveries.isEmpty { return claimed }
        }
        try await probeMissing()
        return try await readNew(count: count, block: block)
    }

    // MARK: Backlog

    /// A feed whose backlog is not through: each in turn.
    private var nextBacklog: Int? {
        sources.indices.lazy.map { ($0 + backlogTurn) % sources.count }
            .first { if case .backlog = sources[$0].cursor { true } else { false } }
    }

    private mutating func readBacklog(of index: Int, count: Int) async throws(RedisError) -> Reading {
        guard case .backlog(let after) = sources[index].cursor else { return Reading() }
        backlogTurn = (index + 1) % sources.count
        let route = sources[index].route
        let reading = try await other.readIfThere(
            route.streams.events, group: group, consumer: consumer, from: .backlog(after: after), count: count)
        switch reading {
        case .missing: try await repair(index)
        case .nothing: sources[index].cursor = .new
        case .batch(let batch):
            let last = [batch.entries.last?.id, batch.deleted.last].compactMap { $0 }.max()
            sources[index].cursor = .backlog(after: last ?? after)
            return try await redelivered(batch.entries, batch.deleted, route)
        }
        return Reading(hasMore: true)
    }

    /// Separates what was delivered too often from the rest.
    private mutating func redelivered(
        _ entries: [StreamEntry], _ deleted: [StreamID], _ route: FeedRoute
    ) async throws(RedisError) -> Reading {
        func delivery(_ entries: [StreamEntry], _ deleted: [StreamID], isAlone: Bool) -> Delivery {
            Delivery(route: route, entries: entries, deleted: deleted, isRedelivered: true, isAlone: isAlone)
        }
        var suspects: Set<StreamID> = []
        if let first = entries.first?.id, let last = entries.last?.id {
            let pending = try await other.deliveries(
                stream: route.streams.events, group: group, from: first, to: last, count: entries.count * 2)
            suspects = Set(pending.filter { $0.deliveries >= deliveriesBeforeAlone }.map(\.id))
        }
        if suspects.isEmpty {
            return Reading(deliveries: [delivery(entries, deleted, isAlone: false)], hasMore: true)
        }
        logger.warning(
            "entries were delivered too often and are written one by one",
            metadata: [LogKey.feed: "\(route.name)", LogKey.entries: "\(suspects.count)"])
        let innocent = entries.filter { !suspects.contains($0.id) }
        waiting += entries.filter { suspects.contains($0.id) }.map { delivery([$0], [], isAlone: true) }
        return Reading(deliveries: [delivery(innocent, deleted, isAlone: false)], hasMore: true)
    }

    // MARK: Claims

    /// One pass over what others left idle, as far as it fits one read: the next read goes on with it. Nothing is claimed while
    /// the sink is away, because then nothing is read at all.
    private mutating func claimIdle() async throws(RedisError) -> Reading {
        var reading = Reading()
        var bytes = 0
        while claimTurn < sources.count, bytes < ReadSize.usualBytes {
            let index = claimTurn
            claimTurn += 1
            guard sources[index].cursor == .new else { continue }
            do {
                let claimed = try await claimSome(of: index)
                reading.deliveries += claimed
                bytes += claimed.reduce(0) { $0 + $1.entries.reduce(0) { $0 + $1.payload.count } }
            } catch  where error.refusal == .noGroup {
                try await repair(index)
            }
        }
        if claimTurn >= sources.count {
            claimTurn = 0
            nextClaim = ContinuousClock.now + claim.interval
        }
        reading.hasMore = !reading.deliveries.isEmpty
        return reading
    }

    private mutating func claimSome(of index: Int) async throws(RedisError) -> [Delivery] {
        let route = sources[index].route
        let claimed = try await other.claimIdle(
            stream: route.streams.events, group: group, consumer: consumer, minimumIdle: claim.minimumIdle,
            from: sources[index].claimCursor, count: claimSize.entries)
        sources[index].claimCursor = claimed.next
        claimSize.note(claimed.entries)
        guard !claimed.entries.isEmpty || !claimed.deleted.isEmpty else { return [] }
        return try await redelivered(claimed.entries, claimed.deleted, route).deliveries
    }

    // MARK: New entries

    private mutating func readNew(count: Int, block: Duration?) async throws(RedisError) -> Reading {
        let live = sources.filter { $0.cursor == .new }.map(\.route)
        guard !live.isEmpty else {
            if let block { try? await Task.sleep(for: block) }
            return Reading()
        }
        let each = max(1, count / live.count)
        let batches: [StreamBatch]
        do {
            batches = try await reader.readGroup(
                live.map(\.streams.events), group: group, consumer: consumer, from: .new, count: each, block: block)
        } catch  where error.refusal == .noGroup || error.refusal == .wrongType {
            for index in sources.indices where sources[index].cursor == .new { try await repair(index) }
            return Reading()
        }
        var reading = Reading()
        for batch in batches {
            guard let route = live.first(where: { $0.streams.events == batch.stream }) else { continue }
            reading.deliveries.append(
                Delivery(
                    route: route, entries: batch.entries, deleted: batch.deleted, isRedelivered: false, isAlone: false))
            if batch.entries.count >= each { reading.hasMore = true }
        }
        return reading
    }

    // MARK: Groups

    /// Finds out what is missing, a group or its stream, and makes the group again if it is that.
    private mutating func repair(_ index: Int) async throws(RedisError) {
        let route = sources[index].route
        switch try await other.makeGroup(group, of: route.streams.events) {
        case .wasThere: return
        case .streamMissing: sources[index].cursor = .missing(until: .now + Self.missingStreamPause)
        case .notAStream:
            sources[index].cursor = .missing(until: .now + Self.missingStreamPause)
            logger.error(
                "something else is under the name of a stream: delete it",
                metadata: [LogKey.feed: "\(route.name)", LogKey.stream: "\(route.streams.events)"])
        case .made:
            sources[index].claimCursor = .zero
            sources[index].cursor = .new
            logger.warning(
                "a consumer group was missing and was made again at the stream's beginning",
                metadata: [LogKey.feed: "\(route.name)", LogKey.stream: "\(route.streams.events)"])
        }
    }

    private mutating func probeMissing() async throws(RedisError) {
        for index in sources.indices {
            guard case .missing(let until) = sources[index].cursor, .now >= until else { continue }
            guard try await isThere(sources[index].route.streams.events) else {
                sources[index].cursor = .missing(until: .now + Self.missingStreamPause)
                continue
            }
            sources[index].cursor = .backlog(after: .zero)
        }
    }

    /// Something else under the stream's name is no stream.
    private func isThere(_ stream: String) async throws(RedisError) -> Bool {
        do { return try await other.streamInfo(of: stream) != nil } catch  where error.refusal == .wrongType {
            return false
        }
    }
}
