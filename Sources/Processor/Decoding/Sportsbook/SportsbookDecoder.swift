import FeedJSON
package import FeedModel

/// Decodes the sportsbook API, version 1.
package final class SportsbookDecoder: FeedDecoder {
    package static let provider = "sportsbook"

    // One struct, so that a whole entry is one access to it.
    private var messages: SportsbookMessages
    private let scanner = JSONScanner()

    package init(feed: FeedName) { messages = SportsbookMessages(feed: feed) }

    package init(feed: FeedName, restoring checkpoint: [UInt8]) throws(CheckpointError) {
        messages = SportsbookMessages(feed: feed)
        try messages.restore(checkpoint)
    }

    package func decode(
        entry header: RawEntryHeader, frames: inout ByteCursor, into output: inout DecodeOutput
    ) throws(EntryError) {
        try messages.decode(entry: header, frames: &frames, with: scanner, into: &output)
    }

    package func apply(_ control: ControlEvent, header: RawEntryHeader, into output: inout DecodeOutput) {
        switch control {
        case .snapshotBegan: messages.snapshotBegan()
        case .snapshotEnded: messages.snapshotEnded(at: MessagePlace(header), into: &output)
        default: break
        }
    }

    package func checkpoint() -> [UInt8] { messages.checkpoint() }
}
