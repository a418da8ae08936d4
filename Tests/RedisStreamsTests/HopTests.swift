import DevServices
import RedisStreams
import Testing

/// One feed's streams with entries delivered to the processor.
private struct Feed {
    let connection: RedisConnection
    let raw: String
    let events: String
    let dead: String

    init(_ connection: RedisConnection, _ prefix: String, entries: ClosedRange<UInt64> = 1...4) async throws {
        self.connection = connection
        (raw, events, dead) = ("\(prefix):raw", "\(prefix):events", "\(prefix):dead")
        try await connection.create(raw, groups: ["processor"])
        try await connection.create(events, groups: ["writer"])
        try await connection.create(dead, groups: ["writer"])
        #expect(try await connection.append(to: raw, entries.map { .numbered($0) }) == .appended)
        _ = try await connection.readGroup(
            [raw], group: "processor", consumer: "owner", from: .new, count: 100, block: nil)
    }

    func hop(_ frames: ClosedRange<UInt64>, letters: [StreamEntry] = []) -> Hop {
        Hop(
            events: events, entries: frames.map { .numbered($0) }, dead: dead, letters: letters, raw: raw,
            group: "processor", acknowledge: frames.map { StreamID($0) })
    }

    func pending() async throws -> Int { try await connection.pendingSummary(stream: raw, group: "processor").count }
}

@Suite(.timeLimit(.minutes(1)))
struct HopTests {
    @Test("entries, letters and acknowledgement happen together")
    func forwarded() async throws {
        try await TestConnections.with { connection, prefix in
            let feed = try await Feed(connection, prefix)
            let letters: [StreamEntry] = [.numbered(2, 1), .numbered(2, 9)]
            #expect(try await connection.hop(feed.hop(1...3, letters: letters)) == .forwarded)
            #expect(try await connection.ids(in: feed.events) == [StreamID(1), StreamID(2), StreamID(3)])
            #expect(try await connection.range(of: feed.dead, from: .zero, to: .max, count: 9) == letters)
            #expect(try await feed.pending() == 1)
        }
    }

    @Test("the second copy is refused whole, and acknowledged all the same")
    func duplicate() async throws {
        try await TestConnections.with { connection, prefix in
            let feed = try await Feed(connection, prefix)
            let letters: [StreamEntry] = [.numbered(1, 1)]
            #expect(try await connection.hop(feed.hop(1...2, letters: letters)) == .forwarded)
            let again = try await connection.hop(feed.hop(1...2, letters: letters))
            #expect(again == .refused(firstRefused: StreamID(1)))
            #expect(try await connection.ids(in: feed.events) == [StreamID(1), StreamID(2)])
            #expect(try await connection.ids(in: feed.dead) == [StreamID(1, 1)])
            #expect(try await feed.pending() == 2)
        }
    }

    @Test("of a hop that overlaps, the rest goes in and the first refused one is named")
    func partlyForwarded() async throws {
        try await TestConnections.with { connection, prefix in
            let feed = try await Feed(connection, prefix)
            #expect(try await connection.hop(feed.hop(1...2)) == .forwarded)
            #expect(try await connection.hop(feed.hop(2...4)) == .refused(firstRefused: StreamID(2)))
            #expect(try await connection.ids(in: feed.events) == (1...4).map { StreamID($0) })
            #expect(try await feed.pending() == 0)
        }
    }

    @Test("a letter that is there already does not stop a hop")
    func letterThere() async throws {
        try await TestConnections.with { connection, prefix in
            let feed = try await Feed(connection, prefix)
            #expect(try await connection.append(to: feed.dead, [.numbered(1, 1)]) == .appended)
            #expect(try await connection.hop(feed.hop(1...1, letters: [.numbered(1, 1)])) == .forwarded)
        }
    }

    @Test("without an events stream nothing is created; a letter finds its stream made")
    func missing() async throws {
        try await TestConnections.with { connection, prefix in
            let feed = try await Feed(connection, prefix)
            try await connection.delete([feed.events, feed.dead])
            #expect(try await connection.hop(feed.hop(1...2, letters: [.numbered(1, 1)])) == .streamMissing)
            #expect(try await connection.command(["EXISTS", .text(feed.events)]).integer == 0)
            #expect(try await connection.ids(in: feed.dead) == [StreamID(1, 1)])
        }
    }

    @Test("a full server does nothing at all: EXEC is aborted and nothing is acknowledged")
    func outOfMemory() async throws {
        try await TestConnections.withOwnServer { server in
            let connection = try await TestConnections.open(server)
            let feed = try await Feed(connection, "feed")
            _ = try await connection.command(["CONFIG", "SET", "maxmemory", "1"])
            #expect(try await connection.hop(feed.hop(1...2, letters: [.numbered(1, 1)])) == .outOfMemory)
            _ = try await connection.command(["CONFIG", "SET", "maxmemory", "0"])
            #expect(try await connection.ids(in: feed.events).isEmpty)
            #expect(try await connection.ids(in: feed.dead).isEmpty)
            #expect(try await feed.pending() == 4)
            #expect(try await connection.hop(feed.hop(1...4)) == .forwarded)
        }
    }

    @Test("letters that their stream does not take are told, although EXEC itself went well")
    func lettersNotTaken() async throws {
        try await TestConnections.with { connection, prefix in
            let feed = try await Feed(connection, prefix)
            try await connection.delete([feed.dead])
            try await connection.set(feed.dead, [1])
            let outcome = try await connection.hop(feed.hop(1...1, letters: [.numbered(1, 1)]))
            guard case .lettersNotTaken(let why) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(why.contains("WRONGTYPE"))
            #expect(try await connection.ids(in: feed.events).count == 1)
            #expect(try await connection.command(["PING"]) == .status("PONG"))
        }
    }

    @Test("a user who may not open a transaction does not get its commands one by one taken for it")
    func withoutPermission() async throws {
        var options = RedisServer.Options()
        options.settings = ["user weak on >pw ~* &* +@all -multi"]
        try await TestConnections.withOwnServer(options) { server in
            let feed = try await Feed(try await TestConnections.open(server), "feed")
            let weak = RedisConnection(
                endpoint: try RedisEndpoint(url: "redis://weak:pw@127.0.0.1:\(server.port)"), name: "weak")
            try await weak.connect()
            let error = await #expect(throws: RedisError.self) { try await weak.hop(feed.hop(1...1)) }
            #expect(error?.refusal == .permission)
        }
    }

    @Test("a hop of nothing but an acknowledgement, and one of nothing but an entry")
    func halves() async throws {
        try await TestConnections.with { connection, prefix in
            let feed = try await Feed(connection, prefix)
            var hop = feed.hop(1...2)
            hop.acknowledge = []
            #expect(try await connection.hop(hop) == .forwarded)
            #expect(try await feed.pending() == 4)
            hop.acknowledge = hop.entries.map(\.id)
            hop.entries = []
            #expect(try await connection.hop(hop) == .forwarded)
            #expect(try await feed.pending() == 2)
        }
    }
}
