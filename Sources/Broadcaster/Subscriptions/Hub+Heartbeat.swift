import FeedModel
import NIOCore
import WebSocketTransport

extension Hub {
    /// How often subscribers are looked through for one whose heartbeat is due.
    private static let checkInterval = Duration.milliseconds(100)

    /// Heartbeats, sent only to those whose feeds the reader keeps up with: a wedged data path falls silent. A feed that is
    /// behind silences nobody who does not see it.
    func beat(_ batch: FanOutBatch) {
        guard batch.now.monotonic >= nextHeartbeatCheck else { return }
        nextHeartbeatCheck = batch.now.monotonic + Self.checkInterval
        dropIdle(now: batch.now)
        snapshots.sweep(turn: turn)
        guard !batch.reach.isCurrent.isEmpty else { return }
        let isEverythingCurrent = batch.reach.isCurrent.allSatisfy { $0 }
        var parts: HeartbeatParts?
        for subscriber in subscribers.values where subscriber.nextHeartbeat <= batch.now.monotonic {
            // Neither it nor a cursor may overtake what is queued.
            guard subscriber.isAuthenticated, subscriber.queue.isEmpty else { continue }
            guard isEverythingCurrent || isCurrent(subscriber, batch.reach) else { continue }
            subscriber.nextHeartbeat = batch.now.monotonic + subscriber.heartbeatInterval
            subscriber.outlet.write(shared: heartbeat(of: subscriber, batch, &parts))
        }
    }

    /// The heartbeat of this turn: the same for all who see the same feeds and are in one audience only, under one number.
    private func heartbeat(
        of subscriber: Subscriber, _ batch: FanOutBatch, _ parts: inout HeartbeatParts?
    ) -> SharedFrames {
        let only = subscriber.onlySubscription
        if let only, let known = only.audience.heartbeat, known.turn == turn, known.sid == only.sid,
            known.feeds == subscriber.grant.feeds
        {
            return known.frames
        }
        let seesAll = subscriber.grant.feeds == nil
        let made = (seesAll ? parts : nil) ?? heartbeatParts(batch, subscriber.grant)
        if seesAll { parts = made }
        let frames = heartbeat(of: subscriber, made)
        if let only { only.audience.heartbeat = (turn, only.sid, subscriber.grant.feeds, frames) }
        return frames
    }

    /// Whether all feeds that the subscriber sees are.
    private func isCurrent(_ subscriber: Subscriber, _ reach: ReadingReach) -> Bool {
        subscriber.subscriptions.values.allSatisfy { subscription in
            reach.isCurrent.indices.allSatisfy {
                reach.isCurrent[$0] || !subscription.audience.matcher.allows(feed: $0)
            }
        }
    }

    /// What is the same in every heartbeat of a turn, to those who may see every feed.
    private struct HeartbeatParts {
        let beginning: [UInt8]
        let end: [UInt8]
    }

    private func heartbeatParts(_ batch: FanOutBatch, _ grant: AccessGrant) -> HeartbeatParts {
        json.removeAll()
        json.raw("{\"t\":\"hb\",\"ts\":")
        json.integer(batch.now.wall.milliseconds)
        json.raw(",\"cur\":{")
        let beginning = json.bytes
        json.removeAll()
        json.raw("},\"lag_ms\":")
        json.integer(max(0, batch.lag.microseconds / 1_000))
        json.raw(",\"feeds\":")
        json.feedAges(feeds, names, at: batch.now, grant)
        json.raw("}")
        return HeartbeatParts(beginning: beginning, end: json.bytes)
    }

    private func heartbeat(of subscriber: Subscriber, _ parts: HeartbeatParts) -> SharedFrames {
        json.removeAll()
        json.raw(parts.beginning)
        var isFirst = true
        var last: String?
        for (sid, subscription) in subscriber.subscriptions where subscription.isComplete {
            let audience = subscription.audience
            if audience.cursor.turn != turn { audience.cursor = (turn, cursor(audience).token) }
            if !isFirst { json.raw(",") }
            isFirst = false
            json.raw("\"")
            json.integer(sid)
            json.raw("\":\"")
            json.raw(Array(audience.cursor.token.utf8))
            json.raw("\"")
            last = audience.cursor.token
        }
        json.raw(parts.end)
        return SharedFrames(json, cursor: last)
    }

    /// Connections that did not authenticate or subscribe in time, and those whose token has ended.
    private func dropIdle(now: Moment) {
        for subscriber in subscribers.values {
            if subscriber.isAuthenticated, let end = subscriber.grant.expiresAt, end <= now.wall {
                close(subscriber, .tokenExpired, "token expired")
                continue
            }
            guard let deadline = subscriber.deadline, now.monotonic >= deadline else { continue }
            close(
                subscriber, .silentTooLong,
                subscriber.isAuthenticated ? "no subscription in time" : "no authentication in time")
        }
    }
}
