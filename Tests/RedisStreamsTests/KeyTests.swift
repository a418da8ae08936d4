import RedisStreams
import Testing

@Suite(.timeLimit(.minutes(1)))
struct KeyTests {
    @Test("bytes come back as they were set, for good or for a while")
    func values() async throws {
        try await TestConnections.with { connection, prefix in
            let key = "\(prefix):decoder"
            #expect(try await connection.get(key) == nil)
            try await connection.set(key, [0, 10, 13, 255])
            #expect(try await connection.get(key) == [0, 10, 13, 255])
            #expect(try await connection.command(["PTTL", .text(key)]).integer == -1)
            try await connection.set(key, [], for: .seconds(60))
            #expect(try await connection.get(key) == [])
            #expect(try await connection.command(["PTTL", .text(key)]).integer ?? 0 > 50_000)
            #expect(try await connection.delete([key, "\(prefix):none"]) == 1)
        }
    }

    @Test("a checkpoint only moves up, by number and not by text, beyond what a double can tell apart")
    func checkpoints() async throws {
        try await TestConnections.with { connection, prefix in
            let key = "\(prefix):checkpoint"
            let large: UInt64 = 1 << 53
            #expect(try await connection.checkpoint(key) == nil)
            #expect(try await connection.advanceCheckpoint(key, rank: 9, [1]))
            #expect(try await connection.advanceCheckpoint(key, rank: 10, [2]))
            #expect(try await connection.advanceCheckpoint(key, rank: 10, [3]) == false)
            #expect(try await connection.advanceCheckpoint(key, rank: 9, [4]) == false)
            let kept = try #require(try await connection.checkpoint(key))
            #expect(kept.rank == 10 && kept.value == [2])
            #expect(try await connection.advanceCheckpoint(key, rank: large, [5]))
            #expect(try await connection.advanceCheckpoint(key, rank: large + 1, [6, 0, 255]))
            #expect(try await connection.advanceCheckpoint(key, rank: large, [7]) == false)
            let last = try #require(try await connection.checkpoint(key))
            #expect(last.rank == large + 1 && last.value == [6, 0, 255])
            try await connection.set(key, [1, 2])
            #expect(try await connection.checkpoint(key) == nil)
        }
    }

    @Test("workers live for as long as they are heard of")
    func workers() async throws {
        try await TestConnections.with { connection, prefix in
            let key = "\(prefix):workers:process"
            try await connection.touchWorker(key, name: "b", now: 1_000)
            try await connection.touchWorker(key, name: "a", now: 1_500)
            try await connection.touchWorker(key, name: "old", now: 100)
            #expect(try await connection.liveWorkers(key, since: 1_000) == ["a", "b"])
            try await connection.touchWorker(key, name: "b", now: 2_000)
            #expect(try await connection.liveWorkers(key, since: 1_600) == ["b"])
            try await connection.removeWorker(key, name: "b", olderThan: 1_500)
            #expect(try await connection.liveWorkers(key, since: 0) == ["a"])
        }
    }
}
