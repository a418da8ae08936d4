import FeedModel
import NIOCore

/// One `snap` message while it is put together from shared pieces.
private struct SnapshotChunk {
    private(set) var pieces: [ByteBuffer] = []
    private(set) var rows = 0
    private var bytes = 0
    let sid: Int?
    let isSlow: Bool

    private static let comma = ByteBuffer(string: ",")
    private static let end = ByteBuffer(string: "]}")
    private static let endSlow = ByteBuffer(string: "],\"con\":\"slow\"}")

    init(sid: Int?, isSlow: Bool) {
        self.sid = sid
        self.isSlow = isSlow
    }

    var isEmpty: Bool { pieces.isEmpty }

    func fits(_ object: ByteBuffer, rows: Int) -> Bool {
        self.rows + rows <= SnapshotLimit.rows && bytes + object.readableBytes <= SnapshotLimit.bytes
    }

    mutating func add(_ object: ByteBuffer, rows: Int) {
        if pieces.isEmpty {
            pieces.append(
                ByteBuffer(
                    string: sid.map { "{\"t\":\"snap\",\"sid\":\($0),\"lanes\":[" } ?? "{\"t\":\"snap\",\"lanes\":["))
        } else {
            pieces.append(Self.comma)
        }
        pieces.append(object)
        bytes += object.readableBytes
        self.rows += rows
    }

    mutating func finish() -> [ByteBuffer] {
        pieces.append(isSlow ? Self.endSlow : Self.end)
        return pieces
    }
}

extension Hub {
    func enqueue(_ element: LaneQueue.Element, _ subscriber: Subscriber) {
        if case .lane(let queued) = element, case .replaced = queued.reason,
            subscriber.queue.contains(lane: queued.lane.id, slot: queued.attachment.slot)
        {
            return
        }
        subscriber.queue.append(element)
        waiting[ObjectIdentifier(subscriber)] = subscriber
    }

    /// Queues everything that a subscription covers, and the end of it.
    func beginSnapshot(_ subscription: Subscription) {
        let audience = subscription.audience
        for (id, attachment) in audience.lanes {
            guard let lane = lanes[id]?.lane else { continue }
            enqueue(
                .lane(.init(lane: lane, attachment: attachment, reason: .initial(sid: subscription.sid))),
                subscription.subscriber)
        }
        end(subscription, isResumed: false)
    }

    /// Marks where a subscription's snapshot ends in the queue.
    func end(_ subscription: Subscription, isResumed: Bool) {
        subscription.isComplete = false
        subscription.rowCount = 0
        enqueue(
            .end(sid: subscription.sid, cursor: cursor(subscription.audience), isResumed: isResumed),
            subscription.subscriber)
    }

    /// Writes what waits for connections that have room.
    func pumpAll(now: Moment) {
        var isUnfinished = false
        for subscriber in waiting.values {
            if pump(subscriber, now: now) { isUnfinished = true }
        }
        if isUnfinished { onMoreToWrite() }
    }

    /// More than this is not written to one connection in one turn: others want to be served.
    private static let bytesPerTurn = 256 * 1024

    /// Writes what waits for a connection as long as it has room. Returns whether it stopped for the sake of the others.
    func pump(_ subscriber: Subscriber, now: Moment) -> Bool {
        var written = 0
        while !subscriber.queue.isEmpty {
            guard subscriber.outlet.isWritable else {
                block(subscriber, now: now)
                return false
            }
            guard written < Self.bytesPerTurn else { return true }
            written += writeNext(subscriber, now: now)
        }
        waiting[ObjectIdentifier(subscriber)] = nil
        releaseHeldFeeds(subscriber)
        return false
    }

