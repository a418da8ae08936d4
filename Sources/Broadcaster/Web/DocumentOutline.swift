import FeedModel
import NIOCore

/// What a document holds, as a hub knows it on its event loop. It is rendered elsewhere: a whole board takes milliseconds, for
/// which the loop's subscribers would wait. Lanes may go on meanwhile, which who continues from the cursor does not mind.
struct DocumentOutline: Sendable {
    /// The document's beginning, up to what its lanes are.
    let head: ByteBuffer
    let projection: Projection
    /// Those of the filter, in a fixed order.
    let lanes: [Lane]
    /// The filter and the states of the feeds.
    let tagSeed: UInt64

    /// The document, and a tag that changes when its content does. Nothing is rendered for whoever has it already, under one
    /// of the `known` tags.
    func rendered(unless known: [String] = []) -> (body: ByteBuffer?, tag: String) {
        if !known.isEmpty {
            let tag = tag(lanes.map { lane in lane.withState { $0.seq } })
            if known.contains(tag) { return (nil, tag) }
        }
        // The reader goes on: the tag is that of what was rendered.
        let renderings = lanes.map { lane in lane.withState { $0.rendering(projection) } }
        var body = head
        body.writeString(",\"lanes\":[")
        body.write(list: renderings.flatMap { $0.parts.map(\.object) })
        body.writeString("]}")
        return (body, tag(renderings.map(\.seq)))
    }

    private func tag(_ frames: [FrameNumber]) -> String {
        var tag = tagSeed
        for (lane, frame) in zip(lanes, frames) {
            tag = StableHash.mix(tag, UInt64(lane.id), UInt64(bitPattern: frame))
        }
        return "\"\(String(tag, radix: 16))\""
    }
}

/// What changed in a filter's lanes after a cursor, as a hub knows it on its event loop; rendered elsewhere.
struct ChangesOutline: Sendable {
    /// The document's beginning, up to what its lanes are.
    let head: ByteBuffer
    let projection: Projection
    /// Those of the filter, in a fixed order, and the frame up to which whoever asks has each; nil if it has nothing of it.
    let lanes: [(lane: Lane, after: FrameNumber?)]
    /// What the filter no longer shows.
    let gone: [(name: String, seq: FrameNumber)]

    func rendered(at now: Moment) -> ByteBuffer {
        var json = JSONBytes()
        var whole: [ByteBuffer] = []
        var deltas: [ByteBuffer] = []
        for (lane, frame) in lanes {
            let difference = frame.map { frame in
                lane.withState { $0.difference(after: frame, projection, &json, at: now) }
            }
            switch difference ?? .everything {
            case .nothing: break
            case .delta: deltas.append(ByteBuffer(bytes: json.bytes))
            case .everything: whole += lane.withState { $0.rendering(projection) }.parts.map(\.object)
            }
        }
        for lane in gone {
            json.removeAll()
            json.emptyLane(lane.name, seq: lane.seq, projection)
            whole.append(ByteBuffer(bytes: json.bytes))
        }
        var body = head
        body.writeString(",\"lanes\":[")
        body.write(list: whole)
        body.writeString("],\"deltas\":[")
        body.write(list: deltas)
        body.writeString("]}")
        return body
    }
}

extension StableHash {
    /// A hash of a former one and two numbers more.
    static func mix(_ hash: UInt64, _ left: UInt64, _ right: UInt64) -> UInt64 {
        var words = (left, right)
        return withUnsafeBytes(of: &words) { self.hash($0, seed: hash) }
    }
}

extension ByteBuffer {
    /// The elements of a JSON array.
    fileprivate mutating func write(list elements: [ByteBuffer]) {
        reserveCapacity(minimumWritableBytes: elements.reduce(16) { $0 + $1.readableBytes + 1 })
        for (index, element) in elements.enumerated() {
            if index > 0 { writeString(",") }
            writeImmutableBuffer(element)
        }
    }
}
