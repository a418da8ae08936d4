import PostgresCopy

/// Tries DDL again after a lock that was not given in time or a deadlock, with pauses that grow: nobody ever queues behind a
/// lock that is waited for longer than `timeout`.
struct LockRetry: Sendable {
    let attempts: Int
    let clock: any Clock<Duration>
    /// Told of each attempt that was in vain, and is to be followed by another.
    var waiting: @Sendable (_ attempt: Int) async throws -> Void = { _ in }

    /// What statements set as their `lock_timeout`.
    static let timeout = "2s"

    static let lockNotGiven = ["55P03", "40P01"]

    /// - Throws: `PartitionError.busy` when every attempt was in vain.
    @discardableResult
    func run<T: Sendable>(_ name: String, _ body: () async throws -> T) async throws -> T {
        for attempt in 1... {
            do {
                return try await body()
            } catch let error as PostgresError where Self.lockNotGiven.contains(error.sqlState) {
                if attempt >= attempts { throw PartitionError.busy(name) }
                try await waiting(attempt)
                try await clock.sleep(for: .milliseconds(100 << min(attempt, 5)))
            }
        }
        throw PartitionError.busy(name)
    }
}
