import FeedModel
import NIOCore
import WebSocketTransport

extension Hub {
    /// Takes over one turn of the reader: lanes, frames, feed states, heartbeats, in this order.
    func deliver(_ batch: FanOutBatch) {
        turn += 1
        batch.reloaded.forEach { forgetLanes(of: $0) }
        setProgress(batch.feeds)
        announce(batch.announced.filter { feeds[$0].condition.status != .up }, now: batch.now)
        // A lane may end and begin again in one turn: its end comes first.
        batch.vanished.forEach { vanish($0) }
        batch.described.forEach { describe($0) }
        restart(Set(batch.reloaded + batch.forked))
        fanOut(batch.frames, now: batch.now)
        announce(batch.announced.filter { feeds[$0].condition.status == .up }, now: batch.now)
        pumpAll(now: batch.now)
        watchBlocked(now: batch.now)
        beat(batch)
    }

    // MARK: Lanes

    private func describe(_ description: FanOutBatch.Description) {
        let lane = description.lane
        if lanes[lane.id] == nil {
            lanes[lane.id] = KnownLane(lane: lane, facts: description.facts)
            lanesOfFixture[lane.fixtureID, default: []].append(lane.id)
        } else {
            lanes[lane.id]?.facts = description.facts
        }
        var concerned = index.candidates(for: description.facts, name: lane.name)
        // What was seen before may have to go.
        for (audience, _) in lanes[lane.id]?.attachments ?? [] { concerned[ObjectIdentifier(audience)] = audience }
        for audience in concerned.values {
            let isMatching = audience.matcher.matches(description.facts, name: lane.name)
            switch (isMatching, audience.lanes[lane.id] != nil) {
            case (true, false):
                attach(lane.id, audience)
                guard let attachment = audience.lanes[lane.id] else { continue }
                for member in audience.members {
                    enqueue(.lane(.init(lane: lane, attachment: attachment, reason: .replaced)), member.subscriber)
                }
            case (false, true): leaveLane(lane, audience)
            case (false, false): denyLane(lane, audience)
            case (true, true): break
            }
        }
    }

    private func vanish(_ vanished: FanOutBatch.Vanished) {
        if let known = lanes[vanished.lane.id] {
            for attachment in known.attachments { leaveLane(vanished.lane, attachment.audience) }
            removeLane(vanished.lane)
        }
        // It may have matched, and ended, between two looks: who resumed may have it from an instance that was ahead.
        let holders = index.holders(ofFixture: vanished.lane.fixtureID, name: vanished.lane.name)
        for audience in holders.values { denyLane(vanished.lane, audience) }
    }

    /// The audience no longer sees the lane: its members drop what they have, unless another subscription covers it.
    private func leaveLane(_ lane: Lane, _ audience: Audience) {
        guard let attachment = audience.lanes[lane.id] else { return }
        detach(lane.id, audience)
        let seq = lane.withState { $0.seq }
        for member in audience.members where !member.subscriber.covers(lane: lane.id, attachment.projection) {
            enqueue(.gone(name: lane.name, seq: seq, attachment.projection), member.subscriber)
        }
    }

    /// A client that resumed may come from an instance that was ahead, and have the lane from there.
    private func denyLane(_ lane: Lane, _ audience: Audience) {
        guard audience.members.contains(where: \.isResumed),
            audience.matcher.matchesName(lane.feed, lane.fixtureID, name: lane.name)
        else { return }
        let seq = lane.withState { $0.seq }
        for member in audience.members where member.isResumed {
            enqueue(.gone(name: lane.name, seq: seq, audience.projection), member.subscriber)
        }
    }

    private func removeLane(_ lane: Lane) {
        lanes[lane.id] = nil
        lanesOfFixture[lane.fixtureID]?.removeAll { $0 == lane.id }
        if lanesOfFixture[lane.fixtureID]?.isEmpty == true { lanesOfFixture[lane.fixtureID] = nil }
    }

    private func forgetLanes(of feed: Int) {
        for known in lanes.values where known.lane.feed == feed {
            for attachment in known.attachments { detach(known.lane.id, attachment.audience) }
            removeLane(known.lane)
        }
    }

    /// Every subscription that covers the feeds begins again.
    private func restart(_ feeds: Set<Int>) {
        guard !feeds.isEmpty else { return }
        for subscriber in subscribers.values {
            for subscription in subscriber.subscriptions.values
            where feeds.contains(where: { subscription.audience.matcher.allows(feed: $0) }) {
                _ = subscriber.queue.remove(sid: subscription.sid)
                reset(subscription, .logRestarted)
                beginSnapshot(subscription)
            }
        }
    }

    // MARK: Frames

    /// What a connection may hold before it counts as not writable: more at once is given to it frame by frame.
    private static let largestWrite = 64 * 1024
    /// How many recipients ahead memory is asked for: a write takes some microseconds, a line a few hundred nanoseconds.
    private static let prefetchDistance = 2

