import FeedModel
import RedisStreams

/// The lease that says which FeedClient serves a feed. It saves double work; safety rests on the stream's own order.
struct FeedLease: Sendable {
    let redis: RedisConnection
    let key: String
    let owner: String

    static let duration = Duration.seconds(7)
    static let renewal = Duration.seconds(2)

    /// True if this process is the owner now.
    func take() async throws -> Bool {
        try await redis.acquireLease(key: key, owner: owner, for: Self.duration)
    }

    /// Throws `ownershipLost` if another process holds the lease.
    func confirm() async throws {
        guard try await take() else {
            let other = try await redis.leaseOwner(key)
            throw FeedClientError.ownershipLost("lease held by \(other ?? "another process")")
        }
    }

    func release() async {
        _ = try? await redis.releaseLease(key: key, owner: owner)
    }
}
