import FeedModel
import NIOCore

extension Hub {
    /// What a filter matches now, as one document with its cursor, and a tag that changes when its content does.
    func document(_ key: AudienceKey, at now: Moment) -> (body: ByteBuffer, tag: String) {
        let matcher = LaneMatcher(key.filter, feeds: names)
        let projection = key.projection
        let ids = key.filter.fixtures.isEmpty ? Array(lanes.keys) : Array(candidates(key.filter.fixtures))
        let matching = ids.sorted().compactMap { lanes[$0] }.filter { matcher.matches($0.facts, name: $0.lane.name) }
        let hash = key.filter.hash(format: key.format, channel: key.channel)
        json.removeAll()
        json.raw("{\"ts\":")
        json.integer(now.wall.milliseconds)
        json.raw(",\"cur\":\"")
        json.raw(Array(cursor(matcher, hash: hash).token.utf8))
        json.raw("\",\"feeds\":")
        json.feedStates(feeds, names, at: now)
        json.raw(",\"unknown\":")
        json.strings(unknownValues(key.filter))
        json.raw(",\"lanes\":[")
        var body = ByteBuffer(bytes: json.bytes)
        var tag = hash
        for known in matching {
            let rendering = known.lane.withState { $0.rendering(projection) }
            tag = Self.mix(tag, UInt64(known.lane.id), UInt64(bitPattern: rendering.seq))
            for part in rendering.parts {
                if known.lane !== matching[0].lane || part.object != rendering.parts[0].object { body.writeString(",") }
                body.writeImmutableBuffer(part.object)
            }
        }
        body.writeString("]}")
        for feed in feeds { tag = Self.mix(tag, UInt64(feed.condition.status.rawValue), 0) }
        return (body, String(tag, radix: 16))
    }

    private static func mix(_ hash: UInt64, _ left: UInt64, _ right: UInt64) -> UInt64 {
        var words = (left, right)
        return withUnsafeBytes(of: &words) { StableHash.hash($0, seed: hash) }
    }

    /// The states of the feeds.
    func feedsDocument(at now: Moment) -> ByteBuffer {
        json.removeAll()
        json.raw("{\"ts\":")
        json.integer(now.wall.milliseconds)
        json.raw(",\"feeds\":")
        json.feedStates(feeds, names, at: now)
        json.raw("}")
        return ByteBuffer(bytes: json.bytes)
    }
}
