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
        try await patiently { try await checkRedis() }
        if stages.contains(where: \.needsPostgres) { try await patiently { try await checkPostgres() } }
        if stages.contains(.feed), let spool = configuration.spool,
            let problem = FolderProbe.problem(with: spool.directory)
        {
            logger.error(
                "there is no spool: while redis is away the sockets will wait", metadata: [LogKey.error: "\(problem)"])
        }
    }

    /// Servers that are started together with us, or are just being restarted, get a moment.
    private static let patience = Duration.seconds(15)

    private func patiently(_ check: () async throws -> Void) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            do { return try await check() } catch let failure as NotThere {
                guard ContinuousClock.now < deadline else { throw CommandFailure(description: failure.description) }
                logger.warning("waiting for a server", metadata: [LogKey.error: "\(failure.description)"])
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// A server does not answer, and may soon.
    private struct NotThere: Error {
        let description: String
    }

    private func checkRedis() async throws {
        let redis = RedisConnection(endpoint: try configuration.redis, name: "preflight")
        do {
            try await redis.connect()
            let facts = try await redis.serverFacts()
            await redis.close()
            if let problem = facts.evictionProblem { throw CommandFailure(description: problem) }
            if let warning = facts.durabilityWarning {
                logger.warning("redis is not durable", metadata: [LogKey.error: "\(warning)"])
            }
        } catch let error as RedisError {
            await redis.close()
            let url = SecretMask.masked(configuration.redisURL)
            let description = "Redis at \(url) cannot be used: \(error)"
            throw error.isRetriable ? NotThere(description: description) : CommandFailure(description: description)
        }
    }

    private func checkPostgres() async throws {
        do {
            try await MigratedDatabase.with(configuration.postgresURL, name: "preflight") { _ in }
        } catch let error as PostgresError {
            let url = SecretMask.masked(configuration.postgresURL)
            let description = "Postgres at \(url) cannot be used: \(error)"
            throw error.sqlStateClass == .transient
                ? NotThere(description: description) : CommandFailure(description: description)
        }
    }
}
