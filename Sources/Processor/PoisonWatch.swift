import FeedModel
import RedisStreams

/// Keeps an entry that ends the process whenever it is decoded from doing so for ever.
///
/// What was delivered too often is decoded alone, behind a note in Redis that is taken back when decoding has come to an end.
/// How often an entry was delivered proves nothing, because a Redis that comes and goes delivers again as well; a note that is
/// still there proves that a process ended over it.
struct PoisonWatch: Sendable {
    let names: StreamNames
    let redis: RedisConnection

    /// What is to be done with the entries of a backlog.
    struct Verdict: Sendable {
        /// How many may be decoded together now.
        var count: Int
        /// The first is one of those that were delivered too often.
        var isAlone = false
        /// It has ended as many processes as it may: it is not decoded any more.
        var isPoison = false
    }

    static let deliveriesBeforeAlone = 5
    static let triesAlone = 2
    private static let memory = Duration.seconds(86_400)

    /// Judges entries that were delivered before, and notes the first one if it is to be decoded alone.
    func judge(_ entries: [StreamEntry]) async throws(RedisError) -> Verdict {
        guard let first = entries.first?.id, let last = entries.last?.id else { return Verdict(count: 0) }
        let pending = try await redis.deliveries(
            stream: names.raw, group: ConsumerGroup.processor, from: first, to: last, count: entries.count)
        let suspects = Set(pending.filter { $0.deliveries > Self.deliveriesBeforeAlone }.map(\.id))
        let harmless = entries.firstIndex { suspects.contains($0.id) } ?? entries.count
        guard harmless == 0 else { return Verdict(count: harmless) }
        let tries = try await tries(of: first)
        guard tries < Self.triesAlone else { return Verdict(count: 1, isAlone: true, isPoison: true) }
        try await redis.set(names.trial, Array("\(first) \(tries + 1)".utf8), for: Self.memory)
        return Verdict(count: 1, isAlone: true)
    }

    private func tries(of id: StreamID) async throws(RedisError) -> Int {
        let note = try await redis.get(names.trial).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let words = note.split(separator: " ")
        guard words.count == 2, words[0] == id.description else { return 0 }
        return Int(words[1]) ?? 0
    }

    /// The entry that was decoded alone has ended nobody.
    func acquit() async throws(RedisError) {
        _ = try await redis.delete([names.trial])
    }
}
