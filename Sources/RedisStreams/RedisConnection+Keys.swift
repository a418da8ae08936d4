// SPDX-License-Identifier: Apache-2.0

/// Plain keys: checkpoints, heartbeats, and what the server says of itself.
extension RedisConnection {
    /// The value of a key; nil when it is missing.
    package func get(_ key: String) throws(RedisError) -> [UInt8]? {
        let reply = try request { $0.command(["GET", .text(key)]) }
        return reply.view.isNull ? nil : [UInt8](reply.view.characters)
    }

    /// Sets a key, for good or for a while.
    package func set(_ key: String, _ value: [UInt8], for duration: Duration? = nil) throws(RedisError) {
        var arguments: [RedisArgument] = ["SET", .text(key), .bytes(value)]
        if let duration { arguments += ["PX", .integer(duration.milliseconds)] }
        _ = try request { $0.command(arguments) }
    }

    /// Removes keys; returns how many were there.
    @discardableResult
    package func delete(_ keys: [String]) throws(RedisError) -> Int {
        if keys.isEmpty { return 0 }
        return Int(try request { $0.command(["DEL"] + keys.map { .text($0) }) }.view.integer)
    }

    /// Replaces a checkpoint only by one of a higher rank, such as a frame number; false when it stands at or above. What is no
    /// checkpoint is replaced by any.
    package func advanceCheckpoint(_ key: String, rank: UInt64, _ value: [UInt8]) throws(RedisError) -> Bool {
        let digits = String(rank)
        let prefix = String(repeating: "0", count: Checkpoint.rankDigits - digits.count) + digits
        let reply = try command([
            "EVAL", .text(Checkpoint.advance), "1", .text(key), .text(prefix), .bytes(value),
        ])
        return reply.integer == 1
    }

    /// What `advanceCheckpoint` stored; nil when there is nothing or something else.
    package func checkpoint(_ key: String) throws(RedisError) -> (rank: UInt64, value: [UInt8])? {
        guard let bytes = try get(key), bytes.count >= Checkpoint.rankDigits,
            let rank = UInt64(String(decoding: bytes.prefix(Checkpoint.rankDigits), as: UTF8.self))
        else { return nil }
        return (rank, Array(bytes.dropFirst(Checkpoint.rankDigits)))
    }

    /// Notes that a worker lives.
    package func touchWorker(_ key: String, name: String, now milliseconds: Int64) throws(RedisError) {
        _ = try request { $0.command(["ZADD", .text(key), .integer(milliseconds), .text(name)]) }
    }

    /// Workers heard of at or after a time, by name.
    package func liveWorkers(_ key: String, since milliseconds: Int64) throws(RedisError) -> [String] {
        let reply = try command(["ZRANGEBYSCORE", .text(key), .integer(milliseconds), "+inf"])
        return (reply.array ?? []).compactMap(\.text).sorted()
    }

    /// Forgets a worker that leaves, and those not heard of since a time.
    package func removeWorker(_ key: String, name: String, olderThan milliseconds: Int64) throws(RedisError) {
        _ = try pipeline([
            ["ZREM", .text(key), .text(name)],
            ["ZREMRANGEBYSCORE", .text(key), "-inf", .text("(\(milliseconds)")],
        ])
    }

    /// What the server says of itself.
    package func serverFacts() throws(RedisError) -> ServerFacts {
        let facts = try info(["server", "memory", "persistence"])
        return ServerFacts(
            version: facts["redis_version"] ?? "", runID: facts["run_id"] ?? "",
            maxmemoryPolicy: facts["maxmemory_policy"] ?? "", maxmemory: facts.number("maxmemory"),
            usedMemory: facts.number("used_memory"), isAOFEnabled: facts.number("aof_enabled") == 1,
            isLoading: facts.number("loading") == 1)
    }

    /// How much of its memory the server uses.
    package func memoryUse() throws(RedisError) -> MemoryUse {
        let facts = try info(["memory"])
        return MemoryUse(used: facts.number("used_memory"), limit: facts.number("maxmemory"))
    }

    private func info(_ sections: [String]) throws(RedisError) -> [String: String] {
        var facts: [String: String] = [:]
        for section in try pipeline(sections.map { ["INFO", RedisArgument($0)] }) {
            if case .error(let error) = section { throw error }
            for line in (section.text ?? "").split(whereSeparator: \.isNewline) {
                guard let colon = line.firstIndex(of: ":") else { continue }
                facts[String(line[..<colon])] = String(line[line.index(after: colon)...])
            }
        }
        return facts
    }
}

extension [String: String] {
    fileprivate func number(_ name: String) -> Int { self[name].flatMap { Int($0) } ?? 0 }
}

/// A checkpoint's value behind its rank, twenty digits, so that Lua compares ranks as texts and never as doubles.
private enum Checkpoint {
    static let rankDigits = 20
    static let advance = """
        local rank = redis.call('GETRANGE', KEYS[1], 0, 19)
        if rank >= ARGV[1] and string.match(rank, '^%d+$') then return 0 end
        redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2])
        return 1
        """
}
