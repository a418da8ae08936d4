import FeedModel

/// A refusal that a client can act on.
struct CommandRefusal: Error, Sendable, Equatable {
    let code: StaticString
    let message: String
    let isRetriable: Bool
    let limit: Int?

    init(_ code: StaticString, _ message: String, isRetriable: Bool = false, limit: Int? = nil) {
        self.code = code
        self.message = message
        self.isRetriable = isRetriable
        self.limit = limit
    }

    static func == (left: CommandRefusal, right: CommandRefusal) -> Bool {
        left.code.description == right.code.description && left.message == right.message && left.limit == right.limit
    }
}

/// Why a resume was answered with a full snapshot.
enum ResetReason: String, Sendable {
    case logRestarted = "log_restarted"
    case windowExceeded = "window_exceeded"
    case filterChanged = "filter_changed"
    case tokenInvalid = "token_invalid"

    init(_ refusal: FeedHistory.Refusal) {
        switch refusal {
        case .logRestarted: self = .logRestarted
        case .windowExceeded: self = .windowExceeded
        }
    }
}

extension JSONBytes {
    /// `"book-a":["up",412]` for every feed: in heartbeats.
    mutating func feedAges(
        _ feeds: [FeedProgress], _ names: [FeedName], at now: Moment, _ grant: AccessGrant
    ) {
        raw("{")
        var isFirst = true
        for (index, feed) in feeds.enumerated() where grant.allows(feed: names[index]) {
            if !isFirst { raw(",") }
            isFirst = false
            string(names[index].text)
            raw(":[\"")
            raw(feed.condition.status.json)
            raw("\",")
            age(feed, now)
            raw("]")
        }
        raw("}")
    }

    /// `"book-a":{"state":"up","age_ms":412}` for every feed: in `hello` and over REST.
    mutating func feedStates(
        _ feeds: [FeedProgress], _ names: [FeedName], at now: Moment, _ grant: AccessGrant
    ) {
        raw("{")
        var isFirst = true
        for (index, feed) in feeds.enumerated() where grant.allows(feed: names[index]) {
            if !isFirst { raw(",") }
            isFirst = false
            string(names[index].text)
            raw(":{\"state\":\"")
            raw(feed.condition.status.json)
            raw("\",\"age_ms\":")
            age(feed, now)
            if !feed.condition.why.isEmpty {
                raw(",\"why\":")
                string(feed.condition.why)
            }
            raw("}")
        }
        raw("}")
    }

    private mutating func age(_ feed: FeedProgress, _ now: Moment) {
        if let last = feed.lastEntryAt { integer((now.monotonic - last).microseconds / 1_000) } else { raw("null") }
    }

    mutating func feedMessage(_ feed: FeedProgress, _ name: FeedName) {
        raw("{\"t\":\"feed\",\"name\":")
        string(name.text)
        raw(",\"state\":\"")
        raw(feed.condition.status.json)
        raw("\",\"since\":")
        integer(feed.since.milliseconds)
        raw(",\"why\":")
        string(feed.condition.why)
        if let gap = feed.gap { self.gap(gap) }
        raw("}")
    }

    mutating func gap(_ gap: ControlEvent.Gap) {
        raw(",\"gap\":{\"kind\":")
        string(gap.kind.name)
        for (name, value) in [("from_seq", gap.fromSequence), ("to_seq", gap.toSequence)] {
            guard let value else { continue }
            raw(",")
            string(name)
            raw(":")
            integer(value)
        }
        for (name, value) in [("from", gap.from), ("to", gap.to)] {
            guard let value else { continue }
            raw(",")
            string(name)
            raw(":")
            integer(value / 1_000)
        }
        raw(",\"cause\":")
        string(gap.cause)
        raw("}")
    }

    mutating func hello(
        name: String, at now: Moment, heartbeat: Duration, limits: BroadcasterLimits, feeds: [FeedProgress],
        names: [FeedName], grant: AccessGrant
    ) {
        raw("{\"t\":\"hello\",\"v\":1,\"conn\":")
        string(name)
        raw(",\"ts\":")
        integer(now.wall.milliseconds)
        raw(",\"hb_ms\":")
        integer(heartbeat.microseconds / 1_000)
        raw(",\"limits\":")
        self.limits(grant.limits(limits))
        raw(",\"feeds\":")
        feedStates(feeds, names, at: now, grant)
        raw("}")
    }

    mutating func limits(_ limits: BroadcasterLimits) {
        let members: [(StaticString, Int)] = [
            ("{\"message_bytes\":", limits.messageBytes), (",\"commands_per_s\":", limits.commandsPerSecond),
            (",\"command_burst\":", limits.commandBurst),
            (",\"commands_per_key_s\":", limits.commandsPerSecondOfKey),
            (",\"requests_per_key_s\":", limits.requestsPerSecond),
            (",\"auth_ms\":", Int(limits.authentication.microseconds / 1_000)),
            (",\"subscriptions\":", limits.subscriptionsPerConnection),
            (",\"filter_ids\":", limits.idsPerFilterField),
            (",\"connections_per_key\":", limits.connectionsPerKey), (",\"accepts_per_s\":", limits.acceptsPerSecond),
            (",\"projections_per_lane\":", LaneState.maximumProjections),
            (",\"slow_ms\":", Int(limits.slow.microseconds / 1_000)),
            (",\"unwritten_bytes\":", limits.unwrittenBytes),
        ]
        for (name, value) in members {
            raw(name)
            integer(value)
        }
        raw("}")
    }

    /// The filter with the fields that say something.
    mutating func filter(_ filter: SubscriptionFilter) {
        raw("{")
        var isFirst = true
        for list in filter.lists where !list.values.isEmpty {
            if !isFirst { raw(",") }
            isFirst = false
            string(list.name)
            raw(":")
            strings(list.values)
        }
        if let isLive = filter.isLive {
            if !isFirst { raw(",") }
            raw("\"live\":")
            bool(isLive)
        }
        raw("}")
    }

    mutating func refusal(_ refusal: CommandRefusal, id: Int?) {
        raw("{\"t\":\"err\"")
        self.id(id)
        raw(",\"code\":\"")
        raw(refusal.code)
        raw("\",\"msg\":")
        string(refusal.message)
        raw(",\"retry\":")
        bool(refusal.isRetriable)
        if let limit = refusal.limit {
            raw(",\"limit\":")
            integer(limit)
        }
        raw("}")
    }

    /// The client's own number of a command, echoed.
    mutating func id(_ id: Int?) {
        guard let id else { return }
        raw(",\"id\":")
        integer(id)
    }
}
