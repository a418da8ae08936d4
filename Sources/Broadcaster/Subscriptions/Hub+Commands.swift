import FeedModel
import NIOCore
import WebSocketTransport

extension Hub {
    /// A subscription as it is asked for: by a command, or by the query of an event stream.
    struct Request {
        var id: Int?
        var key: AudienceKey
        var unknownFields: [String] = []
        var resume: String?
    }

    func received(_ command: ClientCommand, from subscriber: Subscriber, now: Moment) {
        do {
            switch command {
            case .authenticate: throw CommandRefusal("already_authenticated", "this connection is authenticated")
            case .subscribe(let wanted):
                let key = try audienceKey(wanted)
                try subscribe(
                    .init(id: wanted.id, key: key, unknownFields: wanted.unknownFields, resume: wanted.resume),
                    subscriber)
            case .update(let id, let sid, let add, let remove, let unknownFields):
                try update(subscriber, id: id, sid: sid, add: add, remove: remove, unknownFields: unknownFields)
            case .unsubscribe(let id, let sid): try unsubscribe(subscriber, id: id, sid: sid)
            case .resync(let lane): resync(subscriber, lane: lane)
            case .heartbeat(let milliseconds):
                subscriber.heartbeatInterval = .milliseconds(min(max(milliseconds, 1_000), 30_000))
                subscriber.nextHeartbeat = now.monotonic + subscriber.heartbeatInterval
            }
        } catch {
            refuse(error, command, subscriber)
        }
        if pump(subscriber, now: now) { onMoreToWrite() }
    }

    private func refuse(_ error: any Error, _ command: ClientCommand, _ subscriber: Subscriber) {
        let refusal = (error as? CommandRefusal) ?? CommandRefusal("internal", "\(error)", isRetriable: true)
        metrics.refused(refusal.code)
        json.removeAll()
        json.refusal(refusal, id: command.id)
        subscriber.outlet.write(json)
    }

    // MARK: Subscribing

    private func audienceKey(_ wanted: ClientCommand.Subscribe) throws(CommandRefusal) -> AudienceKey {
        guard let channel = Channel(rawValue: wanted.channel) else {
            throw CommandRefusal("unknown_channel", "ch must be odds, fixtures or feeds")
        }
        guard let format = OddsFormat(rawValue: wanted.format) else {
            throw CommandRefusal("unknown_format", "format must be decimal, american or probability")
        }
        guard wanted.conflateMilliseconds >= 0 else { throw CommandRefusal("bad_value", "conflate_ms is negative") }
        return AudienceKey(
            channel: channel, filter: wanted.filter, format: format,
            conflation: ConflationClass(roundingUp: wanted.conflateMilliseconds))
    }

    func subscribe(_ request: Request, _ subscriber: Subscriber) throws(CommandRefusal) {
        guard subscriber.subscriptions.count < limits.subscriptionsPerConnection else {
            throw CommandRefusal(
                "limit_subscriptions", "too many subscriptions", limit: limits.subscriptionsPerConnection)
        }
        try limits.check(request.key.filter)
        let narrowed = try subscriber.grant.narrowed(request.key)
        subscriber.lastSid += 1
        subscriber.deadline = nil
        let audience = audience(narrowed.key)
        let subscription = Subscription(sid: subscriber.lastSid, subscriber: subscriber, audience: audience)
        subscription.appliedLimits = narrowed.limits
        subscriber.subscriptions[subscription.sid] = subscription
        audience.add(subscription)
        confirm("sub_ok", subscription, id: request.id, unknownFields: request.unknownFields)
        if audience.key.channel == .feeds {
            for index in names.indices where audience.matcher.allows(feed: index) {
                json.removeAll()
                json.feedMessage(feeds[index], names[index])
                subscriber.outlet.write(json)
            }
        }
        if let token = request.resume, !token.isEmpty {
            resume(subscription, token)
        } else {
            beginSnapshot(subscription)
        }
    }

    /// Says what was understood: the effective filter, what it does not know, which limits apply.
    private func confirm(_ type: StaticString, _ subscription: Subscription, id: Int?, unknownFields: [String]) {
        let audience = subscription.audience
        let filter = audience.key.filter
        json.removeAll()
        json.raw("{\"t\":\"")
        json.raw(type)
        json.raw("\"")
        json.id(id)
        json.raw(",\"sid\":")
        json.integer(subscription.sid)
        json.raw(",\"ch\":\"")
        json.raw(Array(audience.key.channel.rawValue.utf8))
        json.raw("\",\"f\":")
        json.filter(filter)
        json.raw(",\"unknown\":")
        json.strings(unknownFields.map { "field:\($0)" } + unknownValues(filter))
        json.raw(",\"rows\":")
        json.integer(rowCount(audience))
        json.raw(",\"lanes\":")
        json.integer(audience.lanes.count)
        json.raw(",\"format\":\"")
        json.raw(Array(audience.key.format.rawValue.utf8))
        json.raw("\",\"conflate_ms\":")
        json.integer(audience.key.conflation.rawValue)
        json.projection(audience.projection)
        var limits = subscription.appliedLimits
        if audience.lanes.values.contains(where: { $0.projection != audience.projection }) {
            limits.append("projections_per_lane")
        }
        if !limits.isEmpty {
            json.raw(",\"limits\":")
            json.strings(limits)
        }
        json.raw("}")
        subscription.subscriber.outlet.write(json)
    }

