import DevServices
import RedisStreams
import Testing

@Suite(.timeLimit(.minutes(1)))
struct AppendTests {
    @Test("one entry and many arrive under their own ids, bytes unchanged")
    func appended() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):raw"
            try await connection.create(stream)
            let binary = StreamEntry(id: StreamID(1), payload: (0..<1_000).map { UInt8(truncatingIfNeeded: $0) })
            let empty = StreamEntry(id: StreamID(2, 7), payload: [])
            #expect(try await connection.append(to: stream, []) == .appended)
            #expect(try await connection.append(to: stream, [binary]) == .appended)
            #expect(try await connection.append(to: stream, [empty, .numbered(3), .numbered(90)]) == .appended)
            let all = try await connection.range(of: stream, from: .zero, to: .max, count: 100)
            #expect(all == [binary, empty, .numbered(3), .numbered(90)])
        }
    }

    @Test("an id that does not grow is refused, alone and at the head of a batch, and leaves nothing behind")
    func refused() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):raw"
            try await connection.create(stream)
            #expect(try await connection.append(to: stream, [.numbered(10)]) == .appended)
            for batch in [[10], [9], [8, 9, 10], [9, 10]] as [[UInt64]] {
                let outcome = try await connection.append(to: stream, batch.map { .numbered($0) })
                guard case .refused(let message) = outcome else {
                    Issue.record("\(outcome) for \(batch)")
                    continue
                }
                #expect(message.contains("equal or smaller"))
            }
            #expect(try await connection.ids(in: stream) == [StreamID(10)])
        }
    }

    @Test("a hole is accepted by Redis, because growing is all that it checks")
    func hole() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):raw"
            try await connection.create(stream)
            #expect(try await connection.append(to: stream, [.numbered(10)]) == .appended)
            #expect(try await connection.append(to: stream, [.numbered(20), .numbered(30)]) == .appended)
        }
    }

    @Test("a batch of which a part was there already is an error that says how much went in")
    func partly() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):raw"
            try await connection.create(stream)
            #expect(try await connection.append(to: stream, [.numbered(10)]) == .appended)
            let error = await #expect(throws: RedisError.self) {
                try await connection.append(to: stream, [.numbered(9), .numbered(10), .numbered(11)])
            }
            guard case .partlyAppended(accepted: 1, of: 3, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try await connection.lastEntry(of: stream) == .numbered(11))
            #expect(await connection.isConnected)
        }
    }

    @Test("a stream that is not there is not created")
    func missing() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):raw"
            let outcome = try await connection.append(to: stream, [.numbered(1)])
            #expect(outcome == .streamMissing)
            #expect(try await connection.append(to: stream, [.numbered(1), .numbered(2)]) == .streamMissing)
            #expect(try await connection.appendNext(to: stream, payload: [1]) == nil)
            #expect(try await connection.command(["EXISTS", .text(stream)]).integer == 0)
            #expect(try await connection.lastEntry(of: stream) == nil)
        }
    }

    @Test("Redis makes the ids of requests")
    func nextIDs() async throws {
        try await TestConnections.with { connection, prefix in
            let stream = "\(prefix):requests"
            try await connection.create(stream)
            let first = try #require(try await connection.appendNext(to: stream, payload: [1]))
            let second = try #require(try await connection.appendNext(to: stream, payload: [2]))
            #expect(first < second)
            #expect(try await connection.lastEntry(of: stream) == StreamEntry(id: second, payload: [2]))
        }
    }

    @Test("a full server takes neither one entry nor any of a batch")
    func outOfMemory() async throws {
        try await TestConnections.withOwnServer { server in
            let connection = try await TestConnections.open(server)
            try await connection.create("raw")
            #expect(try await connection.append(to: "raw", [.numbered(1)]) == .appended)
            _ = try await connection.command(["CONFIG", "SET", "maxmemory", "1"])
            for batch in [[2], [2, 3, 4]] as [[UInt64]] {
                let outcome = try await connection.append(to: "raw", batch.map { .numbered($0) })
                guard case .outOfMemory(let message) = outcome else {
                    Issue.record("\(outcome)")
                    continue
                }
                #expect(message.contains("OOM"))
            }
            #expect(try await connection.ids(in: "raw") == [StreamID(1)])
            _ = try await connection.command(["CONFIG", "SET", "maxmemory", "0"])
            #expect(try await connection.append(to: "raw", [.numbered(2), .numbered(3)]) == .appended)
        }
    }

    @Test("anything else that the server says is thrown, from one entry and from a batch")
    func otherRefusals() async throws {
        try await TestConnections.with { connection, prefix in
            let key = "\(prefix):text"
            try await connection.set(key, [1])
            for batch in [[1], [1, 2]] as [[UInt64]] {
                let error = await #expect(throws: RedisError.self) {
                    try await connection.append(to: key, batch.map { .numbered($0) })
                }
                #expect(error?.refusal == .wrongType)
            }
            #expect(try await connection.command(["PING"]) == .status("PONG"))
        }
    }
}
