import ArgumentParser
import FeedClient
import Logging
import PostgresCopy
import RedisStreams
import Telemetry

/// What is checked before a process starts: that its servers answer, and are what the guarantees need.
struct Preflight {
    let configuration: TouchlineConfiguration
    let stages: [Stage]
    let logger: Logger

    func check() async throws {
        try await checkRedis()
        if stages.contains(where: \.needsPostgres) { try await checkPostgres() }
        if stages.contains(.feed), let spool = configuration.spool,
            let problem = FolderProbe.problem(with: spool.directory)
        {
            logger.error(
                "there is no spool: while redis is away the sockets will wait", metadata: [LogKey.error: "\(problem)"])
        }
    }

    private func checkRedis() async throws {
        let redis = RedisConnection(endpoint: try configuration.redis, name: "preflight")
        do {
            try await redis.connect()
            let facts = try await redis.serverFacts()
            await redis.close()
            if let problem = facts.evictionProblem { throw CommandFailure(description: problem) }
            if let warning = facts.durabilityWarning { logger.warning("\(warning)") }
        } catch let error as RedisError {
            await redis.close()
            let url = SecretMask.masked(configuration.redisURL)
            throw CommandFailure(description: "Redis at \(url) cannot be used: \(error)")
        }
    }

    private func checkPostgres() async throws {
        do {
            try await MigratedDatabase.with(configuration.postgresURL, name: "preflight") { _ in }
        } catch let error as PostgresError {
            let url = SecretMask.masked(configuration.postgresURL)
            throw CommandFailure(description: "Postgres at \(url) cannot be used: \(error)")
        }
    }
}