    private func rowCount(_ audience: Audience) -> Int {
        audience.lanes.reduce(0) { count, entry in
            count + (lanes[entry.key]?.lane.withState { $0.rowCount(entry.value.projection) } ?? 0)
        }
    }

    // MARK: Editing

    private func subscription(_ sid: Int, of subscriber: Subscriber) throws(CommandRefusal) -> Subscription {
        guard let known = subscriber.subscriptions[sid] else {
            throw CommandRefusal("unknown_sid", "there is no subscription \(sid)")
        }
        return known
    }

    private func update(
        _ subscriber: Subscriber, id: Int?, sid: Int, add: SubscriptionFilter, remove: SubscriptionFilter,
        unknownFields: [String]
    ) throws(CommandRefusal) {
        let subscription = try subscription(sid, of: subscriber)
        let former = subscription.audience
        let filter = former.key.filter.adding(add).removing(remove)
        guard !filter.isWidened(from: former.key.filter) else {
            throw CommandRefusal("empty_filter", "the last value of a field cannot be removed: unsubscribe instead")
        }
        try limits.check(filter)
        let narrowed = try subscriber.grant.narrowed(
            AudienceKey(
                channel: former.key.channel, filter: filter, format: former.key.format,
                conflation: former.key.conflation))
        subscription.appliedLimits = narrowed.limits
        let audience = audience(narrowed.key)
        guard audience !== former else {
            return confirm("upd_ok", subscription, id: id, unknownFields: unknownFields)
        }
        let had = former.lanes
        let unsent = Set(subscriber.queue.remove(sid: sid).map(\.lane.id))
        move(subscription, to: audience)
        confirm("upd_ok", subscription, id: id, unknownFields: unknownFields)
        for (lane, attachment) in had { dropUncovered(lane, attachment, subscriber) }
        for (id, attachment) in audience.lanes {
            guard let lane = lanes[id]?.lane, unsent.contains(id) || had[id]?.projection != attachment.projection else {
                continue
            }
            enqueue(.lane(.init(lane: lane, attachment: attachment, reason: .initial(sid: sid))), subscriber)
        }
        end(subscription, isResumed: false)
    }

    private func move(_ subscription: Subscription, to audience: Audience) {
        leave(subscription)
        subscription.audience = audience
        audience.add(subscription)
        if subscription.isResumed { index.noteResumed(audience) }
    }

    private func unsubscribe(_ subscriber: Subscriber, id: Int?, sid: Int) throws(CommandRefusal) {
        let subscription = try subscription(sid, of: subscriber)
        let had = subscription.audience.lanes
        subscriber.subscriptions[sid] = nil
        _ = subscriber.queue.remove(sid: sid)
        leave(subscription)
        json.removeAll()
        json.raw("{\"t\":\"unsub_ok\"")
        json.id(id)
        json.raw(",\"sid\":")
        json.integer(sid)
        json.raw("}")
        subscriber.outlet.write(json)
        for (lane, attachment) in had { dropUncovered(lane, attachment, subscriber) }
    }

    /// A lane that a subscription no longer covers: gone for the client, unless another one of its subscriptions covers it.
    /// Then it is sent again, because it may have been left out for the sake of the part that was taken out of the queue.
    private func dropUncovered(_ id: Int, _ attachment: Attachment, _ subscriber: Subscriber) {
        guard let lane = lanes[id]?.lane else { return }
        if let other = subscriber.attachment(lane: id, attachment.projection) {
            guard subscriber.subscriptions.count > 1 || other.slot != attachment.slot else { return }
            enqueue(.lane(.init(lane: lane, attachment: other, reason: .replaced)), subscriber)
        } else {
            enqueue(.gone(name: lane.name, seq: lane.withState { $0.seq }, attachment.projection), subscriber)
        }
    }

    private func resync(_ subscriber: Subscriber, lane name: String) {
        metrics.resynced()
        var isKnown = false
        for subscription in subscriber.subscriptions.values {
            for id in candidates([name]) {
                guard let lane = lanes[id]?.lane, lane.name == name, let attachment = subscription.audience.lanes[id]
                else { continue }
                isKnown = true
                enqueue(.lane(.init(lane: lane, attachment: attachment, reason: .replaced)), subscriber)
            }
        }
        if !isKnown { enqueue(.gone(name: name, seq: 0, .plain), subscriber) }
    }
}

extension ClientCommand {
    /// The client's own number of the command.
    var id: Int? {
        switch self {
        case .subscribe(let wanted): wanted.id
        case .update(let id, _, _, _, _), .unsubscribe(let id, _): id
        case .authenticate, .resync, .heartbeat: nil
        }
    }
}
