import FeedModel
import NIOCore

extension Hub {
    func enqueue(_ element: LaneQueue.Element, _ subscriber: Subscriber) {
        // What was written to it before may have ended it.
        guard !subscriber.isClosed else { return }
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
        if let sid = first.reason.sid, let subscription = subscriber.subscriptions[sid],
            subscription.audience.members.count > 1
        {
            let run = sharedRun(first, subscription)
            for message in run.messages { subscriber.outlet.write(shared: message) }
            subscription.rowCount += run.rowCount
            return run.byteCount
        }
        let run = nextRun(first, subscriber)
        for message in run.messages { subscriber.outlet.write(message: message, cursor: nil) }
        if let sid = first.reason.sid { subscriber.subscriptions[sid]?.rowCount += run.rowCount }
        return run.messages.joined().reduce(0) { $0 + $1.readableBytes }
    }

    /// What another member of the audience was given for the same lanes, or what the others may be given after this one.
    private func sharedRun(_ first: QueuedLane, _ subscription: Subscription) -> SnapshotCache.Entry {
        let subscriber = subscription.subscriber
        let key = SnapshotCache.Key(
            audience: ObjectIdentifier(subscription.audience), sid: subscription.sid, lane: first.lane.id)
        if let known = snapshots.entry(key, first, subscriber.queue, turn: turn) {
            for _ in known.members.dropFirst() { _ = subscriber.queue.popFirst() }
            return known
        }
        let entry = SnapshotCache.Entry(nextRun(first, subscriber), subscription.audience, turn: turn)
        if entry.isSeenByAudience { snapshots.keep(entry, key) }
        return entry
    }

    /// Takes the lanes out of the queue that go into a message with the first one.
    private func nextRun(_ first: QueuedLane, _ subscriber: Subscriber) -> SnapshotRun {
        var isSlow = false
        if case .slow = first.reason { isSlow = true }
        var run = SnapshotRun(sid: first.reason.sid, isSlow: isSlow)
        run.add(first, rendering(first))
        while case .lane(let next)? = subscriber.queue.first, next.reason.isLike(first.reason) {
            if subscriber.covers(lane: next.lane.id, next.attachment.projection) {
                let rendering = rendering(next)
                run.isFull = !run.fits(rendering)
                if run.isFull { break }
                run.add(next, rendering)
            }
            _ = subscriber.queue.popFirst()
        }
        run.finish()
        return run
    }

    private func rendering(_ queued: QueuedLane) -> LaneRendering {
        queued.lane.withState { $0.rendering(queued.attachment.projection) }
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
    func isLike(_ other: QueuedLane.Reason) -> Bool {
        switch (self, other) {
        case (.initial(let mine), .initial(let theirs)): mine == theirs
        case (.replaced, .replaced), (.slow, .slow): true
        default: false
        }
    }
}
