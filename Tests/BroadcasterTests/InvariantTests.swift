import FeedModel
import Testing

@testable import Broadcaster

/// Snapshot, then deltas, then any mix of drop, resume, conflation, slowness and restart: the client's book equals the
/// server's.
struct InvariantTests {
    @Test(arguments: 0..<150)
    func everyScheduleEndsWithEqualBooks(seed: Int) throws {
        var world = World(seed: UInt64(seed))
        for _ in 0..<220 { try world.step() }
        try world.settle()
        for (index, member) in world.members.enumerated() {
            let expected = try member.connection.instance.expected(member.key)
            let differences = differences(member.connection.client.lanes, expected)
            #expect(differences.isEmpty, "seed \(seed), client \(index), \(member.key)")
        }
    }
}

/// A generator that repeats itself.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = (seed &+ 1) &* 0xD134_2543_DE82_EF95 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Two instances fed with the same entries, at different times, and clients that behave badly.
private struct World {
    struct Member {
        var connection: TestConnection
        var key: AudienceKey
        var sid: Int
    }

    private var random: SplitMix
    private var scripts: [EntryScript]
    /// All entries so far, and how many of each feed an instance has applied.
    private var log: [[[UInt8]]]
    private var instances: [TestInstance]
    private var applied: [[Int]]
    /// How an instance has watched a feed since its last interruption.
    private var watch: [[Watch]]

    private enum Watch {
        case interrupted
        /// It has seen the end of the stream.
        case drained
        /// Its last entry came behind an end that it had seen.
        case live
    }

    var members: [Member] = []
    private var now = Moment(monotonic: .seconds(100), wall: Timestamp(microseconds: 1_766_414_833_000_000))

