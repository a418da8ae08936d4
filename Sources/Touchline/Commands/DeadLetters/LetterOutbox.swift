import FeedModel
import Foundation
import RedisStreams

/// Asks the feeds' owners to send letters through again, and sees who is there to do it.
struct LetterOutbox {
    let redis: RedisConnection
    let prefix: String

    private func names(_ feed: String) -> StreamNames? {
        FeedName(feed).map { StreamNames(prefix: prefix, feed: $0) }
    }

    /// Puts requests into Redis, where they wait for the feed's owner.
    func send(_ letters: [StoredLetter]) async throws {
        let commands = letters.compactMap { letter -> [RedisArgument]? in
            guard let names = names(letter.feed) else { return nil }
            let request = FeedRequest.replayLetter(
                position: letter.position, stage: letter.stage, receivedAt: letter.receivedAt,
                payload: Data(letter.payload))
            return ["XADD", RedisArgument(names.requests), "*", "e", RedisArgument(request.encoded())]
        }
        for reply in try await redis.pipeline(commands) {
            if case .error(let error) = reply { throw error }
        }
    }

    /// Whether anybody would hear a request now.
    func hasOwner(_ feed: String) async throws -> Bool {
        guard let names = names(feed) else { return false }
        return try await redis.leaseOwner(names.feedOwner) != nil
    }

    /// Why a letter that was sent is not written yet.
    func obstacle(_ feed: String) async throws -> String {
        guard let names = names(feed) else { return "'\(feed)' is no feed's name" }
        guard try await redis.leaseOwner(names.feedOwner) != nil else {
            return "no FeedClient owns feed \(feed): the requests wait in Redis until one does (touchline feed)"
        }
        guard try await redis.leaseOwner(names.processorOwner) != nil else {
            return "no Processor owns feed \(feed): the letters wait in Redis until one does (touchline process)"
        }
        return "feed \(feed) has not written it yet: see touchline status"
    }
}
