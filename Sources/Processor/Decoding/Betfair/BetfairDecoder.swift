import FeedJSON
package import FeedModel

/// Decodes the Betfair exchange stream: market changes with their ladders and definitions, and the account's orders. Cricket
/// scores and races are counted and not used.
package final class BetfairDecoder: FeedDecoder {
    package static let provider = "betfair"

    // One struct, so that a whole entry is one access to it.
    private var messages: BetfairMessages
    private let scanner = JSONScanner()

    package init(feed: FeedName) { messages = BetfairMessages(feed: feed) }

    package init(feed: FeedName, restoring checkpoint: [UInt8]) throws(CheckpointError) {
        messages = BetfairMessages(feed: feed)
        try messages.restore(checkpoint)
    }

    package func decode(
        entry header: RawEntryHeader, frames: inout ByteCursor, into output: inout DecodeOutput
    ) throws(EntryError) {
        try messages.decode(entry: header, frames: &frames, with: scanner, into: &output)
    }

    package func apply(_ control: ControlEvent, header: RawEntryHeader, into output: inout DecodeOutput) {
        switch control {
        case .snapshotBegan: messages.snapshotBegan(at: MessagePlace(header))
        case .snapshotEnded: messages.snapshotEnded(at: MessagePlace(header), into: &output)
        default: break
        }
    }

    package func checkpoint() -> [UInt8] { messages.checkpoint() }
}
