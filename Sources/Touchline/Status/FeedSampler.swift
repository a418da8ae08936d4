import FeedModel
import RedisStreams

/// Asks Redis how a feed is. What it reads is bounded, however fast the feed is.
struct FeedSampler: Sendable {
    let names: StreamNames
    let redis: RedisConnection

    /// - Parameter previous: the sample before, whose state holds until a later entry names another.
    func sample(after previous: FeedSample? = nil) async throws -> FeedSample {
        var sample = FeedSample(feed: names.feed, instant: .now, time: WallClock.now)
        do {
            try await read(into: &sample, previous)
        } catch let error as RedisError where error.refusal == .wrongType {
            // Somebody has put something else under one of its keys: the other feeds are shown all the same.
            (sample.state, sample.stateWhy) = (StateStory.unreadable, "one of its keys in Redis is of another type")
        }
        return sample
    }

    private func read(into sample: inout FeedSample, _ previous: FeedSample?) async throws {
        for (name, key) in [("raw", names.raw), ("events", names.events), ("dead", names.dead)] {
            if let stream = try await stream(name, key) { sample.streams.append(stream) }
        }
        try await readState(into: &sample, previous)
        sample.feedOwner = try await redis.leaseOwner(names.feedOwner)
        sample.processorOwner = try await redis.leaseOwner(names.processorOwner)
        if let previous { sample.eventsSince = try await events(from: previous["events"], to: sample["events"]) }
    }

    private func stream(_ name: String, _ key: String) async throws -> FeedSample.Stream? {
        guard let info = try await redis.streamInfo(of: key) else { return nil }
        var groups: [FeedSample.Group] = []
        for group in try await redis.groups(of: key) { groups.append(try await self.group(group, name, key, info)) }
        return FeedSample.Stream(
            name: name, length: info.length, added: info.added, last: FrameNumber(info.lastGenerated.milliseconds),
            groups: groups)
    }

    private func group(
        _ info: GroupInfo, _ name: String, _ key: String, _ stream: StreamInfo
    ) async throws -> FeedSample.Group {
        var group = FeedSample.Group(
            name: info.name, pending: info.pending, lag: info.lag(in: stream), consumers: info.consumers,
            lastDelivered: FrameNumber(info.lastDelivered.milliseconds))
        if info.lastDelivered < stream.lastGenerated {
            let next = try await redis.range(of: key, from: info.lastDelivered.successor, to: .max, count: 1)
            group.waitingSince = next.first.flatMap { Self.receivedAt($0, in: name) }
        }
        if info.pending > 0,
            let lowest = try await redis.pendingSummary(stream: key, group: info.name).lowest
        {
            group.oldestPending = FrameNumber(lowest.milliseconds)
            let entry = try await redis.range(of: key, from: lowest, to: lowest, count: 1).first
            group.oldestPendingSince = entry.flatMap { Self.receivedAt($0, in: name) }
        }
        return group
    }

    /// Nil for an entry of a version that this build does not know: the rest of the status is still worth seeing.
    private static func receivedAt(_ entry: StreamEntry, in stream: String) -> Timestamp? {
        switch stream {
        case "raw": try? RawEntry.header(of: entry.payload).receivedAt
        case "events": try? EventsEntryHeader(decoding: entry.payload).receivedAt
        default: try? DeadLetter(decoding: entry.payload).receivedAt
        }
    }

    // MARK: State

    private static let chunk = 16
    private static let mostEntries = 13 * chunk

    /// The session's state: what the latest control entry that names one says, looked for among the newest entries.
    private func readState(into sample: inout FeedSample, _ previous: FeedSample?) async throws {
        let from = previous?["raw"].map { StreamID(UInt64($0.last + 1)) } ?? .zero
        var upTo = StreamID.max
        var seen = 0
        var story = StateStory()
        while seen < Self.mostEntries, !story.isComplete {
            let entries = try await redis.range(of: names.raw, from: from, to: upTo, count: Self.chunk, reversed: true)
            if seen == 0 { sample.lastReceivedAt = entries.first.flatMap { Self.receivedAt($0, in: "raw") } }
            seen += entries.count
            for entry in entries { story.tell((try? EntryText.control(of: entry.payload)) ?? nil) }
            guard entries.count == Self.chunk, let oldest = entries.last, oldest.id.milliseconds > 0 else { break }
            upTo = StreamID(oldest.id.milliseconds - 1, .max)
        }
        sample.lastReceivedAt = sample.lastReceivedAt ?? previous?.lastReceivedAt
        story.end(previous.map { ($0.state, $0.stateWhy) }, hasEntries: seen > 0)
        (sample.state, sample.stateWhy) = (story.state ?? sample.state, story.why)
    }

    // MARK: Events

    private static let mostCounted = 32

    /// Few entries are counted; of many the newest tell how many events one has.
    private func events(from old: FeedSample.Stream?, to new: FeedSample.Stream?) async throws -> Double? {
        guard let old, let new, new.added >= old.added else { return nil }
        let added = new.added - old.added
        guard added > 0 else { return 0 }
        let entries = try await redis.range(
            of: names.events, from: StreamID(UInt64(old.last + 1)), to: StreamID(UInt64(new.last)),
            count: added <= Self.mostCounted ? Self.mostCounted : 8, reversed: true)
        let counts = entries.compactMap { try? EventsEntryHeader(decoding: $0.payload) }.map {
            $0.isControl ? 0 : $0.eventCount
        }
        guard !counts.isEmpty else { return nil }
        return Double(counts.reduce(0, +)) / Double(counts.count) * Double(added)
    }
}
