import FeedModel
import NIOCore
import WebSocketTransport

/// The subscribers of one event loop, the lanes they may see, and which audience sees which lane.
///
/// Used on its event loop only, and given the time with every call: it holds no clock, socket or task of its own.
final class Hub {
    /// A lane as this loop knows it.
    struct KnownLane {
        let lane: Lane
        var facts: LaneFacts
        var attachments: [(audience: Audience, slot: Int)] = []
    }

    let names: [FeedName]
    let limits: BroadcasterLimits
    let heartbeat: Duration
    let metrics: BroadcasterMetrics
    let conflation: ConflationUse
    private(set) var feeds: [FeedProgress]
    var lanes: [Int: KnownLane] = [:]
    /// Numbers of the lanes of a fixture, over all feeds.
    var lanesOfFixture: [String: [Int]] = [:]
    private(set) var audiences: [AudienceKey: Audience] = [:]
    /// The same by what their filters say, without those that see no lanes.
    var index: AudienceIndex
    var subscribers: [ObjectIdentifier: Subscriber] = [:]
    /// Market types that were ever seen; only for telling clients what they misspelt.
    var knownMarkets: Set<String> = []
    /// Subscribers whose connection takes nothing at the moment.
    var blocked: [ObjectIdentifier: Subscriber] = [:]
    /// Subscribers for whom something is queued.
    var waiting: [ObjectIdentifier: Subscriber] = [:]
    var snapshots = SnapshotCache()
    /// Counts `deliver`, so that what is the same for a whole turn is made once.
    var turn = 0
    var nextHeartbeatCheck: Duration = .zero
    var json = JSONBytes(capacity: 4096)
    /// For the connections that want it.
    let compressor = CompressedFrames()
    private let feedHashes: [UInt64]
    /// Asked to call `pumpAll` again soon, when one turn has written enough.
    var onMoreToWrite: () -> Void = {}

    init(
        names: [FeedName], limits: BroadcasterLimits, heartbeat: Duration, metrics: BroadcasterMetrics,
        conflation: ConflationUse
    ) {
        self.names = names
        self.limits = limits
        self.heartbeat = heartbeat
        self.metrics = metrics
        self.conflation = conflation
        index = AudienceIndex(feedCount: names.count)
        feeds = names.map { _ in FeedProgress() }
        feedHashes = names.map { name in
            var text = name.text
            return text.withUTF8 { StableHash.hash(UnsafeRawBufferPointer($0), seed: 0) }
        }
    }

    func setProgress(_ feeds: [FeedProgress]) { self.feeds = feeds }

    /// Where a filter's feeds stand on this loop: everything up to there has been handed to its subscribers. What a
    /// class holds back has not: its subscribers would never hear of it on another instance.
    func cursor(_ matcher: LaneMatcher, hash: UInt64, conflation: ConflationClass = .none) -> Cursor {
        var frames: [UInt64: FrameNumber] = [:]
        for index in names.indices where matcher.allows(feed: index) {
            guard let frame = feeds[index].frame else { continue }
            frames[feedHashes[index]] = feeds[index].held.reached(frame, in: conflation)
        }
        return Cursor(filterHash: hash, frames: frames)
    }

    func cursor(_ audience: Audience) -> Cursor {
        cursor(audience.matcher, hash: audience.filterHash, conflation: audience.key.conflation)
    }

    /// The frame that a cursor holds for a feed.
    func frame(of feed: Int, in cursor: Cursor) -> FrameNumber? { cursor.frames[feedHashes[feed]] }

    // MARK: Connections

    func opened(_ subscriber: Subscriber, now: Moment) {
        subscribers[ObjectIdentifier(subscriber)] = subscriber
        metrics.subscriberOpened()
        if subscriber.isAuthenticated { greet(subscriber, now: now) }
    }

    /// What may be trusted comes before any price.
    func greet(_ subscriber: Subscriber, now: Moment) {
        json.removeAll()
        json.hello(
            name: subscriber.name, at: now, heartbeat: subscriber.heartbeatInterval, limits: limits, feeds: feeds,
            names: names, grant: subscriber.grant)
        subscriber.outlet.write(json)
    }

    /// The connection is gone.
    func closed(_ subscriber: Subscriber) {
        guard subscribers.removeValue(forKey: ObjectIdentifier(subscriber)) != nil else { return }
        blocked[ObjectIdentifier(subscriber)] = nil
        waiting[ObjectIdentifier(subscriber)] = nil
        subscriber.isClosed = true
        for subscription in subscriber.subscriptions.values { leave(subscription) }
        subscriber.subscriptions.removeAll()
        subscriber.queue.removeAll()
        metrics.subscriberClosed()
    }

    /// Ends a connection from this side.
    func close(_ subscriber: Subscriber, _ code: CloseCode, _ reason: String) {
        guard !subscriber.isClosed else { return }
        metrics.closed(code)
        subscriber.outlet.close(code, reason: reason)
        closed(subscriber)
    }

    // MARK: Audiences

    /// The audience of a key; made, and matched against every lane, when its first member comes.
    func audience(_ key: AudienceKey) -> Audience {
        if let known = audiences[key] { return known }
        let audience = Audience(key, feeds: names)
        audiences[key] = audience
        guard key.channel != .feeds else { return audience }
        index.insert(audience)
        if key.filter.fixtures.isEmpty {
            for id in lanes.keys { attachIfMatching(id, audience) }
        } else {
            for id in candidates(key.filter.fixtures) { attachIfMatching(id, audience) }
        }
        return audience
    }

    /// Lanes that a filter by fixtures may match.
    func candidates(_ fixtures: [String]) -> Set<Int> {
        var ids: Set<Int> = []
        for text in fixtures {
            let fixture = text.firstIndex(of: "|").map { String(text[text.index(after: $0)...]) } ?? text
            ids.formUnion(lanesOfFixture[fixture] ?? [])
            ids.formUnion(lanesOfFixture[text] ?? [])
        }
        return ids
    }

    private func attachIfMatching(_ id: Int, _ audience: Audience) {
        guard let known = lanes[id], audience.matcher.matches(known.facts, name: known.lane.name) else { return }
        attach(id, audience)
    }

    func attach(_ id: Int, _ audience: Audience) {
        guard let known = lanes[id] else { return }
        let attachment = known.lane.withState { $0.attach(audience.projection, audience.key.conflation) }
        conflation.attach(audience.key.conflation)
        audience.lanes[id] = attachment
        lanes[id]?.attachments.append((audience, attachment.slot))
    }

    func detach(_ id: Int, _ audience: Audience) {
        guard let attachment = audience.lanes.removeValue(forKey: id) else { return }
        conflation.detach(audience.key.conflation)
        guard let known = lanes[id] else { return }
        known.lane.withState { $0.detach(slot: attachment.slot) }
        lanes[id]?.attachments.removeAll { $0.audience === audience }
    }

    /// Takes a subscription out of its audience, and the audience away when it was the last.
    func leave(_ subscription: Subscription) {
        let audience = subscription.audience
        audience.remove(subscription)
        guard audience.members.isEmpty else { return }
        for id in Array(audience.lanes.keys) { detach(id, audience) }
        audiences[audience.key] = nil
        index.remove(audience)
    }
}
