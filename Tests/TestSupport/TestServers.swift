package import DevServices

/// One real Redis and one real PostgreSQL per test process, started when first asked for and stopped when the process
/// ends. Tests keep out of each other's way by random names and databases of their own.
///
/// A test that kills or reconfigures a server starts its own with `RedisServer.start` or `PostgresServer.start`.
package enum TestServers {
    private static let shared = SharedServers()

    /// The shared Redis. Use it with keys that begin with `RandomName.next()`.
    package static func redis() async throws -> RedisServer {
        try await shared.redis()
    }

    /// The shared PostgreSQL. Use it through `withDatabase`.
    package static func postgres() async throws -> PostgresServer {
        try await shared.postgres()
    }

    /// Runs `body` with the URL of an empty database, which is dropped afterwards.
    package static func withDatabase<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (_ url: String) async throws -> sending Result
    ) async throws -> sending Result {
        let server = try await postgres()
        let name = RandomName.next("t")
        let url = try await server.createDatabase(name)
        do {
            let result = try await body(url)
            try await server.dropDatabase(name)
            return result
        } catch {
            // The test's own error says more than a failure to clean up.
            try? await server.dropDatabase(name)
            throw error
        }
    }
}

/// Starts each server once, however many tests ask at the same time.
private actor SharedServers {
    private var redisStart: Task<RedisServer, any Error>?
    private var postgresStart: Task<PostgresServer, any Error>?

    func redis() async throws -> RedisServer {
        LiveServers.stopOnSignals()
        let start = redisStart ?? Task { try await RedisServer.start() }
        redisStart = start
        return try await start.value
    }

    func postgres() async throws -> PostgresServer {
        LiveServers.stopOnSignals()
        var options = PostgresServer.Options()
        // Not needed to survive a kill, only a power cut; most of a small test is waiting for it.
        options.settings["fsync"] = "off"
        let start = postgresStart ?? Task { [options] in try await PostgresServer.start(options: options) }
        postgresStart = start
        return try await start.value
    }
}
