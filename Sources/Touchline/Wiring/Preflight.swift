import ArgumentParser
import Logging
import PostgresCopy
import RedisStreams
import Telemetry
import Writer

/// What is checked before a process starts: that its servers answer, and are what the guarantees need.
struct Preflight {
    let configuration: TouchlineConfiguration
    let stages: [Stage]
    let logger: Logger

    func check() async throws {
        try await checkRedis()
        if stages.contains(where: \.needsPostgres) { try await checkPostgres() }
    }

    private func checkRedis() async throws {
        let redis = RedisConnection(endpoint: try configuration.redis, name: "preflight")
        do {
            try await redis.connect()
            let facts = try await redis.serverFacts()
            await redis.close()
            guard facts.maxmemoryPolicy == "noeviction" else {
                throw CommandFailure(
                    description: "Redis would evict entries (maxmemory-policy is \(facts.maxmemoryPolicy)): "
                        + "set it with `redis-cli config set maxmemory-policy noeviction`")
            }
            if !facts.isAOFEnabled {
                logger.warning("redis has no append-only file: a restart loses what is not yet in Postgres")
            }
        } catch let error as RedisError {
            await redis.close()
            let url = SecretMask.masked(configuration.redisURL)
            throw CommandFailure(description: "Redis at \(url) cannot be used: \(error)")
        }
    }

    private func checkPostgres() async throws {
        let connection = PostgresConnection(url: configuration.postgresURL, name: "preflight")
        do {
            try await connection.connect()
            try await SchemaMigrator().requireCurrent(connection)
            await connection.close()
        } catch let error as PostgresError {
            await connection.close()
            let url = SecretMask.masked(configuration.postgresURL)
            throw CommandFailure(description: "Postgres at \(url) cannot be used: \(error)")
        } catch let error as SchemaError {
            await connection.close()
            throw CommandFailure(description: "\(error)")
        }
    }
}
