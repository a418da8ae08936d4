import FeedJSON
package import FeedModel

/// Decodes the market channel of the Polymarket CLOB: books of outcome tokens, their changes, trades and resolutions. Orders
/// and trades of the user channel are counted and not used.
package final class PolymarketDecoder: FeedDecoder {
    package static let provider = "polymarket"

    // One struct, so that a whole entry is one access to it.
    private var stream: PredictionStream<PolymarketDialect>
    private let scanner = JSONScanner()

    package init(feed: FeedName) { stream = PredictionStream(feed: feed) }

    package init(feed: FeedName, restoring checkpoint: [UInt8]) throws(CheckpointError) {
        stream = PredictionStream(feed: feed)
        try stream.restore(checkpoint)
    }

    package func decode(
        entry header: RawEntryHeader, frames: inout ByteCursor, into output: inout DecodeOutput
    ) throws(EntryError) {
        try stream.decode(entry: header, frames: &frames, with: scanner, into: &output)
    }

    package func apply(_ control: ControlEvent, header: RawEntryHeader, into output: inout DecodeOutput) {
        stream.apply(control, at: MessagePlace(header), into: &output)
    }

    package func checkpoint() -> [UInt8] { stream.checkpoint() }
}
