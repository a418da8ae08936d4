import FeedModel
import NIOCore

extension Hub {
    /// What a filter matches now, with its cursor.
    func document(_ narrowed: AccessGrant.Narrowed, _ grant: AccessGrant, at now: Moment) -> DocumentOutline {
        let key = narrowed.key
        let matcher = LaneMatcher(key.filter, feeds: names)
        let hash = key.filter.hash(format: key.format, channel: key.channel)
        var seed = hash
        for (index, feed) in feeds.enumerated() where grant.allows(feed: names[index]) {
            seed = StableHash.mix(seed, UInt64(feed.condition.status.rawValue), 0)
        }
        return DocumentOutline(
            head: documentHead(narrowed, grant, matcher, hash: hash, at: now), projection: key.projection,
            lanes: matching(key, matcher).map(\.lane), tagSeed: seed)
    }

    /// What changed in a filter's lanes after a cursor, for those who ask instead of holding a stream open. When the cursor
    /// cannot be resumed from, it says so and holds everything.
    func changes(
        _ narrowed: AccessGrant.Narrowed, _ grant: AccessGrant, since token: String, at now: Moment
    ) -> ChangesOutline {
        let key = narrowed.key
        let matcher = LaneMatcher(key.filter, feeds: names)
        let hash = key.filter.hash(format: key.format, channel: key.channel)
        let (cursor, reset) = readable(token, hash: hash, matcher)
        var head = documentHead(narrowed, grant, matcher, hash: hash, at: now)
        if let reset { head.writeString(",\"reset\":\"\(reset.rawValue)\"") }
        return ChangesOutline(
            head: head, projection: key.projection,
            lanes: matching(key, matcher).map { known in
                (known.lane, cursor.flatMap { frame(of: known.lane.feed, in: $0) })
            },
            gone: cursor.map { removals(matcher, after: $0) } ?? [])
    }

    /// The cursor, or why it is of no use.
    private func readable(_ token: String, hash: UInt64, _ matcher: LaneMatcher) -> (Cursor?, ResetReason?) {
        guard let cursor = Cursor(token: token) else { return (nil, .tokenInvalid) }
        guard cursor.filterHash == hash else { return (nil, .filterChanged) }
        guard let refusal = refusal(of: cursor, matcher) else { return (cursor, nil) }
        return (nil, refusal)
    }

    /// The lanes that a filter matches, in a fixed order.
    private func matching(_ key: AudienceKey, _ matcher: LaneMatcher) -> [KnownLane] {
        let ids = key.filter.fixtures.isEmpty ? Array(lanes.keys) : Array(candidates(key.filter.fixtures))
        return ids.sorted().compactMap { lanes[$0] }.filter { matcher.matches($0.facts, name: $0.lane.name) }
    }

    /// What every document begins with, without its end.
    private func documentHead(
        _ narrowed: AccessGrant.Narrowed, _ grant: AccessGrant, _ matcher: LaneMatcher, hash: UInt64, at now: Moment
    ) -> ByteBuffer {
        json.removeAll()
        json.raw("{\"ts\":")
        json.integer(now.wall.milliseconds)
        json.raw(",\"cur\":\"")
        json.raw(Array(cursor(matcher, hash: hash).token.utf8))
        json.raw("\",\"feeds\":")
        json.feedStates(feeds, names, at: now, grant)
        json.raw(",\"unknown\":")
        json.strings(unknownValues(narrowed.key.filter))
        json.raw(",\"limits\":")
        // Who asks decides how often: only a stream holds changes back.
        json.strings(narrowed.limits.filter { $0 != "min_conflate_ms" })
        return ByteBuffer(bytes: json.bytes)
    }

    /// The states of the feeds.
    func feedsDocument(_ grant: AccessGrant, at now: Moment) -> ByteBuffer {
        json.removeAll()
        json.raw("{\"ts\":")
        json.integer(now.wall.milliseconds)
        json.raw(",\"feeds\":")
        json.feedStates(feeds, names, at: now, grant)
        json.raw("}")
        return ByteBuffer(bytes: json.bytes)
    }
}
