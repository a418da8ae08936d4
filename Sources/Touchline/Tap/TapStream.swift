import ArgumentParser
import FeedModel
import RedisStreams

/// A feed's stream to look at.
enum TapStream: String, ExpressibleByArgument, CaseIterable, Sendable {
    case raw, events, dead

    func key(_ names: StreamNames) -> String {
        switch self {
        case .raw: names.raw
        case .events: names.events
        case .dead: names.dead
        }
    }

    /// What `--type` can ask for.
    var types: [String] {
        switch self {
        case .raw: ["binary", "control", "text"]
        case .events: EventText.fields.keys.sorted()
        case .dead: []
        }
    }

    /// What an entry holds; one item that says so for an entry that cannot be read.
    func items(of entry: StreamEntry) -> [EntryItem] {
        do { return try read(entry) } catch {
            return [
                EntryItem([
                    ("type", .text("unreadable")), ("entry", .text("\(entry.id)")), ("detail", .text("\(error)")),
                ])
            ]
        }
    }

    private func read(_ entry: StreamEntry) throws -> [EntryItem] {
        switch self {
        case .raw: try EntryText.frames(of: entry.payload)
        case .events: try EntryText.events(of: entry.payload)
        case .dead: [EntryText.letter(try DeadLetter(decoding: entry.payload))]
        }
    }
}
