import DevServices
import Glibc
import RedisStreams
import TestSupport
import Testing

/// A stage that works where its connections work.
private actor Neighbour {
    private nonisolated let connection: RedisConnection

    init(_ connection: RedisConnection) { self.connection = connection }

    nonisolated var unownedExecutor: UnownedSerialExecutor { connection.unownedExecutor }

    func threadAround(
        _ call: (RedisConnection) async throws -> Void
    ) async throws -> (before: pthread_t, after: pthread_t) {
        let before = pthread_self()
        try await call(connection)
        return (before, pthread_self())
    }
}

@Suite(.timeLimit(.minutes(1)))
struct SharedThreadTests {
    @Test("connections and their neighbour share one thread, which outlives the first of them")
    func shared() async throws {
        let server = try await TestServers.redis()
        let endpoint = try RedisEndpoint(url: server.url)
        var first: RedisConnection? = RedisConnection(endpoint: endpoint, name: "first")
        let second = RedisConnection(endpoint: endpoint, name: "second", sharingThreadOf: first)
        first = nil
        let threads = try await Neighbour(second).threadAround { connection in
            try await connection.connect()
            _ = try await connection.command(["PING"])
        }
        #expect(pthread_equal(threads.before, threads.after) != 0)
        #expect(await second.isConnected)
    }
}
