import FeedModel

/// A lane that a subscriber is to get as a whole as soon as its connection takes more.
struct QueuedLane {
    enum Reason {
        /// Part of a subscription's snapshot.
        case initial(sid: Int)
        /// Part of a resume: only what changed after the frame.
        case resumed(sid: Int, after: FrameNumber)
        /// It began to match, or the client lost track of it.
        case replaced
        /// Its deltas did not fit in the connection's queue.
        case slow

        var sid: Int? {
            switch self {
            case .initial(let sid), .resumed(let sid, _): sid
            case .replaced, .slow: nil
            }
        }
    }

    let lane: Lane
    let attachment: Attachment
    let reason: Reason
}

/// What waits for one subscriber's connection, in order. Memory is bounded by the number of lanes, not by their changes.
struct LaneQueue {
    enum Element {
        case lane(QueuedLane)
        /// The subscriber no longer has the lane.
        case gone(name: String, seq: FrameNumber, Projection)
        /// Everything of a snapshot is written; the cursor is how far the feeds were when it was queued.
        case end(sid: Int, cursor: Cursor, isResumed: Bool)
    }

    private struct Key: Hashable {
        let lane: Int
        let slot: Int
    }

    private var elements: [Element] = []
    private var head = 0
    private var waiting: [Key: Int] = [:]

    var isEmpty: Bool { head == elements.count }
    var count: Int { elements.count - head }
    var first: Element? { isEmpty ? nil : elements[head] }

    /// The one so many places behind the first.
    func element(at offset: Int) -> Element? { offset < count ? elements[head + offset] : nil }

    /// Whether the lane will be sent anyway: its deltas are not needed until then.
    func contains(lane: Int, slot: Int) -> Bool {
        !waiting.isEmpty && waiting[Key(lane: lane, slot: slot)] != nil
    }

    mutating func append(_ element: Element) {
        if case .lane(let queued) = element { waiting[Self.key(queued), default: 0] += 1 }
        elements.append(element)
    }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        head += 1
        if case .lane(let queued) = element { forget(queued) }
        if head == elements.count {
            // Most are empty most of the time: those share what they are then asked for.
            elements = []
            head = 0
        } else if head >= 512, head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    /// Takes out everything that belongs to a subscription, and returns its lanes.
    mutating func remove(sid: Int) -> [QueuedLane] {
        var removed: [QueuedLane] = []
        var kept: [Element] = []
        for element in elements[head...] {
            switch element {
            case .lane(let queued) where queued.reason.sid == sid:
                removed.append(queued)
                forget(queued)
            case .end(sid, _, _): break
            default: kept.append(element)
            }
        }
        elements = kept
        head = 0
        return removed
    }

    mutating func removeAll() { self = LaneQueue() }

    private mutating func forget(_ queued: QueuedLane) {
        let key = Self.key(queued)
        guard let count = waiting[key] else { return }
        waiting[key] = count > 1 ? count - 1 : nil
    }

    private static func key(_ queued: QueuedLane) -> Key {
        Key(lane: queued.lane.id, slot: queued.attachment.slot)
    }
}
