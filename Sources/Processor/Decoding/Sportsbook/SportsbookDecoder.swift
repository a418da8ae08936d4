import FeedJSON
package import FeedModel

/// Decodes the sportsbook API, version 1.
package final class SportsbookDecoder: FeedDecoder {
    package static let provider = "sportsbook"

    // One struct, so that a whole entry is one access to it.
    private var messages: SportsbookMessages
    private let scanner = JSONScanner()
    private let feed: FeedName

    package init(feed: FeedName) {
        self.feed = feed
        messages = SportsbookMessages(feed: feed)
    }

    package init(feed: FeedName, restoring checkpoint: [UInt8]) throws(CheckpointError) {
        self.feed = feed
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

    package static let readsMessagesAlone = true

    package func decode(
        _ letter: ReplayedLetter, payload: UnsafeRawBufferPointer, into output: inout DecodeOutput
    ) throws(Refusal) {
        let place = MessagePlace(letter, clockSlack: output.clockSlack)
        var message = try scanner.frame(payload)
        // The Processor keeps the message that it refuses; the Writer the whole frame that it came in.
        if letter.stage == .writer { message = try Self.message(place.ordinal, of: message) }
        // What the feed has said since must not change what the message said, nor the other way round.
        var alone = SportsbookMessages(feed: feed)
        try alone.decodeAlone(message, at: place, into: &output)
    }

    private static func message(_ ordinal: Int, of frame: JSONValue) throws(Refusal) -> JSONValue {
        guard case .array = frame.token.pointee.kind else { return frame }
        var number = 0
        for message in frame.elements {
            if number == ordinal { return message }
            number += 1
        }
        throw Refusal(.badValue, "the frame has no message \(ordinal)")
    }

    package func checkpoint() -> [UInt8] { messages.checkpoint() }
}
