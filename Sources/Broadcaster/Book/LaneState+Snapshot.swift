import FeedModel
import NIOCore

/// A lane in one projection as JSON objects, shared by everyone who asks before it changes.
struct LaneRendering: Sendable {
    struct Part: Sendable {
        /// `{"ln":…,"rows":[…]}`, without a frame around it.
        let object: ByteBuffer
        let rowCount: Int
    }

    let seq: FrameNumber
    let parts: [Part]

    var rowCount: Int { parts.reduce(0) { $0 + $1.rowCount } }
}

/// How large a part of a snapshot may be.
enum SnapshotLimit {
    static let rows = 500
    static let bytes = 64 * 1024
}

extension LaneState {
    /// The lane as it is now. Kept until it changes, for those projections that somebody watches.
    mutating func rendering(_ projection: Projection) -> LaneRendering {
        if let known = renderings[projection] { return known }
        let fresh = render(projection)
        if projection == .plain || slots.contains(where: { $0.projection == projection }) {
            renderings[projection] = fresh
        }
        return fresh
    }

    /// How many rows the projection shows.
    func rowCount(_ projection: Projection) -> Int {
        switch projection.rows {
        case .all: rows.count
        case .none: 0
        case .markets:
            markets.reduce(0) { $0 + (projection.includes(marketType: $1.type) ? $1.rowCount : 0) }
        }
    }

    private func render(_ projection: Projection) -> LaneRendering {
        let allowed = markets.map { projection.includes(marketType: $0.type) }
        var json = JSONBytes(capacity: min(rows.count * 160 + 512, SnapshotLimit.bytes + 1024))
        var parts: [LaneRendering.Part] = []
        var rowCount = 0
        beginObject(projection, isFirst: true, &json)
        for row in rows where allowed[row.market] {
            if rowCount >= SnapshotLimit.rows || json.count >= SnapshotLimit.bytes - 2048 {
                json.raw("],\"more\":true}")
                parts.append(.init(object: ByteBuffer(bytes: json.bytes), rowCount: rowCount))
                json.removeAll()
                rowCount = 0
                beginObject(projection, isFirst: false, &json)
            }
            if rowCount > 0 { json.raw(",") }
            json.row(row, market: markets[row.market], mask: .created, format: projection.format)
            rowCount += 1
        }
        json.raw("]}")
        parts.append(.init(object: ByteBuffer(bytes: json.bytes), rowCount: rowCount))
        return LaneRendering(seq: seq, parts: parts)
    }

    private func beginObject(_ projection: Projection, isFirst: Bool, _ json: inout JSONBytes) {
        json.raw("{\"ln\":")
        json.string(name)
        json.raw(",\"seq\":")
        json.integer(seq)
        json.projection(projection)
        if isFirst, let fixture { json.fixtureMember(fixtureID, fixture) }
        json.raw(",\"rows\":[")
    }

    // MARK: Resuming

    /// Above this share of changed rows the snapshot, which is shared, is the better answer.
    private static let mostRowsOfADifference = 200

    enum Difference: Sendable {
        case nothing
        /// A delta that applies to whatever the client has, with so many rows; it is in `json`.
        case delta(rows: Int)
        /// So much has changed, or the lane is so new, that the whole lane is to be sent.
        case everything
    }

    /// What someone who has the lane as of `frame`, or later, lacks.
    func difference(
        after frame: FrameNumber, _ projection: Projection, _ json: inout JSONBytes, at now: Moment
    ) -> Difference {
        guard seq > frame else { return .nothing }
        // The filter may not have matched before: then the client has nothing that a difference could build on.
        guard factsFrame <= frame else { return .everything }
        let allowed = markets.map { projection.includes(marketType: $0.type) }
        let changed = rows.filter { $0.changedFrame > frame && allowed[$0.market] }
        let removed = tombstones.filter { $0.value.frame > frame && allowed[$0.value.market] }
        guard changed.count + removed.count <= Self.mostRowsOfADifference else { return .everything }
        let isFixtureChanged = fixtureFrame > frame
        guard isFixtureChanged || !changed.isEmpty || !removed.isEmpty else { return .nothing }
        json.removeAll()
        json.raw("{\"t\":\"d\",\"ln\":")
        json.string(name)
        json.raw(",\"seq\":")
        json.integer(seq)
        json.raw(",\"prev\":0,\"pt\":")
        json.integer(now.wall.milliseconds)
        json.projection(projection)
        if isFixtureChanged, let fixture { json.fixtureMember(fixtureID, fixture) }
        var list = JSONList(member: ",\"u\":[")
        for row in changed {
            list.next(&json)
            json.row(row, market: markets[row.market], mask: .replacement, format: projection.format)
        }
        list.end(&json)
        list = JSONList(member: ",\"r\":[")
        for (key, tombstone) in removed {
            list.next(&json)
            json.removal(key, tombstone.reason)
        }
        list.end(&json)
        json.raw("}")
        return .delta(rows: changed.count)
    }
}

extension JSONBytes {
    /// A lane that is gone, or that the subscription no longer covers: empty, it replaces what the client has.
    mutating func emptyLane(_ name: String, seq: FrameNumber, _ projection: Projection) {
        raw("{\"ln\":")
        string(name)
        raw(",\"seq\":")
        integer(seq)
        self.projection(projection)
        raw(",\"rows\":[],\"gone\":true}")
    }
}
