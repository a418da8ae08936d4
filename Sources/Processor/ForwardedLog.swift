import FeedModel
import RedisStreams

/// How far a feed's `events` stream has come, and what is done when it is gone.
struct ForwardedLog: Sendable {
    let names: StreamNames
    let redis: RedisConnection

    /// The last frame that `events` holds; 0 before the first.
    func last() async throws -> FrameNumber {
        guard let last = try await redis.lastEntry(of: names.events) else { return 0 }
        do { return try EventsEntryHeader(decoding: last.payload).last } catch {
            throw ProcessorError.unreadable(error)
        }
    }

    /// Somebody has deleted `events`: a feed that begins makes it together with `raw`.
    func isGone() async throws(RedisError) -> Bool {
        guard try await redis.lastEntry(of: names.raw) != nil else { return false }
        return try await redis.streamInfo(of: names.events) == nil
    }

    /// Entries that were acknowledged are delivered once more, those that wait as well. The Writers' ledger knows what was
    /// written.
    func readAgain(after frame: FrameNumber) async throws(RedisError) {
        _ = try await redis.command(["XGROUP", "DESTROY", .text(names.raw), .text(ConsumerGroup.processor)])
        _ = try await redis.createGroup(
            stream: names.raw, group: ConsumerGroup.processor, at: StreamID(UInt64(max(0, frame))))
        _ = try await redis.createGroup(stream: names.events, group: ConsumerGroup.writer, at: .zero)
    }
}