    /// Writes one message's worth of the queue; returns its bytes.
    private func writeNext(_ subscriber: Subscriber, now: Moment) -> Int {
        guard let element = subscriber.queue.popFirst() else { return 0 }
        switch element {
        case .end(let sid, let cursor, let isResumed):
            guard let subscription = subscriber.subscriptions[sid] else { return 0 }
            return finish(subscription, cursor, isResumed: isResumed)
        case .gone(let name, let seq, let projection):
            // It may have come back meanwhile, or another subscription has it: what was said of it last holds.
            guard !covers(name, projection, subscriber) else { return 0 }
            json.removeAll()
            json.raw("{\"t\":\"snap\",\"lanes\":[")
            json.emptyLane(name, seq: seq, projection)
            json.raw("]}")
            subscriber.outlet.write(json)
            return json.count
        case .lane(let queued):
            guard subscriber.covers(lane: queued.lane.id, queued.attachment.projection) else { return 0 }
            if case .resumed(let sid, let frame) = queued.reason {
                return writeDifference(queued, sid: sid, after: frame, subscriber, now: now)
            }
            return writeLanes(queued, subscriber)
        }
    }

    /// Whether any of the subscriptions covers the lane of that name in this form.
    private func covers(_ name: String, _ projection: Projection, _ subscriber: Subscriber) -> Bool {
        candidates([name]).contains { lanes[$0]?.lane.name == name && subscriber.covers(lane: $0, projection) }
    }

    /// Writes a lane, and as many of its successors as fit into the same message.
    private func writeLanes(_ first: QueuedLane, _ subscriber: Subscriber) -> Int {
        let sid = first.reason.sid
        var isSlow = false
        if case .slow = first.reason { isSlow = true }
        var chunk = SnapshotChunk(sid: sid, isSlow: isSlow)
        var written = 0
        func add(_ queued: QueuedLane) {
            let rendering = queued.lane.withState { $0.rendering(queued.attachment.projection) }
            for part in rendering.parts {
                if !chunk.isEmpty, !chunk.fits(part.object, rows: part.rowCount) {
                    written += write(&chunk, subscriber)
                    chunk = SnapshotChunk(sid: sid, isSlow: isSlow)
                }
                chunk.add(part.object, rows: part.rowCount)
            }
            if let sid { subscriber.subscriptions[sid]?.rowCount += rendering.rowCount }
        }
        add(first)
        while written == 0, case .lane(let next)? = subscriber.queue.first, next.reason.isLike(first.reason) {
            _ = subscriber.queue.popFirst()
            if subscriber.covers(lane: next.lane.id, next.attachment.projection) { add(next) }
        }
        return written + write(&chunk, subscriber)
    }

    private func write(_ chunk: inout SnapshotChunk, _ subscriber: Subscriber) -> Int {
        let pieces = chunk.finish()
        subscriber.outlet.write(message: pieces, cursor: nil)
        return pieces.reduce(0) { $0 + $1.readableBytes }
    }

    private func writeDifference(
        _ queued: QueuedLane, sid: Int, after frame: FrameNumber, _ subscriber: Subscriber, now: Moment
    ) -> Int {
        let projection = queued.attachment.projection
        switch queued.lane.withState({ $0.difference(after: frame, projection, &json, at: now) }) {
        case .nothing: return 0
        case .everything:
            return writeLanes(
                .init(lane: queued.lane, attachment: queued.attachment, reason: .initial(sid: sid)), subscriber)
        case .delta(let rows):
            subscriber.outlet.write(json)
            subscriber.subscriptions[sid]?.rowCount += rows
            return json.count
        }
    }

    /// The client has everything: from here on its cursor means something.
    private func finish(_ subscription: Subscription, _ queued: Cursor, isResumed: Bool) -> Int {
        subscription.isComplete = true
        let isLast = subscription.subscriber.queue.isEmpty
        let token = (isLast ? cursor(subscription.audience) : queued).token
        json.removeAll()
        json.raw("{\"t\":\"snap_end\",\"sid\":")
        json.integer(subscription.sid)
        json.raw(",\"rows\":")
        json.integer(subscription.rowCount)
        json.raw(",\"cur\":\"")
        json.raw(Array(token.utf8))
        json.raw("\",\"resumed\":")
        json.bool(isResumed)
        json.raw("}")
        subscription.subscriber.outlet.write(json, cursor: token)
        return json.count
    }
}

extension QueuedLane.Reason {
    /// Whether lanes of both may share a message.
    fileprivate func isLike(_ other: QueuedLane.Reason) -> Bool {
        switch (self, other) {
        case (.initial(let mine), .initial(let theirs)): mine == theirs
        case (.replaced, .replaced), (.slow, .slow): true
        default: false
        }
    }
}