    private func fanOut(_ frames: [LaneFrame], now: Moment) {
        guard !frames.isEmpty else { return }
        var audiences: [Audience] = []
        for frame in frames {
            guard let known = lanes[frame.lane] else { continue }
            // Whoever sees it shares it, whatever else they see.
            var shared: SharedFrames?
            for attachment in known.attachments where attachment.slot == frame.slot {
                let frames = shared ?? SharedFrames(frame.buffer)
                shared = frames
                if attachment.audience.pending.isEmpty { audiences.append(attachment.audience) }
                attachment.audience.pending.append(.init(lane: frame.lane, slot: frame.slot, frames: frames))
            }
        }
        var deliveries = 0
        for audience in audiences {
            hand(audience, now: now)
            deliveries += audience.pending.count * audience.members.count
            audience.pending.removeAll(keepingCapacity: true)
        }
        metrics.delivered(deliveries)
    }

    private func hand(_ audience: Audience, now: Moment) {
        guard let joined = audience.joined(upTo: Self.largestWrite) else {
            // A burst of megabytes, as after a stall of Redis, is nobody's fault: what does not fit becomes dirty lanes.
            for member in audience.members { queue(audience, for: member.subscriber, now: now) }
            return
        }
        // A delivery may end connections, which then leave the audience.
        let (members, recipients) = (audience.members, audience.recipients)
        for (index, recipient) in recipients.enumerated() {
            if index + Self.prefetchDistance < recipients.count { recipients[index + Self.prefetchDistance].prefetch() }
            let isTaken = recipient.subscriber._withUnsafeGuaranteedRef { $0.take(joined) }
            if !isTaken { queue(audience, for: members[index].subscriber, now: now) }
        }
        withExtendedLifetime(members) {}
    }

    /// For a connection that does not take everything, or is not to be given everything at once: what it will be sent as a
    /// whole anyway is left out, what does not fit makes its lane dirty.
    private func queue(_ audience: Audience, for subscriber: Subscriber, now: Moment) {
        var merged = 0
        for frame in audience.pending where !subscriber.queue.contains(lane: frame.lane, slot: frame.slot) {
            if subscriber.outlet.isWritable {
                subscriber.outlet.write(shared: frame.frames)
                continue
            }
            guard let lane = lanes[frame.lane]?.lane, let attachment = audience.lanes[frame.lane] else { continue }
            enqueue(.lane(.init(lane: lane, attachment: attachment, reason: .slow)), subscriber)
            merged += 1
        }
        if merged > 0 { metrics.mergedSlow(merged) }
        if !subscriber.outlet.isWritable { block(subscriber, now: now) }
    }

    // MARK: Feed states

    private func announce(_ announced: [Int], now: Moment) {
        for index in announced {
            json.removeAll()
            json.feedMessage(feeds[index], names[index])
            let frame = SharedFrames(json)
            let isUp = feeds[index].condition.status == .up
            for subscriber in subscribers.values where subscriber.hears(of: names[index]) {
                if isUp, !subscriber.queue.isEmpty {
                    subscriber.heldFeeds.insert(index)
                } else {
                    subscriber.heldFeeds.remove(index)
                    tell(subscriber, frame, isUp: isUp)
                }
            }
        }
    }

    /// What is not up must be known at once. Among what is overtaken the feed may be called up: then it is said again behind
    /// that, so that the client does not end on it.
    private func tell(_ subscriber: Subscriber, _ frame: SharedFrames, isUp: Bool) {
        let isOvertaking = !isUp && subscriber.outlet.unwrittenBytes > 0
        subscriber.outlet.write(shared: frame, isUrgent: !isUp)
        if isOvertaking { subscriber.outlet.write(shared: frame) }
    }

    /// Says what had to wait until the queue was empty.
    func releaseHeldFeeds(_ subscriber: Subscriber) {
        for index in subscriber.heldFeeds {
            json.removeAll()
            json.feedMessage(feeds[index], names[index])
            subscriber.outlet.write(json)
        }
        subscriber.heldFeeds.removeAll()
    }

    // MARK: Slow connections

    func block(_ subscriber: Subscriber, now: Moment) {
        guard !subscriber.isClosed else { return }
        if subscriber.blockedSince == nil { subscriber.blockedSince = now.monotonic }
        blocked[ObjectIdentifier(subscriber)] = subscriber
    }

    /// Closes those that took nothing for too long. Memory was never at stake: the queue holds lanes, not changes.
    private func watchBlocked(now: Moment) {
        for subscriber in blocked.values {
            guard !subscriber.outlet.isWritable else {
                subscriber.blockedSince = nil
                blocked[ObjectIdentifier(subscriber)] = nil
                continue
            }
            let isReceivingSnapshot = subscriber.isReceivingSnapshot
            let limit = isReceivingSnapshot ? limits.slowSnapshot : limits.slow
            let isStuck = subscriber.blockedSince.map { now.monotonic - $0 >= limit } ?? false
            let isFull = !isReceivingSnapshot && subscriber.outlet.unwrittenBytes > limits.unwrittenBytes
            if isStuck || isFull { close(subscriber, .tooSlow, "too slow") }
        }
    }
}
