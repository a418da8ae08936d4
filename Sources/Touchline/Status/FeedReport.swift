import FeedModel
import Foundation

/// One feed as `status --json` prints it. Keys are added and keep their meaning; what cannot be told is left out.
struct FeedReport: Encodable, Sendable, Equatable {
    struct Stream: Encodable, Sendable, Equatable {
        let name: String
        let length: Int
        let lastFrame: Int64
        let groups: [Group]
    }

    struct Group: Encodable, Sendable, Equatable {
        let name: String
        let pending: Int
        /// Nil when Redis cannot tell.
        let lag: Int?
        let consumers: Int
        /// How long ago the first entry was received that is not delivered yet; 0 when every one is.
        let lagSeconds: Double?
        /// How long ago the oldest pending entry was received.
        let oldestPendingSeconds: Double?
    }

    let feed: String
    let state: String
    let stateWhy: String?
    let lastReceivedAt: String?
    /// How long ago that was.
    let lastReceivedSeconds: Double?
    let feedOwner: String?
    let processorOwner: String?
    let deadLetters: Int
    let streams: [Stream]
    let rates: FeedRates
    let gapsLastHour: Int?
    let redisMemory: ServerStatus.Memory?
    let partitions: DatabaseStatus.Partitions?

    /// - Parameter previous: the sample that rates are told from.
    init(_ sample: FeedSample, after previous: FeedSample?, _ servers: ServerStatus) {
        feed = sample.feed.text
        state = sample.state
        stateWhy = sample.stateWhy
        lastReceivedAt = sample.lastReceivedAt?.description
        lastReceivedSeconds = sample.lastReceivedAt.map { Self.age($0, sample) }
        feedOwner = sample.feedOwner
        processorOwner = sample.processorOwner
        deadLetters = sample["dead"]?.length ?? 0
        streams = sample.streams.map { stream in
            Stream(
                name: stream.name, length: stream.length, lastFrame: stream.last,
                groups: stream.groups.map { Self.group($0, sample) })
        }
        rates = .between(previous, sample)
        gapsLastHour = servers.database.map { $0.gapsLastHour[sample.feed.text] ?? 0 }
        redisMemory = servers.memory
        partitions = servers.database?.partitions
    }

    private static func group(_ group: FeedSample.Group, _ sample: FeedSample) -> Group {
        Group(
            name: group.name, pending: group.pending, lag: group.lag, consumers: group.consumers,
            lagSeconds: group.lag == 0 ? 0 : group.waitingSince.map { age($0, sample) },
            oldestPendingSeconds: group.oldestPendingSince.map { age($0, sample) })
    }

    /// Two machines' clocks may differ; nothing is younger than now.
    private static func age(_ time: Timestamp, _ sample: FeedSample) -> Double {
        max(0, sample.time.since(time).seconds)
    }

    func group(_ name: String, of stream: String) -> Group? {
        streams.first { $0.name == stream }?.groups.first { $0.name == name }
    }

    static func json(_ feeds: [FeedReport]) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(feeds)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    }
}
