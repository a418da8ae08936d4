import FeedModel
import NIOCore

extension Hub {
    /// What a filter matches now, as one document with its cursor, and a tag that changes when its content does. Nothing is
    /// rendered for whoever has it already, under one of the `known` tags.
    func document(
        _ narrowed: AccessGrant.Narrowed, _ grant: AccessGrant, unless known: [String] = [], at now: Moment
    ) -> (body: ByteBuffer?, tag: String) {
        let key = narrowed.key
        let matcher = LaneMatcher(key.filter, feeds: names)
        let hash = key.filter.hash(format: key.format, channel: key.channel)
        let lanes = matching(key, matcher).map(\.lane)
        if !known.isEmpty {
            let tag = tag(hash, grant, lanes.map { lane in (lane.id, lane.withState { $0.seq }) })
            if known.contains(tag) { return (nil, tag) }
        }
        // The reader goes on meanwhile: the tag is that of what was rendered.
        let renderings = lanes.map { lane in (lane.id, lane.withState { $0.rendering(key.projection) }) }
        let parts = renderings.flatMap { $0.1.parts.map(\.object) }
        var body = documentHead(narrowed, grant, matcher, hash: hash, at: now)
        body.writeString(",\"lanes\":[")
        body.write(list: parts)
        body.writeString("]}")
        return (body, tag(hash, grant, renderings.map { ($0.0, $0.1.seq) }))
    }

    /// Names what lanes of these numbers hold at these frames, and the states of the feeds.
    private func tag(_ hash: UInt64, _ grant: AccessGrant, _ lanes: [(id: Int, seq: FrameNumber)]) -> String {
        var tag = hash
        for lane in lanes { tag = Self.mix(tag, UInt64(lane.id), UInt64(bitPattern: lane.seq)) }
        for (index, feed) in feeds.enumerated() where grant.allows(feed: names[index]) {
            tag = Self.mix(tag, UInt64(feed.condition.status.rawValue), 0)
        }
        return "\"\(String(tag, radix: 16))\""
    }

    /// The lanes that a filter matches, in a fixed order.
    func matching(_ key: AudienceKey, _ matcher: LaneMatcher) -> [KnownLane] {
        let ids = key.filter.fixtures.isEmpty ? Array(lanes.keys) : Array(candidates(key.filter.fixtures))
        return ids.sorted().compactMap { lanes[$0] }.filter { matcher.matches($0.facts, name: $0.lane.name) }
    }

    /// What every document begins with, without its end.
    func documentHead(
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

    private static func mix(_ hash: UInt64, _ left: UInt64, _ right: UInt64) -> UInt64 {
        var words = (left, right)
        return withUnsafeBytes(of: &words) { StableHash.hash($0, seed: hash) }
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
