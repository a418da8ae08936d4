import RedisStreams

/// Reads a stream by id as it grows, as no consumer of any group. A Redis that goes away is waited for.
struct StreamFollower: Sendable {
    let key: String
    let redis: RedisConnection
    /// Told when Redis goes away (nil: when it is back).
    let onChange: @Sendable (RedisError?) -> Void

    /// Hands over what lies above `start`, in order, until `body` returns false. Empty when nothing came for a while.
    func run(after start: StreamID, _ body: ([StreamEntry]) throws -> Bool) async throws {
        var after = start
        var backoff = ReconnectBackoff(initial: .milliseconds(250), maximum: .seconds(2))
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            do {
                let entries = try await read(after: after)
                if backoff.attempts > 0 { onChange(nil) }
                backoff.reset()
                after = entries.last?.id ?? after
                guard try body(entries) else { return }
            } catch let error as RedisError where error.isRetriable {
                if backoff.attempts == 0 { onChange(error) }
                try await Task.sleep(for: backoff.next(using: &generator))
            }
        }
    }

    private func read(after: StreamID) async throws -> [StreamEntry] {
        try await redis.connect()
        return try await redis.read([(stream: key, after: after)], count: 100, block: .milliseconds(500))
            .flatMap(\.entries)
    }
}
