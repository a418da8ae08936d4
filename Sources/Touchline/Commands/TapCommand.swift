import ArgumentParser
import FeedModel
import Foundation
import RedisStreams

/// Watches a feed's stream without consuming it.
struct TapCommand: ReportingCommand {
    enum Stream: String, ExpressibleByArgument, CaseIterable {
        case raw, events, dead
    }

    static let configuration = CommandConfiguration(
        commandName: "tap", abstract: "Watch a feed's stream, one JSON line an item, without consuming it.",
        discussion: "Example: touchline tap book-a events --filter odds_change --limit 20")

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "The feed's name.") var feed: String
    @Argument(help: "raw, events or dead.") var stream: Stream = .events
    @Option(help: "Only lines that contain this text.") var filter: String?
    @Option(help: "Stop after this many lines.") var limit: Int?
    @Flag(help: "Begin with what the stream still holds instead of what comes next.") var fromStart = false

    func execute() async throws {
        let configuration = try options.load()
        guard let name = FeedName(feed) else {
            throw CommandFailure(description: "'\(feed)' is not a feed name", exitCode: ExitCode(2))
        }
        let names = StreamNames(prefix: configuration.prefix, feed: name)
        let key = [Stream.raw: names.raw, .events: names.events, .dead: names.dead][stream] ?? names.events
        let redis = RedisConnection(endpoint: try configuration.redis, name: "tap")
        try await redis.connect()
        guard let info = try await redis.streamInfo(of: key) else {
            throw CommandFailure(description: "there is no stream \(key): has the feed ever been started?")
        }
        try await follow(key, after: fromStart ? .zero : info.lastGenerated, on: redis)
    }

    private func follow(_ key: String, after start: StreamID, on redis: RedisConnection) async throws {
        var after = start
        var remaining = limit ?? .max
        while remaining > 0 {
            let batches = try await redis.read([(stream: key, after: after)], count: 100, block: .milliseconds(500))
            for entry in batches.flatMap(\.entries) {
                after = entry.id
                for line in try lines(of: entry) where filter.map({ line.contains($0) }) ?? true {
                    guard remaining > 0 else { break }
                    remaining -= 1
                    StandardOutput.line(line)
                }
            }
        }
    }

    private func lines(of entry: StreamEntry) throws -> [String] {
        switch stream {
        case .raw: try EntryText.frames(of: entry.payload).map(\.json)
        case .events: try EntryText.events(of: entry.payload).map(\.json)
        case .dead: [EntryText.letter(try DeadLetter(decoding: entry.payload)).json]
        }
    }
}
