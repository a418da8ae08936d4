import FeedModel

/// What a subscriber may believe of a feed, and why.
struct FeedCondition: Sendable, Equatable {
    var status: FeedStatus
    var why: String
}

/// Decides whether a feed is up: from its own session events, and from how long ago anything was heard of it.
struct FeedFreshness: Sendable {
    /// A feed that said nothing for this long is not up: its FeedClient says something every 5 s.
    static let limit = Duration.seconds(11)
    /// After this long it is called down rather than stale.
    static let downLimit = Duration.seconds(60)

    private(set) var session: SessionState?
    private var sessionWhy = ""
    /// Set by what may have left a hole, cleared only when the provider says that there is none left.
    private(set) var recovery: String?
    /// This instance does not know the feed's whole state; only a snapshot can tell it.
    private(set) var isPartial = false
    /// The last gap on record, for people.
    private(set) var gap: ControlEvent.Gap?
    private var lastEntryAt: Duration?
    private(set) var lastReceivedAt: Timestamp?

    init() {}

    /// As a checkpoint left it; not up before an entry is applied.
    init(_ checkpoint: BookCheckpoint) {
        session = checkpoint.session
        recovery = checkpoint.recovery.isEmpty ? nil : checkpoint.recovery
        isPartial = checkpoint.isPartial
    }

    /// A new entry was applied.
    mutating func entryApplied(receivedAt: Timestamp, at now: Moment) {
        lastEntryAt = now.monotonic
        lastReceivedAt = receivedAt
    }

    mutating func controlApplied(_ event: ControlEvent) {
        switch event {
        case .termStarted: recovery = "a new owner began"
        case .stateChanged(let state, let why):
            session = state
            sessionWhy = why
        case .keepalive(let state): session = state
        case .resumed: recovery = nil
        case .snapshotBegan: recovery = "a snapshot is being received"
        case .snapshotEnded:
            recovery = nil
            isPartial = false
        case .gap(let gap):
            recovery = "gap: \(gap.cause)"
            self.gap = gap
        case .gapHealed, .letterReplayed, .letterRefused, .frameTooLarge: break
        }
    }

    /// Something between here and the provider is missing.
    mutating func lost(_ why: String) { recovery = why }

    /// History before the first entry is not known.
    mutating func becamePartial() { isPartial = true }

    func age(at now: Moment) -> Duration? { lastEntryAt.map { now.monotonic - $0 } }

    func condition(at now: Moment) -> FeedCondition {
        guard let lastReceivedAt, let age = age(at: now) else {
            return .init(status: .down, why: "nothing was received yet")
        }
        let distance = now.wall.since(lastReceivedAt)
        if age >= Self.downLimit || distance >= Self.downLimit {
            return .init(status: .down, why: "nothing was received for a minute")
        }
        switch session {
        case .connecting, .authenticating, .subscribing, .backoff:
            return .init(status: .down, why: sessionWhy.isEmpty ? "not connected" : sessionWhy)
        default: break
        }
        if let recovery { return .init(status: .recovering, why: recovery) }
        if isPartial { return .init(status: .recovering, why: "earlier history is missing until the next snapshot") }
        if session == .stale {
            return .init(status: .stale, why: sessionWhy.isEmpty ? "the provider is silent" : sessionWhy)
        }
        if age >= Self.limit { return .init(status: .stale, why: "nothing was received for 11 s") }
        if distance >= Self.limit || distance <= .zero - Self.limit {
            return .init(status: .stale, why: "entries and this clock are 11 s apart")
        }
        return .init(status: .up, why: "")
    }
}
