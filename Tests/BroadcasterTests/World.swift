import FeedModel

@testable import Broadcaster

/// Two instances fed with the same entries, at different times, and clients that behave badly.
struct World {
    struct Member {
        var connection: TestConnection
        /// What it has subscribed to, by number.
        var keys: [Int: AudienceKey]
        var lastSid: Int
        /// It cannot tell which of its lanes it has of what, and does better to begin with nothing.
        var isConfused = false
        /// It came with what it had from elsewhere.
        var hasResumed = false
        /// It has ended a subscription that it had resumed: what it knew of it from an instance that was ahead, this one
        /// could not take back.
        var mayHaveForeignLanes = false
    }

    var random: SplitMix
    private var scripts: [EntryScript]
    /// All entries so far, and how many of each feed an instance has applied.
    private var log: [[[UInt8]]]
    var instances: [TestInstance]
    var applied: [[Int]]
    /// How an instance has watched a feed since its last interruption.
    var watch: [[Watch]]

    enum Watch {
        case interrupted
        /// It has seen the end of the stream.
        case drained
        /// Its last entry came behind an end that it had seen.
        case live
    }

    var members: [Member] = []
    /// Of all that there were.
    var connectionCount = 0
    /// Feeds that a client ended up to believe in, or not to, without a reason.
    private(set) var wrongStates: [String] = []
    private(set) var now = Moment(monotonic: .seconds(100), wall: Timestamp(microseconds: 1_766_414_833_000_000))

    static let feeds = ["book-a", "book-b"].compactMap { FeedName($0) }

    init(seed: UInt64) {
        random = SplitMix(seed: seed)
        let now = now
        scripts = Self.feeds.map { EntryScript(feed: $0, receivedAt: now.wall) }
        log = Self.feeds.map { _ in [] }
        instances = (0..<2).map { _ in TestInstance(feeds: Self.feeds, now: now) }
        applied = instances.map { _ in Self.feeds.map { _ in 0 } }
        watch = instances.map { _ in Self.feeds.map { _ in .drained } }
    }

    mutating func step() throws {
        switch Int.random(in: 0..<110, using: &random) {
        case 0..<46: write()
        case 46..<74: try feed(Int.random(in: 0..<2, using: &random))
        case 74..<78: try connect()
        case 78..<83: try reconnect()
        case 83..<88: pick { member, random in member.connection.outlet.isStalled = Bool.random(using: &random) }
        case 88..<91: try edit()
        case 91..<95: try pick { member, _ in try member.connection.settle() }
        case 95..<96: try restart(Int.random(in: 0..<2, using: &random))
        case 96..<97: try fork()
        case 97..<98: handOver()
        case 98..<99: advance(.seconds(Int.random(in: 100..<500, using: &random)))
        case 99..<102: try subscribeToo()
        case 102..<104: try unsubscribe()
        case 104..<107: control()
        default: advance(.milliseconds(Int.random(in: 1..<3_000, using: &random)))
        }
        if Bool.random(using: &random) {
            for member in members { try member.connection.settle() }
        }
    }

    /// Everybody reads everything.
    mutating func settle() throws {
        for index in instances.indices { try feed(index, all: true) }
        for member in members { member.connection.outlet.isStalled = false }
        try settleMembers()
        // Before the next heartbeat says it again.
        checkStates()
        advance(.seconds(6))
        for index in members.indices where members[index].connection.outlet.closeCode != nil { try reconnect(index) }
        for _ in 0..<4 {
            for instance in instances { instance.deliver() }
            try settleMembers()
            for index in members.indices where isConfused(members[index]) { try reconnect(index, on: nil) }
        }
    }

    /// Some last changes, of which a class may hold a part back, then heartbeats, and everybody comes back elsewhere.
    mutating func hopAfterChanges() throws {
        for _ in 0..<3 {
            write()
            for index in instances.indices { try feed(index, all: true) }
            try settleMembers()
            advance(.milliseconds(Int.random(in: 10..<400, using: &random)))
        }
        advance(.milliseconds(1_100))
        try settleMembers()
        for index in members.indices { try reconnect(index) }
    }

    private mutating func settleMembers() throws {
        for member in members {
            try member.connection.settle()
            member.connection.instance.hub.writabilityChanged(
                member.connection.subscriber, now: member.connection.instance.now)
            try member.connection.settle()
        }
    }

