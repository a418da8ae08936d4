import FeedModel
import NIOCore

extension Hub {
    /// What changed in a filter's lanes after a cursor, for those who ask instead of holding a stream open. When the cursor
    /// cannot be resumed from, it says so and holds everything.
    func changes(
        _ narrowed: AccessGrant.Narrowed, _ grant: AccessGrant, since token: String, at now: Moment
    ) -> ByteBuffer {
        let key = narrowed.key
        let matcher = LaneMatcher(key.filter, feeds: names)
        let hash = key.filter.hash(format: key.format, channel: key.channel)
        let (cursor, reset) = readable(token, hash: hash, matcher)
        var lanes: [ByteBuffer] = []
        var deltas: [ByteBuffer] = []
        for known in matching(key, matcher) {
            let difference = cursor.flatMap { frame(of: known.lane.feed, in: $0) }.map { frame in
                known.lane.withState { $0.difference(after: frame, key.projection, &json, at: now) }
            }
            switch difference ?? .everything {
            case .nothing: break
            case .delta: deltas.append(ByteBuffer(bytes: json.bytes))
            case .everything:
                lanes += known.lane.withState { $0.rendering(key.projection) }.parts.map(\.object)
            }
        }
        if let cursor {
            for gone in removals(matcher, after: cursor) { lanes.append(emptyLane(gone, key.projection)) }
        }
        var body = documentHead(narrowed, grant, matcher, hash: hash, at: now)
        if let reset { body.writeString(",\"reset\":\"\(reset.rawValue)\"") }
        body.writeString(",\"lanes\":[")
        body.write(list: lanes)
        body.writeString("],\"deltas\":[")
        body.write(list: deltas)
        body.writeString("]}")
        return body
    }

    /// The cursor, or why it is of no use.
    private func readable(_ token: String, hash: UInt64, _ matcher: LaneMatcher) -> (Cursor?, ResetReason?) {
        guard let cursor = Cursor(token: token) else { return (nil, .tokenInvalid) }
        guard cursor.filterHash == hash else { return (nil, .filterChanged) }
        guard let refusal = refusal(of: cursor, matcher) else { return (cursor, nil) }
        return (nil, refusal)
    }

    private func emptyLane(_ gone: (name: String, seq: FrameNumber), _ projection: Projection) -> ByteBuffer {
        json.removeAll()
        json.emptyLane(gone.name, seq: gone.seq, projection)
        return ByteBuffer(bytes: json.bytes)
    }
}

extension ByteBuffer {
    /// The elements of a JSON array.
    mutating func write(list elements: [ByteBuffer]) {
        for (index, element) in elements.enumerated() {
            if index > 0 { writeString(",") }
            writeImmutableBuffer(element)
        }
    }
}
