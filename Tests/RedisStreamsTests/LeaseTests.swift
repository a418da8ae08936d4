import RedisStreams
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LeaseTests {
    @Test("one owner at a time; the owner renews and releases, others cannot")
    func ownership() async throws {
        try await TestConnections.with { connection, prefix in
            let key = "\(prefix):owner:feed"
            let owner = try await connection.leaseOwner(key)
            #expect(owner == nil)
            #expect(try await connection.acquireLease(key: key, owner: "one", for: .seconds(60)))
            #expect(try await connection.acquireLease(key: key, owner: "two", for: .seconds(60)) == false)
            #expect(try await connection.acquireLease(key: key, owner: "one", for: .seconds(60)))
            #expect(try await connection.leaseOwner(key) == "one")
            #expect(try await connection.renewLease(key: key, owner: "two", for: .seconds(60)) == false)
            #expect(try await connection.releaseLease(key: key, owner: "two") == false)
            #expect(try await connection.renewLease(key: key, owner: "one", for: .seconds(60)))
            #expect(try await connection.releaseLease(key: key, owner: "one"))
            #expect(try await connection.releaseLease(key: key, owner: "one") == false)
            #expect(try await connection.acquireLease(key: key, owner: "two", for: .seconds(60)))
        }
    }

    @Test("renewing prolongs the lease by the whole duration")
    func renewal() async throws {
        try await TestConnections.with { connection, prefix in
            let key = "\(prefix):owner:feed"
            #expect(try await connection.acquireLease(key: key, owner: "one", for: .seconds(7)))
            #expect(try await connection.renewLease(key: key, owner: "one", for: .seconds(700)))
            let left = try await connection.command(["PTTL", .text(key)]).integer ?? 0
            #expect(left > 600_000)
        }
    }

    @Test("a lease that ran out is free, and its former owner neither renews nor releases the next one's")
    func stolen() async throws {
        try await TestConnections.with { connection, prefix in
            let key = "\(prefix):owner:feed"
            #expect(try await connection.acquireLease(key: key, owner: "one", for: .milliseconds(1)))
            while try await connection.leaseOwner(key) != nil { await Task.yield() }
            #expect(try await connection.renewLease(key: key, owner: "one", for: .seconds(60)) == false)
            #expect(try await connection.acquireLease(key: key, owner: "two", for: .seconds(60)))
            #expect(try await connection.renewLease(key: key, owner: "one", for: .seconds(60)) == false)
            #expect(try await connection.releaseLease(key: key, owner: "one") == false)
            #expect(try await connection.leaseOwner(key) == "two")
        }
    }
}
