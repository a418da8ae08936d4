import FeedModel
import NIOCore

/// What subscriptions have to agree on to be given the same bytes.
struct AudienceKey: Hashable, Sendable {
    let channel: Channel
    let filter: SubscriptionFilter
    let format: OddsFormat
    let conflation: ConflationClass

    var projection: Projection {
        Projection(format: format, rows: channel == .odds ? filter.rows : .none)
    }
}

/// The subscriptions of one event loop that ask for the same: lanes are matched and frames are joined once for all of them.
final class Audience {
    /// A frame of a lane on its way to the members.
    struct Pending {
        let lane: Int
        let slot: Int
        let frames: SharedFrames
    }

    let key: AudienceKey
    let projection: Projection
    let matcher: LaneMatcher
    let filterHash: UInt64
    private(set) var members: [Subscription] = []
    /// Of each member what a delivery touches.
    private(set) var recipients: [Recipient] = []
    /// The lanes that match, by number, and how this audience sees them.
    var lanes: [Int: Attachment] = [:]
    /// Frames of this turn.
    var pending: [Pending] = []
    /// The cursor of its members in the turn of this number.
    var cursor: (turn: Int, token: String) = (-1, "")
    /// The last heartbeat of a member that has no other subscription, and of which turn, number and feeds it tells.
    var heartbeat: (turn: Int, sid: Int, feeds: Set<String>?, frames: SharedFrames)?

    init(_ key: AudienceKey, feeds: [FeedName]) {
        self.key = key
        projection = key.projection
        matcher = LaneMatcher(key.filter, feeds: feeds)
        filterHash = key.filter.hash(format: key.format, channel: key.channel)
    }

    func add(_ member: Subscription) {
        member.slotInAudience = members.count
        members.append(member)
        recipients.append(Recipient(member.subscriber))
    }

    func remove(_ member: Subscription) {
        let last = members.removeLast()
        let lastRecipient = recipients.removeLast()
        guard last !== member else { return }
        members[member.slotInAudience] = last
        recipients[member.slotInAudience] = lastRecipient
        last.slotInAudience = member.slotInAudience
    }

    /// All frames of the turn together, so that a member costs one write; nil if they are more than `limit` bytes.
    func joined(upTo limit: Int) -> SharedFrames? {
        guard pending.count > 1 else { return pending.first?.frames }
        guard pending.reduce(0, { $0 + $1.frames.byteCount }) <= limit else { return nil }
        return SharedFrames(joining: pending.map(\.frames))
    }
}

/// One subscription of one connection.
final class Subscription {
    let sid: Int
    /// Knows its subscriptions in turn, until it is closed or they end.
    let subscriber: Subscriber
    var audience: Audience
    fileprivate(set) var slotInAudience = 0
    /// Rows written since the snapshot began.
    var rowCount = 0
    /// Whether the client has been given everything once: only then a cursor means something.
    var isComplete = false
    /// Whether the client brought its state along.
    var isResumed = false
    /// The limits of its key that made it show less than was asked for.
    var appliedLimits: [String] = []

    init(sid: Int, subscriber: Subscriber, audience: Audience) {
        self.sid = sid
        self.subscriber = subscriber
        self.audience = audience
    }
}

/// One connection, as its hub sees it.
final class Subscriber {
    // What every delivery looks at stands first, in one line of the cache with what counts references.
    var queue = LaneQueue()
    /// Whether nothing else but what one audience is given is written to it in a turn.
    private(set) var hasOneSubscription = false
    let outlet: any Outlet
    /// Names the connection in `hello` and in logs.
    let name: String
    var subscriptions: [Int: Subscription] = [:] {
        didSet { hasOneSubscription = subscriptions.count == 1 }
    }
    var lastSid = 0
    var commands: TokenBucket
    var heartbeatInterval: Duration
    var nextHeartbeat: Duration
    /// Since when the connection has taken nothing.
    var blockedSince: Duration?
    /// Feeds that are up again, which must not be said before what is queued is written.
    var heldFeeds: Set<Int> = []
    /// A connection must authenticate, and then subscribe, before this.
    var deadline: Duration?
    /// What it may see; nothing counts before it is authenticated.
    private(set) var grant: AccessGrant
    private(set) var isAuthenticated: Bool
    var isClosed = false

    /// Without a grant the connection must still authenticate.
    init(
        name: String, outlet: any Outlet, grant: AccessGrant?, limits: BroadcasterLimits,
        heartbeatInterval: Duration, now: Duration
    ) {
        self.name = name
        self.outlet = outlet
        self.grant = grant ?? .everything
        isAuthenticated = grant != nil
        self.heartbeatInterval = heartbeatInterval
        commands = TokenBucket(perSecond: limits.commandsPerSecond, burst: limits.commandBurst, now: now)
        nextHeartbeat = now + heartbeatInterval
        deadline = now + limits.authentication
    }

    /// The first message was good; the first subscription must come before `deadline`.
    func authenticate(_ grant: AccessGrant, deadline: Duration) {
        self.grant = grant
        self.deadline = deadline
        isAuthenticated = true
    }

    /// Whether it is to hear of a feed.
    func hears(of feed: FeedName) -> Bool { isAuthenticated && grant.allows(feed: feed) }

    /// Whether a snapshot is still on its way.
    var isReceivingSnapshot: Bool { subscriptions.values.contains { !$0.isComplete } }

    /// Its subscription, if it has one only, and has been given everything of it.
    var onlySubscription: Subscription? {
        guard hasOneSubscription, let only = subscriptions.first?.value, only.isComplete else { return nil }
        return only
    }

    /// Writes what its audience is given; false if something waits before it, or the connection takes nothing.
    func take(_ frames: SharedFrames) -> Bool {
        guard queue.isEmpty, outlet.isWritable else { return false }
        if hasOneSubscription { outlet.writeAtOnce(frames.bytes(outlet.form)) } else { outlet.write(shared: frames) }
        return true
    }

    /// Whether any subscription still covers the lane in this form.
    func covers(lane: Int, _ projection: Projection) -> Bool { attachment(lane: lane, projection) != nil }

    /// How any subscription sees the lane in this form. Its class does not matter: clients know lanes by name and form.
    func attachment(lane: Int, _ projection: Projection) -> Attachment? {
        for subscription in subscriptions.values {
            if let known = subscription.audience.lanes[lane], known.projection == projection { return known }
        }
        return nil
    }
}
