import DevServices
import RedisStreams
import TestSupport

/// Connections for tests, and the entries they move.
enum TestConnections {
    /// A connection to the shared server, and a prefix for keys that no other test uses; they are removed afterwards.
    static func with(_ body: (RedisConnection, _ prefix: String) async throws -> Void) async throws {
        let connection = try await open(try await TestServers.redis())
        let prefix = RandomName.next()
        do {
            try await body(connection, prefix)
            try await remove(prefix, connection)
        } catch {
            try? await remove(prefix, connection)
            throw error
        }
        await connection.close()
    }

    /// A server of the test's own, for what disturbs others.
    static func withOwnServer(
        _ options: RedisServer.Options = .init(), _ body: (RedisServer) async throws -> Void
    ) async throws {
        let server = try await RedisServer.start(options: options)
        do {
            try await body(server)
            await server.stop()
        } catch {
            await server.stop()
            throw error
        }
    }

    static func open(
        _ server: RedisServer, name: String = "test", timeout: Duration = .seconds(5)
    ) async throws -> RedisConnection {
        let connection = RedisConnection(endpoint: try RedisEndpoint(url: server.url), name: name, timeout: timeout)
        try await connection.connect()
        return connection
    }

    private static func remove(_ prefix: String, _ connection: RedisConnection) async throws {
        try await connection.connect()
        let keys = try await connection.command(["KEYS", "\(prefix)*"]).array ?? []
        try await connection.delete(keys.compactMap(\.text))
    }
}

extension RedisConnection {
    /// Makes an empty stream as a term's start would.
    func create(_ stream: String, groups: [String] = ["group"]) throws(RedisError) {
        for group in groups { _ = try createGroup(stream: stream, group: group, at: .zero) }
    }

    func ids(in stream: String) throws(RedisError) -> [StreamID] {
        try range(of: stream, from: .zero, to: .max, count: 10_000).map(\.id)
    }
}

extension StreamEntry {
    /// An entry whose payload says its number.
    static func numbered(_ frame: UInt64, _ sequence: UInt64 = 0) -> StreamEntry {
        StreamEntry(id: StreamID(frame, sequence), payload: Array("entry \(frame)".utf8))
    }
}
