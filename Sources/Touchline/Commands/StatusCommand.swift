import ArgumentParser
import FeedClient
import FeedModel
import Foundation
import RedisStreams

/// Every feed and stream, its groups, lag, pending entries, dead letters and owners.
struct StatusCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show every feed, stream and group: lag, pending, dead letters, owners.",
        discussion: "Example: touchline status --config touchline.yaml --json")

    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Print JSON.") var json = false

    func execute() async throws {
        let configuration = try options.load()
        let redis = RedisConnection(endpoint: try configuration.redis, name: "status")
        try await redis.connect()
        var feeds: [FeedReport] = []
        for feed in configuration.feeds {
            let names = StreamNames(prefix: configuration.prefix, feed: feed.name)
            feeds.append(try await FeedReport.read(names, from: redis))
        }
        await redis.close()
        print(json ? FeedReport.json(feeds) : FeedReport.table(feeds))
    }
}

/// What Redis says of one feed.
struct FeedReport: Encodable {
    struct Stream: Encodable {
        let name: String
        let length: Int
        let lastFrame: Int64
        let groups: [Group]
    }

    struct Group: Encodable {
        let name: String
        let pending: Int
        /// Nil when Redis cannot tell.
        let lag: Int?
        let consumers: Int
    }

    let feed: String
    let state: String
    let lastReceivedAt: String?
    let feedOwner: String?
    let processorOwner: String?
    let deadLetters: Int
    let streams: [Stream]

    static func read(_ names: StreamNames, from redis: RedisConnection) async throws -> FeedReport {
        var streams: [Stream] = []
        for (name, key) in [("raw", names.raw), ("events", names.events), ("dead", names.dead)] {
            guard let info = try await redis.streamInfo(of: key) else { continue }
            let groups = try await redis.groups(of: key).map {
                Group(name: $0.name, pending: $0.pending, lag: $0.lag(in: info), consumers: $0.consumers)
            }
            streams.append(
                Stream(
                    name: name, length: info.length, lastFrame: Int64(info.lastGenerated.milliseconds), groups: groups))
        }
        let last = try await redis.lastEntry(of: names.raw).map { try RawEntry.header(of: $0.payload) }
        return FeedReport(
            feed: names.feed.text, state: try await state(of: names, from: redis),
            lastReceivedAt: last?.receivedAt.description, feedOwner: try await redis.leaseOwner(names.feedOwner),
            processorOwner: try await redis.leaseOwner(names.processorOwner),
            deadLetters: streams.first { $0.name == "dead" }?.length ?? 0, streams: streams)
    }

    /// The session's state: what the latest control entry that names one says.
    private static func state(of names: StreamNames, from redis: RedisConnection) async throws -> String {
        let recent = try await redis.range(of: names.raw, from: .zero, to: .max, count: 200, reversed: true)
        for entry in recent {
            switch try? EntryText.control(of: entry.payload) {
            case .stateChanged(let state, _), .keepalive(let state): return state.name
            default: continue
            }
        }
        return recent.isEmpty ? "never started" : "live"
    }

    static func json(_ feeds: [FeedReport]) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return (try? encoder.encode(feeds)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    }

    static func table(_ feeds: [FeedReport]) -> String {
        guard !feeds.isEmpty else { return "no feeds are configured" }
        return feeds.map(\.lines).joined(separator: "\n\n")
    }

    private var lines: String {
        var lines = [
            "\(feed): \(state), last entry \(lastReceivedAt ?? "none")",
            "  owners: feed \(feedOwner ?? "nobody"), processor \(processorOwner ?? "nobody"); dead letters in the stream: \(deadLetters)",
        ]
        for stream in streams {
            let groups = stream.groups.map { group in
                "\(group.name) pending \(group.pending) lag \(group.lag.map(String.init) ?? "unknown")"
            }
            lines.append("  \(stream.name.padded(to: 7)) \(stream.length) entries; \(groups.joined(separator: "; "))")
        }
        return lines.joined(separator: "\n")
    }
}
