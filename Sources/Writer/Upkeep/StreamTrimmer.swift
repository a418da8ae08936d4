import FeedModel
import Logging
import RedisStreams
import Telemetry

/// Takes off a feed's streams what nobody needs any more, and tells how long they are.
///
/// Everything is found and used on one connection: on another, a read in between could have delivered what is trimmed.
/// The
/// last entry always stays, because it is the feed's only state.
struct StreamTrimmer: Sendable {
    let policy: TrimPolicy
    let isRawAuditOn: Bool
    let redis: RedisConnection
    let logger: Logger

    func trim(_ route: FeedRoute) async throws {
        let streams = route.streams
        let gauges = StreamGauges(feed: route.name)
        let cutoff = WallClock.now - policy.minimumRetention
        let facts = try await redis.serverFacts()
        RedisGauges().record(facts)
        let isPressed = facts.memoryShare > policy.memoryShare
        if let floor = try await eventsFloor(streams, cutoff, isPressed: isPressed) {
            gauges.trimmed(try await redis.trim(stream: streams.events, below: floor), of: "events")
        }
        if let floor = try await rawFloor(streams, cutoff, isPressed: isPressed) {
            gauges.trimmed(try await redis.trim(stream: streams.raw, below: floor), of: "raw")
        }
        if let floor = try await redis.trimFloor(of: streams.dead, groups: [ConsumerGroup.writer]) {
            gauges.trimmed(try await redis.trim(stream: streams.dead, below: floor), of: "dead")
        }
        try await trimRequests(streams)
        try await measure(streams, gauges)
    }

    // MARK: Floors

    /// The lowest of what the Writers need and what must stay for its age; under pressure the Broadcasters' checkpoint
    /// takes the place of the age.
    private func eventsFloor(
        _ streams: StreamNames, _ cutoff: Timestamp, isPressed: Bool
    ) async throws -> StreamID? {
        guard let floor = try await redis.trimFloor(of: streams.events, groups: [ConsumerGroup.writer]) else {
            return nil
        }
        guard isPressed else { return try await retained(streams.events, below: floor, since: cutoff, Self.eventsTime) }
        guard let checkpoint = try await redis.checkpoint(streams.checkpoint)?.rank, StreamID(checkpoint) < floor else {
            return floor
        }
        // Restoring from a checkpoint that is too old would take longer than a fresh image.
        let entry = try await redis.range(of: streams.events, from: StreamID(checkpoint), to: floor, count: 1).first
        let isOld = entry.map { Self.eventsTime($0) < WallClock.now - policy.checkpointAge } ?? true
        return isOld ? floor : StreamID(checkpoint)
    }

    /// The lowest of what the groups need and the decoder's checkpoint, from which a successor replays. Without one,
    /// what is young stays as well: a successor may be just about to need it.
    private func rawFloor(
        _ streams: StreamNames, _ cutoff: Timestamp, isPressed: Bool
    ) async throws -> StreamID? {
        let groups = [ConsumerGroup.processor] + (isRawAuditOn ? [ConsumerGroup.archiver] : [])
        guard let floor = try await redis.trimFloor(of: streams.raw, groups: groups) else { return nil }
        if let checkpoint = try await redis.checkpoint(streams.decoder)?.rank {
            return min(floor, StreamID(checkpoint))
        }
        return isPressed ? floor : try await retained(streams.raw, below: floor, since: cutoff, Self.rawTime)
    }

    /// The first entry that is younger than `cutoff`, or `floor` if that is lower. Ids are frame numbers and say
    /// nothing of time, but times never go back within a feed, so halving finds it.
    private func retained(
        _ stream: String, below floor: StreamID, since cutoff: Timestamp, _ time: (StreamEntry) -> Timestamp
    ) async throws -> StreamID? {
        guard var low = try await redis.range(of: stream, from: .zero, to: floor, count: 1).first?.id.milliseconds
        else {
            return nil
        }
        var high = floor.milliseconds
        while high > low, high - low > Self.closeEnough {
            let middle = low + (high - low) / 2
            let found = try await redis.range(of: stream, from: StreamID(middle), to: floor, count: 1).first
            if let found, time(found) < cutoff { low = max(middle, found.id.milliseconds) } else { high = middle }
        }
        // Below `low` everything is older than the cutoff.
        return StreamID(low)
    }

    /// Frames; what this leaves behind goes at the next pass.
    private static let closeEnough: UInt64 = 1_024

    private static func eventsTime(_ entry: StreamEntry) -> Timestamp {
        (try? EventsEntryHeader(decoding: entry.payload))?.receivedAt ?? WallClock.now
    }

    private static func rawTime(_ entry: StreamEntry) -> Timestamp {
        (try? RawEntry.header(of: entry.payload))?.receivedAt ?? WallClock.now
    }

    /// The owner says in every entry which request it handled last.
    private func trimRequests(_ streams: StreamNames) async throws {
        guard let last = try await redis.lastEntry(of: streams.raw),
            let handled = (try? RawEntry.header(of: last.payload))?.requestsHandled, handled > .zero
        else { return }
        try await redis.trim(stream: streams.requests, below: StreamID(handled.milliseconds, handled.sequence))
    }

    // MARK: Gauges

    private func measure(_ streams: StreamNames, _ gauges: StreamGauges) async throws {
        for (name, stream) in [("raw", streams.raw), ("events", streams.events), ("dead", streams.dead)] {
            guard let info = try await redis.streamInfo(of: stream) else { continue }
            gauges.length(info.length, of: name)
            for group in try await redis.groups(of: stream) {
                gauges.group(
                    group.name, of: name, lag: group.lag(in: info), pending: group.pending,
                    oldestPending: try await ageOfOldestPending(stream, group))
            }
        }
    }

    private func ageOfOldestPending(_ stream: String, _ group: GroupInfo) async throws -> Duration {
        guard group.pending > 0,
            let oldest = try await redis.pendingSummary(stream: stream, group: group.name).lowest,
            let entry = try await redis.range(of: stream, from: oldest, to: oldest, count: 1).first
        else { return .zero }
        let time = stream.hasSuffix(":events") ? Self.eventsTime(entry) : Self.rawTime(entry)
        return max(.zero, WallClock.now.since(time))
    }
}
