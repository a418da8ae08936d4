import FeedJSON
package import FeedModel

/// Decodes the Kalshi exchange: books of yes and no contracts, tickers, trades and the life of markets. Fills are counted and
/// not used.
package final class KalshiDecoder: FeedDecoder {
    package static let provider = "kalshi"

    // One struct, so that a whole entry is one access to it.
    private var stream: PredictionStream<KalshiDialect>
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
