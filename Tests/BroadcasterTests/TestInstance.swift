import FeedModel
import Metrics
import NIOCore

@testable import Broadcaster

/// A Broadcaster without sockets, Redis or clocks: one reader, one hub.
final class TestInstance {
    let feeds: [FeedName]
    private(set) var distributor: Distributor
    let hub: Hub
    let conflation = ConflationUse()
    private let numbers = LaneNumbers()
    private let metrics = BroadcasterMetrics(factory: NOOPMetricsHandler.instance)
    var now: Moment

    init(feeds: [FeedName], now: Moment, limits: BroadcasterLimits = BroadcasterLimits()) {
        self.feeds = feeds
        self.now = now
        distributor = Distributor(feeds: feeds, numbers: numbers, metrics: metrics)
        hub = Hub(names: feeds, limits: limits, heartbeat: .seconds(5), metrics: metrics, conflation: conflation)
    }

    @discardableResult
    func apply(_ payload: [UInt8], feed: Int, isWatched: Bool = true) throws -> EntryChain.Link {
        try distributor.apply(payload, feed: feed, isWatched: isWatched, at: now)
    }

    /// One turn: the hub is given what was applied.
    @discardableResult
    func deliver(_ reach: ReadingReach? = nil) -> FanOutBatch {
        let batch = distributor.takeBatch(reach ?? .everything(feeds: feeds.count), at: now)
        hub.deliver(batch)
        return batch
    }

    func advance(_ duration: Duration) {
        now.monotonic += duration
        now.wall = now.wall + duration
    }

    /// Takes over what another instance has stored, through the bytes of a checkpoint.
    func restore(from other: TestInstance) throws {
        for book in other.distributor.books {
            guard let checkpoint = book.checkpoint else { continue }
            let decoded = try BookCheckpoint(decoding: checkpoint.encoded())
            distributor.replace(
                FeedBook(name: book.name, index: book.index, numbers: numbers, restoring: decoded))
        }
    }

    /// Builds a feed anew from entries.
    func reload(_ feed: Int, from payloads: [[UInt8]]) throws {
        var book = FeedBook(name: feeds[feed], index: feed, numbers: numbers)
        var encoding = FrameEncoding()
        encoding.now = now
        for payload in payloads { _ = try book.apply(payload, acceptingHoles: true, isWatched: false, &encoding) }
        distributor.replace(book)
    }

    // MARK: Subscribers

    /// Whatever a connection may speak.
    var forms: [WireForm] { [.frames, .compressedFrames(hub.compressor), .events] }

    func connect(
        _ client: BookClient = BookClient(), grant: AccessGrant = .everything, form: WireForm = .frames
    ) -> TestConnection {
        let outlet = TestOutlet(client, form: form)
        let subscriber = Subscriber(
            name: "test", outlet: outlet, grant: grant, limits: hub.limits, heartbeatInterval: .seconds(5),
            now: now.monotonic)
        hub.opened(subscriber, now: now)
        return TestConnection(instance: self, subscriber: subscriber, outlet: outlet, client: client)
    }

    /// What a client with this filter should have now.
    func expected(_ key: AudienceKey) throws -> [String: BookClient.LaneBook] {
        let matcher = LaneMatcher(key.filter, feeds: feeds)
        let reference = BookClient()
        for book in distributor.books {
            for lane in book.lanes.values {
                let (facts, parts) = lane.withState { ($0.facts, $0.rendering(key.projection).parts) }
                guard matcher.matches(facts, name: lane.name) else { continue }
                for part in parts {
                    try reference.take("{\"t\":\"snap\",\"lanes\":[" + String(buffer: part.object) + "]}")
                }
            }
        }
        return reference.lanes
    }
}

/// One subscriber of a test.
final class TestConnection {
    let instance: TestInstance
    let subscriber: Subscriber
    let outlet: TestOutlet
    let client: BookClient

    init(instance: TestInstance, subscriber: Subscriber, outlet: TestOutlet, client: BookClient) {
        self.instance = instance
        self.subscriber = subscriber
        self.outlet = outlet
        self.client = client
    }

    func send(_ text: String) throws {
        instance.hub.received(try ClientCommand(decoding: Array(text.utf8)), from: subscriber, now: instance.now)
    }

    /// Lets everything arrive that can, asking for lanes whose chain broke.
    func settle() throws {
        while try outlet.drain() {
            let lanes = client.resyncs
            client.resyncs.removeAll()
            for lane in lanes { try send("{\"t\":\"resync\",\"ln\":\"\(lane)\"}") }
            instance.hub.writabilityChanged(subscriber, now: instance.now)
        }
    }

    func cut() {
        outlet.cut()
        instance.hub.closed(subscriber)
    }
}

/// How a client's book differs from the server's, for people. `seq` is left out: projections that do not show a change keep
/// an older one.
func differences(_ client: [String: BookClient.LaneBook], _ server: [String: BookClient.LaneBook]) -> [String] {
    var found: [String] = []
    for lane in Set(client.keys).union(server.keys).sorted() {
        guard let mine = client[lane], let theirs = server[lane] else {
            found.append("lane \(lane): client \(client[lane] != nil), server \(server[lane] != nil)")
            continue
        }
        if mine.fixture != theirs.fixture {
            found.append("fixture of \(lane): client \(mine.fixture ?? "-"), server \(theirs.fixture ?? "-")")
        }
        for row in Set(mine.rows.keys).union(theirs.rows.keys).sorted() where mine.rows[row] != theirs.rows[row] {
            found.append(
                "row \(row) of \(lane), seq \(mine.seq) and \(theirs.seq): client \(mine.rows[row] ?? [:]), "
                    + "server \(theirs.rows[row] ?? [:])")
        }
    }
    return found
}