    private static let feeds = ["book-a", "book-b"].compactMap { FeedName($0) }

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
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<46: write()
        case 46..<74: try feed(Int.random(in: 0..<2, using: &random))
        case 74..<78: try subscribe()
        case 78..<83: try reconnect()
        case 83..<88: pick { member, random in member.connection.outlet.isStalled = Bool.random(using: &random) }
        case 88..<91: try edit()
        case 91..<95: try pick { member, _ in try member.connection.settle() }
        case 95..<96: try restart(Int.random(in: 0..<2, using: &random))
        case 96..<97: try fork()
        case 97..<98: handOver()
        case 98..<99: advance(.seconds(Int.random(in: 100..<500, using: &random)))
        default: advance(.milliseconds(Int.random(in: 1..<3_000, using: &random)))
        }
        if Bool.random(using: &random) {
            for member in members { try member.connection.settle() }
        }
    }

    /// Everybody reads everything.
    mutating func settle() throws {
        for index in instances.indices { try feed(index, all: true) }
        advance(.seconds(6))
        for index in members.indices {
            members[index].connection.outlet.isStalled = false
            if members[index].connection.outlet.closeCode != nil { try reconnect(index) }
        }
        for _ in 0..<4 {
            for instance in instances { instance.deliver() }
            for member in members {
                try member.connection.settle()
                member.connection.instance.hub.writabilityChanged(
                    member.connection.subscriber, now: member.connection.instance.now)
                try member.connection.settle()
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
    private mutating func feed(_ index: Int, all: Bool = false) throws {
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

    // MARK: The clients

    private mutating func subscribe() throws {
        guard members.count < 6 else { return }
        let instance = instances[Int.random(in: 0..<2, using: &random)]
        var filter = SubscriptionFilter()
        if Int.random(in: 0..<3, using: &random) == 0 { filter.sports = ["football"] }
        if Int.random(in: 0..<4, using: &random) == 0 { filter.isLive = Bool.random(using: &random) }
        if Int.random(in: 0..<3, using: &random) == 0 { filter.markets = ["1X2", "winner"] }
        if Int.random(in: 0..<4, using: &random) == 0 { filter.feeds = ["book-b"] }
        if Int.random(in: 0..<4, using: &random) == 0 { filter.fixtures = ["fx-1", "book-a|fx-2"] }
        let key = AudienceKey(
            channel: Int.random(in: 0..<8, using: &random) == 0 ? .fixtures : .odds, filter: filter,
            format: OddsFormat.allCases.randomElement(using: &random) ?? .decimal,
            conflation: ConflationClass.allCases.randomElement(using: &random) ?? .none)
        let connection = instance.connect()
        try connection.send(Self.command(key, resume: nil))
        members.append(Member(connection: connection, key: key, sid: 1))
    }

    /// The connection breaks; the client resumes on either instance with the last cursor it has.
    private mutating func reconnect() throws {
        guard let index = members.indices.randomElement(using: &random) else { return }
        try reconnect(index)
    }

    private mutating func reconnect(_ index: Int) throws {
        let member = members[index]
        member.connection.cut()
        let instance = instances[Int.random(in: 0..<2, using: &random)]
        let connection = instance.connect(member.connection.client)
        let cursor = member.connection.client.cursors["1"]
        if cursor == nil { try member.connection.client.take("{\"t\":\"reset\"}") }
        try connection.send(Self.command(member.key, resume: cursor))
        members[index].connection = connection
    }

    private mutating func edit() throws {
        guard let index = members.indices.randomElement(using: &random) else { return }
        let filter = members[index].key.filter
        guard filter.fixtures.count > 1 || filter.markets.count > 1, members[index].connection.outlet.closeCode == nil
        else { return }
        let field = filter.fixtures.count > 1 ? "fixtures" : "markets"
        let (add, remove) = field == "fixtures" ? ("fx-3", "fx-1") : ("totals", "1X2")
        let values = field == "fixtures" ? filter.fixtures : filter.markets
        let isAdding = !values.contains(add)
        let edit = isAdding ? "\"add\":{\"\(field)\":[\"\(add)\"]}" : "\"del\":{\"\(field)\":[\"\(remove)\"]}"
        guard isAdding || values.contains(remove) else { return }
        try members[index].connection.send("{\"t\":\"upd\",\"sid\":1,\(edit)}")
        var edited = filter
        func change(_ list: [String]) -> [String] { isAdding ? (list + [add]).sorted() : list.filter { $0 != remove } }
        if field == "fixtures" {
            edited.fixtures = change(filter.fixtures)
        } else {
            edited.markets = change(filter.markets)
        }
        let key = members[index].key
        members[index].key = AudienceKey(
            channel: key.channel, filter: edited, format: key.format, conflation: key.conflation)
    }

    /// An instance starts anew from the checkpoint of either; its clients come back somewhere.
    private mutating func restart(_ index: Int) throws {
        let source = Int.random(in: 0..<2, using: &random)
        let fresh = TestInstance(feeds: Self.feeds, now: now)
        try fresh.restore(from: instances[source])
        let old = instances[index]
        instances[index] = fresh
        applied[index] = applied[source]
        watch[index] = Self.feeds.map { _ in .interrupted }
        fresh.deliver()
        for member in members.indices where members[member].connection.instance === old { try reconnect(member) }
    }

    private mutating func pick(_ body: (Member, inout SplitMix) throws -> Void) rethrows {
        guard let member = members.randomElement(using: &random) else { return }
        try body(member, &random)
    }

    private static func command(_ key: AudienceKey, resume: String?) -> String {
        var lists: [String] = []
        for list in key.filter.lists where !list.values.isEmpty {
            lists.append("\"\(list.name)\":[" + list.values.map { "\"\($0)\"" }.joined(separator: ",") + "]")
        }
        if let isLive = key.filter.isLive { lists.append("\"live\":\(isLive)") }
        let resume = resume.map { ",\"resume\":\"\($0)\"" } ?? ""
        return "{\"t\":\"sub\",\"id\":1,\"ch\":\"\(key.channel.rawValue)\",\"f\":{\(lists.joined(separator: ","))},"
            + "\"format\":\"\(key.format.rawValue)\",\"conflate_ms\":\(key.conflation.rawValue)\(resume)}"
    }
}
