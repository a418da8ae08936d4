import RedisStreams

/// What a Redis must be for the guarantees to hold: asked at every start and by `doctor`.
extension ServerFacts {
    /// Why nothing may be started with it; nil if it can be used.
    var evictionProblem: String? {
        guard maxmemoryPolicy != "noeviction" else { return nil }
        return "Redis would evict entries (maxmemory-policy is \(maxmemoryPolicy)): "
            + "set it with `redis-cli config set maxmemory-policy noeviction`"
    }

    /// What it can be used in spite of; nil if nothing.
    var durabilityWarning: String? {
        isAOFEnabled ? nil : "redis has no append-only file: a restart loses what is not yet in Postgres"
    }
}
