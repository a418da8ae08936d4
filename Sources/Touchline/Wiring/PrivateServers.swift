import DevServices
import Logging

/// A Redis and a Postgres of our own, in a temporary directory, migrated and empty: for `demo`, `replay` and `bench`.
struct PrivateServers {
    let redis: RedisServer
    let postgres: PostgresServer
    let postgresURL: String

    static func start(logger: Logger) async throws -> PrivateServers {
        do {
            async let startingRedis = RedisServer.start(logger: logger)
            let postgres = try await PostgresServer.start(logger: logger)
            let redis = try await startingRedis
            let url = try await postgres.createDatabase("touchline")
            try await MigrateCommand.migrate(url: url) { _ in }
            return PrivateServers(redis: redis, postgres: postgres, postgresURL: url)
        } catch let error as DevServicesError {
            LiveServers.stopAll()
            throw CommandFailure(description: "\(error)")
        }
    }

    /// Stops both and removes their directories.
    func stop() async {
        await redis.stop()
        await postgres.stop()
    }
}