    private mutating func checkStates() {
        for (index, member) in members.enumerated() where member.connection.outlet.closeCode == nil {
            let hub = member.connection.instance.hub
            for (name, feed) in zip(hub.names, hub.feeds) {
                let believed = member.connection.client.feedStates[name.text]
                guard believed != feed.condition.status.name else { continue }
                wrongStates.append("client \(index), \(name): \(believed ?? "-"), is \(feed.condition.status)")
            }
        }
    }

    // MARK: The feeds

    private mutating func write() {
        let feed = Int.random(in: 0..<2, using: &random)
        let frames = (0..<Int.random(in: 1...4, using: &random)).map { _ in
            (0..<Int.random(in: 1...4, using: &random)).map { _ in event() }
        }
        scripts[feed].receivedAt = now.wall
        log[feed].append(scripts[feed].entry(frames))
    }

    /// The session of a feed goes through something.
    private mutating func control() {
        let feed = Int.random(in: 0..<2, using: &random)
        let events: [ControlEvent] = [
            .stateChanged(state: .live, why: ""), .stateChanged(state: .backoff, why: "the provider hung up"),
            .keepalive(state: .stale), .keepalive(state: .live), .resumed(fromSequence: nil), .snapshotEnded,
            .gap(.init(kind: .reconnect, cause: "a reconnect")),
        ]
        guard let event = events.randomElement(using: &random) else { return }
        scripts[feed].receivedAt = now.wall
        log[feed].append(scripts[feed].entry(.control(event)))
    }

    private mutating func event() -> EntryScript.Event {
        let fixture = "fx-\(Int.random(in: 1...4, using: &random))"
        let market = ["1X2", "totals", "winner"].randomElement(using: &random) ?? "1X2"
        let option = "o\(Int.random(in: 1...3, using: &random))"
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<3:
            return .fixture(
                fixture, status: [.scheduled, .live, .suspended, .finished].randomElement(using: &random) ?? .live,
                sport: ["football", "tennis"].randomElement(using: &random) ?? "football",
                score: Bool.random(using: &random) ? (Int32.random(in: 0...3, using: &random), 0) : nil)
        case 3..<5: return .settled(fixture: fixture, market: market, option: option, result: .won)
        default:
            return .odds(
                fixture: fixture, market: market, option: option,
                price: Bool.random(using: &random) ? "\(Int.random(in: 2...5, using: &random)).25" : nil,
                status: [.open, .open, .suspended, .closed].randomElement(using: &random) ?? .open,
                lay: Int.random(in: 0..<3, using: &random) == 0 ? "3.5" : nil,
                marketName: Int.random(in: 0..<9, using: &random) == 0 ? "Name \(option)" : "",
                name: Int.random(in: 0..<9, using: &random) == 0 ? "Team \(market)" : "")
        }
    }

    /// An instance applies some of what it has not seen yet.
    mutating func feed(_ index: Int, all: Bool = false) throws {
        instances[index].now = now
        for feed in Self.feeds.indices {
            let rest = log[feed].count - applied[index][feed]
            let count = all ? rest : Int.random(in: 0...rest, using: &random)
            for entry in log[feed][applied[index][feed]..<applied[index][feed] + count] {
                let isWatched = watch[index][feed] == .live
                if watch[index][feed] == .drained { watch[index][feed] = .live }
                if case .fork = try instances[index].apply(entry, feed: feed, isWatched: isWatched) {
                    try instances[index].reload(feed, from: Array(log[feed].prefix(applied[index][feed] + count)))
                    break
                }
            }
            applied[index][feed] += count
            if count == rest, watch[index][feed] == .interrupted { watch[index][feed] = .drained }
        }
        instances[index].deliver()
    }

    /// Redis forgets the last entry of a feed, which instances may have shown, and a new owner goes on without it.
    private mutating func fork() throws {
        let feed = Int.random(in: 0..<2, using: &random)
        guard log[feed].count > 2 else { return }
        let forgotten = log[feed].removeLast()
        let header = try EventsEntryHeader(decoding: forgotten)
        log[feed].append(scripts[feed].newTerm(after: header.prev))
        for index in instances.indices { watch[index] = Self.feeds.map { _ in .interrupted } }
        for index in instances.indices where applied[index][feed] == log[feed].count {
            // It has applied what is gone, and finds the fork when it reads on.
            applied[index][feed] -= 1
        }
    }

    /// A new owner goes on, and nothing is lost.
    private mutating func handOver() {
        let feed = Int.random(in: 0..<2, using: &random)
        log[feed].append(scripts[feed].newTerm())
    }

    private mutating func advance(_ duration: Duration) {
        now.monotonic += duration
        now.wall = now.wall + duration
        for instance in instances {
            instance.now = now
            instance.deliver()
        }
    }
}
