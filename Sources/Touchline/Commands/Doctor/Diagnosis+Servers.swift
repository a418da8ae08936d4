import FeedModel
import PostgresCopy
import RedisStreams
import Writer

/// The two servers.
extension Diagnosis {
    static func redis(_ configuration: TouchlineConfiguration) async -> [Finding] {
        do {
            let redis = RedisConnection(endpoint: try configuration.redis, name: "doctor")
            try await redis.connect()
            let facts = try await RedisFacts.read(redis)
            await redis.close()
            return facts.findings
        } catch let error as RedisError {
            return [Finding("redis", problem: "\(error)", remedy: remedy(for: error))]
        } catch {
            return [Finding("redis", problem: "\(error)", remedy: "set redis.url")]
        }
    }

    private static func remedy(for error: RedisError) -> String {
        switch error.refusal {
        case .authentication: "set user and password in redis.url"
        case .permission: "let the user of redis.url run every command, with `redis-cli acl setuser`"
        case .loading: "wait until it has read its data"
        default: "start it, or set redis.url"
        }
    }

    static func postgres(_ configuration: TouchlineConfiguration) async -> [Finding] {
        do {
            let facts = try await MigratedDatabase.with(configuration.postgresURL, name: "doctor") {
                try await PostgresFacts.read($0, configuration)
            }
            return facts.findings
        } catch let error as PostgresError {
            return [Finding("postgres", problem: "\(error)", remedy: remedy(for: error))]
        } catch let failure as CommandFailure {
            if let finding = await SchemaRight.finding(configuration.postgresURL) { return [finding] }
            // The sentence ends with what to do.
            let parts = failure.description.split(separator: ": ", maxSplits: 1).map(String.init)
            let remedy = parts.count == 2 ? parts[1] : "run `touchline migrate`"
            return [Finding("postgres", problem: parts.first ?? "", remedy: remedy)]
        } catch {
            return [Finding("postgres", problem: "\(error)", remedy: "run `touchline migrate`")]
        }
    }

    private static func remedy(for error: PostgresError) -> String {
        let text = "\(error)"
        // What refuses a connection has no SQLSTATE for us.
        if text.contains("does not exist"), text.contains("database") {
            return "make it with `createdb`, or set the database in postgres.url"
        }
        if text.contains("does not exist") || text.contains("authentication") || text.contains("password") {
            return "set role and password in postgres.url, and let them in with pg_hba.conf"
        }
        if error.sqlState == "42501" { return "grant it to the role of postgres.url" }
        return "start it, or set postgres.url"
    }
}
